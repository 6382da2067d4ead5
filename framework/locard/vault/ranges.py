"""Sets of running numbers as ranges: a hundred thousand exhibits in a row are two numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Ranges = Sequence[Sequence[int]]
"""[first, last] pairs in rising order, both ends included."""


def ranges_of(numbers: Iterable[int]) -> list[list[int]]:
    """Return the ranges that hold exactly these numbers."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def contains(ranges: Ranges, number: int) -> bool:
    """Whether a number lies in one of the ranges."""
    return any(first <= number <= last for first, last in ranges)
