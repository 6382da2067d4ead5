"""Pictures with known answers, as columns: what the manifests of data sets say of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.evaluation.metrics.bootstrap import numbered
from locard_kd_crop.phase.labels import NO_GRID, UNCROPPED

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOSSLESS: Final = "lossless"
QUALITIES: Final = (70, 80, 85, 90, 95, 98)
"""Where bands of the file's own JPEG quality begin."""

FILE_BANDS: Final = (
    LOSSLESS,
    "JPEG below 70",
    "JPEG 70-79",
    "JPEG 80-84",
    "JPEG 85-89",
    "JPEG 90-94",
    "JPEG 95-97",
    "JPEG 98-100",
)
"""Kinds of files, by what anyone can see of them."""

HIGHEST_QUALITY: Final = 100

SIDES: Final = (64, 128, 256, 512, 1024)
"""Where bands of the shorter side begin, in pixels."""

SIZE_BANDS: Final = ("64-127 px", "128-255 px", "256-511 px", "512-1023 px", "1024 px and more")


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of data sets.

    Attributes:
        facts: A line of a manifest each.
        labels: int64, shape (n,): classes, see :mod:`locard_kd_crop.phase.labels`.
    """

    facts: Sequence[Mapping[str, str]]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.facts)

    def column(self, name: str) -> NDArray[np.str_]:
        """Return one fact of all pictures: text, shape (n,)."""
        return np.array([facts[name] for facts in self.facts], np.str_)

    @cached_property
    def moved(self) -> NDArray[np.bool_]:
        """Which have a moved grid: bool, shape (n,). These are the positives, all others are not.

        An aligned crop is among the others: no grid moved, and who calls it cropped is right by
        chance alone.
        """
        return np.asarray((self.labels != UNCROPPED) & (self.labels != NO_GRID), np.bool_)

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """Number of each picture's camera or scene: intp, shape (n,)."""
        return numbered([facts["group"] for facts in self.facts])

    @cached_property
    def sides(self) -> NDArray[np.int64]:
        """Shorter side in pixels: int64, shape (n,)."""
        return np.array([_shorter(facts) for facts in self.facts], np.int64)

    @cached_property
    def qualities(self) -> NDArray[np.int64]:
        """IJG quality nearest to the file's own tables: int64, shape (n,); 0 if lossless."""
        return np.array([int(facts["last_quality"] or 0) for facts in self.facts], np.int64)

    @cached_property
    def file_bands(self) -> NDArray[np.int64]:
        """Place of each picture's kind of file in :data:`FILE_BANDS`: int64, shape (n,)."""
        return np.array(
            [1 + bisect_right(QUALITIES, q) if q else 0 for q in self.qualities.tolist()], np.int64
        )

    @cached_property
    def size_bands(self) -> NDArray[np.int64]:
        """Place of each picture's size in :data:`SIZE_BANDS`: int64, shape (n,)."""
        return np.array(
            [max(0, bisect_right(SIDES, side) - 1) for side in self.sides.tolist()], np.int64
        )

    def part(self, chosen: NDArray[np.bool_]) -> Pictures:
        """Return some of the pictures: bool, shape (n,)."""
        places = np.flatnonzero(chosen).tolist()
        return Pictures([self.facts[place] for place in places], self.labels[places])


def lowest_quality(pictures: Pictures) -> int:
    """Return the lowest JPEG quality among pictures; 100 where none is a JPEG."""
    known = pictures.qualities[pictures.qualities > 0]
    return int(known.min()) if known.size else HIGHEST_QUALITY


def quality_range(band: int, lowest: int) -> tuple[int, int]:
    """Return the first and the last JPEG quality of a band.

    Args:
        band: Its place in :data:`FILE_BANDS`, 1 or more.
        lowest: Lowest quality that was measured, where the lowest band begins.
    """
    edges = (lowest, *QUALITIES, HIGHEST_QUALITY + 1)
    return edges[band - 1], edges[band] - 1


def _shorter(facts: Mapping[str, str]) -> int:
    return min(int(facts["width"]), int(facts["height"]))
