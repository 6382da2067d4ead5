"""Quantisation tables, and by how much one is coarser than another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from locard.image.quality import CHROMINANCE, LUMINANCE, estimate_quality, scaled

if TYPE_CHECKING:
    from locard.image import JpegStructure

_LARGEST_ENTRY = 255
"""Of a table that every encoder of baseline JPEG can write."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a colour JPEG.

    Attributes:
        luma: 64 entries, row by row.
        chroma: The same, of both chroma components.
    """

    luma: tuple[int, ...]
    chroma: tuple[int, ...]

    @property
    def quality(self) -> int:
        """The IJG quality whose tables are nearest."""
        return _quality(self)[0]

    @property
    def is_ijg(self) -> bool:
        """Whether they are exactly those of an IJG quality."""
        return _quality(self)[1]

    @property
    def name(self) -> str:
        """``ijg-90``, or ``camera-`` and eight digits of the entries' SHA-256."""
        if self.is_ijg:
            return f"ijg-{self.quality}"
        entries = np.array((self.luma, self.chroma), ">u2").tobytes()
        return f"camera-{hashlib.sha256(entries).hexdigest()[:8]}"

    def step_ratio(self, first: Tables) -> float:
        """Return how many times coarser these are than the tables of an earlier compression.

        Args:
            first: Of the earlier compression.

        Returns:
            The mean, over the 64 luma bands, of this step divided by the earlier one.
        """
        return float(np.mean(np.array(self.luma) / np.array(first.luma)))


@lru_cache(maxsize=1024)
def _quality(tables: Tables) -> tuple[int, bool]:
    estimate = estimate_quality(tables.luma, tables.chroma)
    return estimate.value, estimate.exact


@lru_cache(maxsize=128)
def ijg(quality: int) -> Tables:
    """Return the tables that libjpeg makes of a quality from 1 to 100."""
    return Tables(scaled(LUMINANCE, quality), scaled(CHROMINANCE, quality))


def tables_of(jpeg: JpegStructure) -> Tables | None:
    """Return the tables of a colour JPEG.

    Returns:
        None where they cannot serve as a last step: a component has none, both chroma components do
        not share one, or an entry is outside 1 to 255.
    """
    found = jpeg.component_tables
    if len(found) != 3 or None in found or found[1] != found[2]:
        return None
    luma, chroma = found[0], found[1]
    if luma is None or chroma is None:
        return None
    if not all(1 <= entry <= _LARGEST_ENTRY for entry in (*luma, *chroma)):
        return None
    return Tables(tuple(luma), tuple(chroma))
