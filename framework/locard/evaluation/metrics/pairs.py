"""Which rows of two methods are of the same image: the same file with the same truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locard.evaluation.rows import Row

_ALIKE = 1e-9
"""Two truths whose share of the picture gives figures nearer than this are one."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows of two methods on the same files, image by image.

    Attributes:
        rows: First and second method's, by treatment in the first's order, and by sample.
        alone: Images (with their treatment) that only one of the two has.
        other_file: Left out: the files differ in content, kind or truth.
    """

    rows: tuple[tuple[Row, Row], ...]
    alone: int = 0
    other_file: int = 0

    def treated(self, treatment: str) -> Sequence[tuple[Row, Row]]:
        """Return the pairs of one treatment."""
        return [pair for pair in self.rows if pair[0].treatment == treatment]


def pair(first: Iterable[Row], second: Iterable[Row]) -> Pairs:
    """Pair the rows of two methods.

    Args:
        first: Of one step, at most one a sample and treatment, in any order.
        second: Likewise.

    Raises:
        ValueError: A method has two rows of a sample and treatment.
    """
    one, other = _by_image(first), _by_image(second)
    order = {treatment: at for at, treatment in enumerate(dict.fromkeys(key[0] for key in one))}
    # Sorted, so that both directions of a comparison have the same resamples.
    common = sorted(one.keys() & other.keys(), key=lambda key: (order[key[0]], key[1]))
    both = [(one[key], other[key]) for key in common]
    same = tuple(pair for pair in both if _same_image(*pair))
    return Pairs(same, alone=len(one.keys() ^ other.keys()), other_file=len(both) - len(same))


def _by_image(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if found.setdefault((row.treatment, row.sample), row) is not row:
            raise ValueError(f"{row.sample} has two rows of {row.step} under {row.treatment}")
    return found


def _same_image(one: Row, other: Row) -> bool:
    """Return whether two rows are of one file with one truth."""
    if (one.sha256, one.kind) != (other.sha256, other.kind):
        return False
    truths = [row.pixels.everything_f1 if row.pixels else None for row in (one, other)]
    if truths[0] is None or truths[1] is None:
        return True
    return abs(truths[0] - truths[1]) < _ALIKE
