"""The strata: how the last compression relates to the first, which decides what a crop leaves.

q1 is the quality of the compression whose grid a crop moves, q2 that of the re-save.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

from locard_kd_crop.datasets.tables import Tables

LOSSLESS, BETTER, ALIKE, WORSE, BLIND = "A", "B", "C", "D", "E"

STRATA: Final[Mapping[str, str]] = {
    LOSSLESS: "off the grid, stored without loss",
    BETTER: "off the grid, re-saved better: q2 ≥ q1 + 10 and q2 ≥ 90",
    ALIKE: "off the grid, re-saved alike: step ratio 0.9 to 1.15",
    WORSE: "off the grid, re-saved worse: step ratio 1.15 to 6",
    BLIND: "no phase to see: aligned, never compressed or resampled",
}
"""What each stratum is."""

_LEAST_GAIN = 10
_LEAST_BETTER_QUALITY = 90
_BOUNDS = (0.9, 1.15, 1.5, 2.0, 3.0, 6.0)
_BANDS = ("below 0.9", "0.9-1.15", "1.15-1.5", "1.5-2", "2-3", "3-6", "6 and more")
_ALIKE_BAND, WORSE_BANDS = _BANDS[1], _BANDS[2:6]
"""Bands of the step ratio that stratum D has."""

_SIDES = (128, 256, 512, 1024)
_SIDE_BANDS = ("64-127 px", "128-255 px", "256-511 px", "512-1023 px", "1024 px and more")


def ratio_band(ratio: float) -> str:
    """Return the band of step ratios that a ratio is in."""
    return _BANDS[bisect_right(_BOUNDS, ratio)]


def side_band(side: int) -> str:
    """Return the band that a picture's shorter side is in."""
    return _SIDE_BANDS[bisect_right(_SIDES, side)]


def fits(stratum: str, first: Tables, last: Tables) -> bool:
    """Return whether a re-save belongs to a stratum.

    Args:
        stratum: ``B``, ``C`` or ``D``.
        first: Tables of the earlier compression.
        last: Tables of the re-save.
    """
    if stratum == BETTER:
        enough = first.quality + _LEAST_GAIN
        return last.quality >= max(enough, _LEAST_BETTER_QUALITY)
    band = ratio_band(last.step_ratio(first))
    return band == _ALIKE_BAND if stratum == ALIKE else band in WORSE_BANDS
