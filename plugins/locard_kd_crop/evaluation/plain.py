"""The phase statistics without training: mandatory baseline of every table.

Per phase, from the counts of a picture's windows:

* Z, the mean number of AC coefficients of a window that are zero (|c| < ½), less that at the
  mirrored phase: an older grid keeps the zeros of its compression;
* Lat, the mean over five low AC bands of max |mean exp(2πi c/Q)| over steps Q from 2 to 25: on an
  older grid the coefficients lie near multiples of a step. The histograms have moduli, and signs
  are as often plus as minus, so that the mean is that of cos(2πc/Q).

What is given to a logistic regression is the plain maxima: of each map the largest value off the
corner and its margin over the second, in units of the map's spread (1.4826 times the median of
absolute deviations).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_kd_crop.phase.luma import BLOCK
from locard_kd_crop.phase.windows import FINE, PHASES, ac_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.phase.evidence import Counts

VERSION: Final = "1"
"""Changes whenever the same picture may give other values."""

STEPS: Final = tuple(range(2, 26))
"""Steps that Lat looks for."""

LOW_BANDS: Final = (1, 8, 16, 9, 2)
"""The first five AC bands in zig-zag, as 8v + u."""

FEATURES: Final = ("largest Z", "margin of Z", "largest Lat", "margin of Lat")

_ZERO_BINS = FINE // 2  # moduli below one half
_SPREAD = 1.4826


@dataclass(frozen=True, slots=True, eq=False)
class PhaseMaps:
    """Two maps over the phases of a picture, 8y + x, in units of their spread.

    Attributes:
        zeros: float64, (64,): Z less that of the mirrored phase.
        lattice: float64, (64,): Lat less its median.
    """

    zeros: NDArray[np.float64]
    lattice: NDArray[np.float64]

    @property
    def maxima(self) -> NDArray[np.float64]:
        """:data:`FEATURES`: float64, (4,)."""
        return np.array([*_largest(self.zeros), *_largest(self.lattice)])

    @property
    def together(self) -> NDArray[np.float64]:
        """The larger of both at each phase, which says where the grid begins: float64, (64,)."""
        return np.maximum(self.zeros, self.lattice)


def phase_maps(counts: Counts) -> PhaseMaps:
    """Return Z and Lat of a picture, over all classes of activity.

    Args:
        counts: As :func:`locard_kd_crop.phase.evidence.count` returns them.
    """
    moduli = counts.ac.sum(axis=1, dtype=np.float64)  # (64 phases, 63 bands, bins)
    windows = np.maximum(counts.dc.sum(axis=(1, 2), dtype=np.float64), 1)[:, None]
    zeros = (moduli[:, :, :_ZERO_BINS].sum(axis=2) / windows).sum(axis=1)
    low = moduli[:, [band - 1 for band in LOW_BANDS], :-1]
    cosines = np.abs(low @ _cosines()) / windows[:, :, None]
    lattice = cosines.max(axis=2).mean(axis=1)
    return PhaseMaps(_scaled(zeros - zeros[_mirrored()]), _scaled(lattice - np.median(lattice)))


def _largest(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the largest value off the corner, and how far above the second it is."""
    second, first = np.sort(values[1:])[-2:]
    return float(first), float(first - second)


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = _SPREAD * float(np.median(np.abs(values - np.median(values))))
    return values / spread if spread > 0 else np.zeros_like(values)


def _mirrored() -> NDArray[np.int64]:
    y, x = np.divmod(np.arange(PHASES), BLOCK)
    return np.asarray(BLOCK * (-y % BLOCK) + -x % BLOCK, np.int64)


def _cosines() -> NDArray[np.float64]:
    """Return the mean of cos(2πc/Q) over each bin of moduli but the last: (bins − 1, steps)."""
    edges = ac_edges()
    low, high = edges[:-1, None], edges[1:, None]
    turn = 2 * np.pi / np.array(STEPS)
    return np.asarray((np.sin(turn * high) - np.sin(turn * low)) / (turn * (high - low)))


__all__ = ["FEATURES", "LOW_BANDS", "STEPS", "VERSION", "PhaseMaps", "phase_maps"]
