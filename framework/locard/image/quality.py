"""Estimates the IJG quality setting from quantisation tables.

The Independent JPEG Group's library scales the example tables of ITU-T T.81, Annex K:
``entry = clip((base · s + 50) // 100, 1, 255)`` with ``s = 5000 // q`` for q < 50 and
``s = 200 − 2·q`` otherwise (``jcparam.c``: ``jpeg_quality_scaling``, ``jpeg_add_quant_table``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

Table = tuple[int, ...]

# fmt: off
LUMINANCE: Table = (
    16, 11, 10, 16,  24,  40,  51,  61,
    12, 12, 14, 19,  26,  58,  60,  55,
    14, 13, 16, 24,  40,  57,  69,  56,
    14, 17, 22, 29,  51,  87,  80,  62,
    18, 22, 37, 56,  68, 109, 103,  77,
    24, 35, 55, 64,  81, 104, 113,  92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103,  99,
)
"""ITU-T T.81, table K.1, row by row."""

CHROMINANCE: Table = (
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
)
"""ITU-T T.81, table K.2, row by row."""
# fmt: on


@dataclass(frozen=True, slots=True)
class QualityEstimate:
    """The IJG quality whose tables are nearest.

    Attributes:
        value: 1 to 100.
        exact: Whether the tables are those of this quality, entry by entry. Where they are not,
            another encoder made them and the number is only a rough comparison.
    """

    value: int
    exact: bool


@lru_cache(maxsize=256)
def scaled(base: Table, quality: int) -> Table:
    """Return a base table scaled to an IJG quality from 1 to 100, for 8-bit entries."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(max((entry * scale + 50) // 100, 1), 255) for entry in base)


def estimate_quality(luma: Sequence[int], chroma: Sequence[int] | None) -> QualityEstimate:
    """Find the IJG quality whose tables have the least sum of absolute differences.

    Args:
        luma: 64 entries of the first component's table, row by row.
        chroma: The same of the chroma table; None where there is none.

    Returns:
        The estimate; of equally near qualities the highest.
    """
    wanted = [(LUMINANCE, tuple(luma))]
    if chroma is not None:
        wanted.append((CHROMINANCE, tuple(chroma)))

    def distance(quality: int) -> int:
        return sum(
            abs(a - b)
            for base, table in wanted
            for a, b in zip(scaled(base, quality), table, strict=True)
        )

    best = min(range(100, 0, -1), key=distance)
    return QualityEstimate(best, distance(best) == 0)
