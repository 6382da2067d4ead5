"""What is measured: networks by name, opened once a process, and what they say of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from locard.errors import LocardError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.image import Image
    from locard_semi_global.extraction import Evidence

Parameters = Mapping[str, float | int | str]
"""Of the refiner ``dense-crf``, by name."""

REFINER: Final = "dense-crf"

OURS: Final = "semi-global"
PAPER: Final = ("sgn-paper", "jcs")
NAMES: Final = (OURS, *PAPER)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a network says of a picture.

    Attributes:
        logits: float32, (rows, columns), finite: log odds of being foreign; above 0 is marked.
        cell: Side in pixels of the square that each value stands for, from the picture's corner
            on; where they do not reach its right or lower border, the nearest value holds.
        score: Of the picture, as its detector gives it.
    """

    logits: NDArray[np.float32]
    cell: int
    score: float

    @property
    def values(self) -> NDArray[np.float32]:
        """Probabilities of being foreign: float32, (rows, columns), above 0.5 where marked."""
        from scipy.special import expit

        return np.asarray(expit(self.logits), np.float32)


class Picture:
    """A picture under measurement, and what several networks need of it, computed once.

    Args:
        image: The picture.
    """

    def __init__(self, image: Image) -> None:
        self.image = image

    @cached_property
    def evidence(self) -> Evidence:
        """Of all traces.

        Raises:
            LocardError: The picture is too small, or cannot be decoded.
        """
        from locard_semi_global.extraction import extract_picture
        from locard_semi_global.kind_of_source import luma_table

        image = self.image
        if min(image.width, image.height) < SMALLEST:
            raise LocardError(
                f"it has {image.width}×{image.height} pixels; {SMALLEST} a side is the least"
            )
        return extract_picture(image.pixels, image.luma, luma_table(image))

    @cached_property
    def mean_step(self) -> float:
        """See :data:`~locard_semi_global.evaluation.kinds.MEAN_STEP`."""
        return round(float(self.evidence.facts.steps.mean()), 3)


SMALLEST: Final = 64
"""Least side of a picture in pixels."""


class Network(Protocol):
    """A network that localises."""

    @property
    def refinement(self) -> Parameters:
        """Parameters of the CRF that were tuned on its maps; empty for the CRF's own."""

    def looks(self, picture: Picture, without: Sequence[tuple[str, ...]]) -> list[Look]:
        """Return what it says of a picture, once for each set of groups that is taken out.

        Args:
            picture: It.
            without: Groups of traces; an empty one for all traces. A network without traces is
                asked for that alone.

        Raises:
            LocardError: The picture cannot be looked at; the message says why.
        """


@dataclass(frozen=True, slots=True)
class Wanted:
    """A network by its name, which can be handed to another process.

    Attributes:
        name: One of :data:`NAMES`.
        version: Of the registry's model; None for the newest.
    """

    name: str
    version: str | None = None

    @property
    def traces(self) -> bool:
        """Whether groups of traces can be taken out."""
        return self.name == OURS

    @property
    def words(self) -> str:
        """Names it in tables."""
        return self.name if self.version is None else f"{self.name} {self.version}"


@lru_cache(maxsize=8)
def opened(wanted: Wanted) -> Network:
    """Return a network, opened once a process.

    Raises:
        LocardError: There is none of that name or version, or it cannot be run.
    """
    if wanted.name == OURS:
        from locard_semi_global.evaluation.semi_global import SemiGlobal

        return SemiGlobal(wanted.version)
    if wanted.name in PAPER:
        from locard_semi_global.evaluation.patch_networks import PatchNetwork

        return PatchNetwork(wanted.name, wanted.version)
    raise LocardError(
        f"there is no network {wanted.name!r} to measure", f"There are: {', '.join(NAMES)}."
    )


def wanted_networks(names: Sequence[str], versions: Sequence[str]) -> tuple[Wanted, ...]:
    """Return networks by name, the block-evidence network in each of some versions.

    Args:
        names: Among :data:`NAMES`.
        versions: Of the block-evidence network; none for the newest.

    Raises:
        LocardError: There is no such network, or none is named.
    """
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        what = f"there is no network {unknown[0]!r}" if unknown else "no network is named"
        raise LocardError(f"{what} to measure", f"There are: {', '.join(NAMES)}.")
    found: list[Wanted] = []
    for name in dict.fromkeys(names):
        if name == OURS and versions:
            found += [Wanted(name, version) for version in dict.fromkeys(versions)]
        else:
            found.append(Wanted(name))
    return tuple(found)
