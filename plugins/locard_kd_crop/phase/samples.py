"""The evidence of several data sets, as trainings and evaluations take it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locard.errors import LocardError
from locard_kd_crop.phase.cache import Collection, Row, gather, pictures
from locard_kd_crop.phase.evidence import VERSION, Evidence
from locard_kd_crop.phase.luma import BLOCK
from locard_kd_crop.phase.windows import BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.datasets.building import Progress


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """Some pictures.

    Attributes:
        terms: int8, (n, 64, classes of activity, 64, 41).
        tables: float32, (n, 64): steps of their own luma tables, 0 where they have none.
        windows: float32, (n, classes of activity).
        labels: int64, (n,).
    """

    terms: NDArray[np.int8]
    tables: NDArray[np.float32]
    windows: NDArray[np.float32]
    labels: NDArray[np.int64]


class Samples:
    """Pictures of several collections, numbered through.

    Args:
        collections: As :func:`~locard_kd_crop.phase.cache.gather` returns them.
    """

    def __init__(self, collections: Sequence[Collection]) -> None:
        self.rows: tuple[Row, ...] = tuple(row for one in collections for row in one.rows)
        self._arrays = [one.array for one in collections for _ in one.rows]
        none = (0,) * BANDS
        self.tables = np.array([row.table or none for row in self.rows], np.float32)
        self.windows = np.array([row.windows for row in self.rows], np.float32)
        self.labels = np.array([row.label for row in self.rows], np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def key(self) -> str:
        """SHA-256 of which pictures these are, and of the version of their evidence."""
        known = hashlib.sha256(VERSION.encode())
        for row in self.rows:
            known.update(f"{row.facts['sha256']} {row.label}\n".encode())
        return known.hexdigest()

    def given(self, number: int) -> tuple[Evidence, NDArray[np.int64] | None]:
        """Return what a network is given of one of them: evidence, and table if it has one."""
        row = self.rows[number]
        table = np.array(row.table, np.int64).reshape(BLOCK, BLOCK) if row.table else None
        terms = np.array(self._arrays[number][row.place])
        return Evidence(terms, np.array(row.windows, np.float32)), table

    def batch(self, numbers: NDArray[np.int64]) -> Some:
        """Return some of them."""
        terms = np.stack([self._arrays[n][self.rows[n].place] for n in numbers.tolist()])
        return Some(terms, self.tables[numbers], self.windows[numbers], self.labels[numbers])


def samples_of(
    data_sets: Sequence[Path], split: str, cache: Path, workers: int, progress: Progress
) -> Samples:
    """Return a split of data sets; evidence that is not in the cache yet is computed.

    Args:
        data_sets: Folders that ``locard crop dataset build`` made.
        split: ``train``, ``val`` or ``test``.
        cache: Folder that keeps evidence; about 0.7 MB a picture.
        workers: Number of processes.
        progress: Told how far it is.

    Raises:
        LocardError: A data set cannot be read, none has pictures of the split, or the cache cannot
            be written.
    """
    collections = []
    for folder in data_sets:
        lines = list(pictures([folder], [split]))
        hashes = "".join(line["sha256"] for line in lines)
        key = hashlib.sha256(f"{VERSION} {hashes}".encode()).hexdigest()[:16]
        if lines:
            collections.append(gather(cache / f"evidence-{split}-{key}", lines, workers, progress))
    found = Samples(collections)
    if not len(found):
        raise LocardError(
            f"the data sets have no pictures of the split {split}",
            "Build larger ones: each split gets whole cameras and scenes.",
        )
    return found
