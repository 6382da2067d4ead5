"""Which pictures of which data sets a network learns from, and which it is validated on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard.errors import LocardError
from locard.text import printable
from locard_semi_global.training.cache import Row, gather

if TYPE_CHECKING:
    from locard.evaluation.datasets.base import Sample
    from locard.evaluation.datasets.building import Progress
    from locard.evaluation.datasets.loading import Dataset
    from locard.plugins import Catalogue

SPLIT = "split"
"""The fact of a data set that says where a picture belongs."""

TELLS = "tables_tell"
"""The fact that says that a picture's quantisation tables alone give its kind away."""

TRAIN, VALIDATION = "train", "val"


@dataclass(frozen=True, slots=True)
class Rows:
    """Windows of both splits; no source is in both.

    Attributes:
        training: To learn from.
        validation: To be validated on.
        left_out: Pictures that could not be used, and why.
    """

    training: tuple[Row, ...]
    validation: tuple[Row, ...]
    left_out: tuple[str, ...]


def rows_of(
    data_sets: Sequence[Path],
    validation: Sequence[Path],
    cache: Path,
    workers: int,
    plugins: Catalogue,
    progress: Progress,
) -> Rows:
    """Load data sets and compute their evidence.

    A picture whose data set says ``split`` goes where that says; of data sets that do not, all
    pictures are learnt from, or validated on.

    Args:
        data_sets: To learn from, and to be validated on as far as they say so.
        validation: To be validated on.
        cache: Where evidence is kept.
        workers: Number of processes.
        plugins: Where layouts come from.
        progress: Told how far it is.

    Raises:
        LocardError: A data set cannot be loaded, a split is empty, or a source is in both.
    """
    from locard.evaluation.datasets.loading import load

    found: dict[str, list[Row]] = {TRAIN: [], VALIDATION: []}
    left_out: list[str] = []
    for folders, otherwise in ((data_sets, TRAIN), (validation, VALIDATION)):
        for folder in folders:
            data_set = load(folder, None, plugins)
            for split in found:
                samples = list(_of_split(data_set, split, otherwise))
                rows, problems = gather(cache, data_set, samples, workers, progress)
                found[split] += rows
                left_out += problems
    for split, rows in found.items():
        if not rows:
            raise LocardError(
                f"the data sets have no pictures of the split {split}",
                "Name more data sets, or some with --validation.",
            )
    _check_apart(found[TRAIN], found[VALIDATION])
    return Rows(tuple(found[TRAIN]), tuple(found[VALIDATION]), tuple(left_out))


def key_of(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of which windows these are."""
    known = hashlib.sha256()
    for row in rows:
        known.update(f"{row.data_set} {row.path.name}\n".encode())
    return known.hexdigest()


def _of_split(data_set: Dataset, split: str, otherwise: str) -> Iterator[Sample]:
    for sample in data_set.samples:
        unusable = sample.tampered and (
            sample.mask is None or sample.name in data_set.without_truth
        )
        unusable |= sample.facts.get(TELLS) == "yes"
        if not unusable and sample.facts.get(SPLIT, otherwise) == split:
            yield sample


def _check_apart(training: Sequence[Row], validation: Sequence[Row]) -> None:
    """Check that no source is in both splits.

    Raises:
        LocardError: One is.
    """
    for of, what in ((_file_of, "picture"), (_group_of, "source")):
        seen = {of(row): row for row in training if of(row)}
        both = [row for row in validation if of(row) in seen]
        if both:
            other = seen[of(both[0])]
            raise LocardError(
                f"{len(both)} {what}s are in the training and in the validation, such as "
                f"{printable(both[0].name)} of {printable(both[0].data_set)} and "
                f"{printable(other.name)} of {printable(other.data_set)}",
                "Build the data sets with one seed from the same photographs.",
            )


def _file_of(row: Row) -> str:
    return row.path.name


def _group_of(row: Row) -> str:
    return row.group
