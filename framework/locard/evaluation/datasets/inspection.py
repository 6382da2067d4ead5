"""Looks a data set over before anything is measured on it: masks, duplicates, leaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from locard.evaluation.datasets.errors import DatasetError
from locard.evaluation.datasets.leaks import find_leaks
from locard.image import read_header
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.datasets.leaks import Facts
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.results import LeakFinding


@dataclass(frozen=True, slots=True)
class Inspection:
    """What must be looked at in a data set.

    Attributes:
        problems: What loading it found: missing, unreadable and unfit files; and masks that cannot
            be decoded, mark nothing, or mark everything. One sentence each.
        duplicates: Names of images whose files are the same, byte by byte.
        across: Those of them that are authentic under one name and tampered under another.
        leaks: What headers tell of the classes; empty where the check cannot be made.
    """

    problems: tuple[str, ...]
    duplicates: tuple[tuple[str, ...], ...]
    across: tuple[tuple[str, ...], ...]
    leaks: tuple[LeakFinding, ...]

    @property
    def clean(self) -> bool:
        """Whether there is nothing to look at."""
        return not (self.problems or self.duplicates or any(leak.leaks for leak in self.leaks))


def inspect(dataset: Dataset, stated: Mapping[str, Facts] | None = None) -> Inspection:
    """Decode all masks, compare all files, and make the leak check.

    Args:
        dataset: The data set.
        stated: Further features for the leak check (:func:`find_leaks`).

    Raises:
        LocardError: scikit-learn, which the leak check needs, is not installed.
    """
    by_hash: dict[str, list[str]] = defaultdict(list)
    for name, sha256 in dataset.hashes.items():
        by_hash[sha256].append(name)
    duplicates = tuple(tuple(names) for names in by_hash.values() if len(names) > 1)
    tampered = {sample.name: sample.tampered for sample in dataset.samples}
    return Inspection(
        problems=tuple(dict.fromkeys((*dataset.facts.problems, *_mask_problems(dataset)))),
        duplicates=duplicates,
        across=tuple(names for names in duplicates if len({tampered[name] for name in names}) > 1),
        leaks=find_leaks(dataset, stated),
    )


def _mask_problems(dataset: Dataset) -> Iterator[str]:
    """Yield a sentence for each mask that loading found nothing wrong with, and that is no good."""
    for sample in dataset.samples:
        if sample.mask is None or sample.name in dataset.without_truth:
            continue
        header = read_header(sample.path)
        shown = printable(sample.name)
        try:
            truth = dataset.truth(sample, header.height, header.width)
        except DatasetError as error:
            yield f"{shown}: {error.message}"
            continue
        if not truth.any():
            yield f"{shown}: its mask marks nothing"
        elif truth.all():
            yield f"{shown}: its mask marks every pixel"
