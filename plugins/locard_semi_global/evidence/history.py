"""What must be known of the whole picture before the traces of JPEG history can be read.

A large picture is gathered band by band::

    gathering = Gathering(table)
    for planes, above, below in bands:
        gathering.add(planes, above, below)
    facts = gathering.facts()
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.likelihood import likelihood_ratios
from locard_semi_global.evidence.likelihood_of_three import ratios_of_three
from locard_semi_global.evidence.tables import SHAPE, count_moduli, steps_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

DIAGONALS: Final = 8
"""DC and the seven diagonals of AC whose coefficients are counted."""

BANDS: Final = tuple((v, n - v) for n in range(DIAGONALS) for v in range(n + 1))
"""Their 36 frequencies, (vertical, horizontal). The zig-zag's first 36 are the same."""

RATIO_DIAGONALS: Final = 5
RATIO_BANDS: Final = 15
"""How many of them have ratios of histograms: DC and the first 14 AC."""

HALVES: Final = 4096
"""Bins of half a unit, from -1024 on, that coefficients are counted in: DC as it is, AC by its
modulus, for a picture and its mirror image have the same."""

_SMOOTHING: Final = 1.5
_MOST_RATIO: Final = 3.0
PLACES: Final = np.array([8 * v + u for v, u in BANDS])
"""int64, (36,): their places in a block, row by row."""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What a whole picture says of its last compression.

    Attributes:
        steps: int64, (8, 8): quantisation table of luma, vertical frequency first.
        estimated: Whether the table is estimated from the coefficients, not read from the file.
        histograms: float32, (15, 4096): for the first of :data:`BANDS` and each bin of
            :data:`HALVES` log((h[k] + 1.5) / (h'[k] + 1.5)), bounded at ±3, where k is the DC, or
            the modulus of the AC, divided by its step and rounded, h the histogram of k over the
            picture, and h' that over the picture shifted by (4, 4), scaled to as many blocks. 0
            where there is no shifted block.
        first_ratios: float32, (36, 4096): for each of :data:`BANDS` and each bin, how much likelier
            such a coefficient is after an earlier compression and the last one than after the last
            alone; see :func:`~locard_semi_global.evidence.likelihood.likelihood_ratios`.
        first_steps: int64, (8, 8): steps of the earlier compression; 0 where none is found.
        earlier_ratios: float32, (36, 4096): likewise after a compression before the last two and
            these than after the last two alone; see
            :func:`~locard_semi_global.evidence.likelihood_of_three.ratios_of_three`.
    """

    steps: NDArray[np.int64]
    estimated: bool
    histograms: NDArray[np.float32]
    first_ratios: NDArray[np.float32]
    first_steps: NDArray[np.int64]
    earlier_ratios: NDArray[np.float32]


class Gathering:
    """Counts the coefficients of a picture; its bands may come in any order.

    Args:
        table: (8, 8), the file's table of luma; None has it estimated.
    """

    def __init__(self, table: NDArray[np.integer] | None) -> None:
        self._table = table
        self._moduli = np.zeros(SHAPE, np.int64)
        self._aligned = np.zeros((len(BANDS), HALVES), np.int64)
        self._shifted = np.zeros((len(BANDS), HALVES), np.int64)

    def add(self, planes: Planes, above: int = 0, below: int = 0) -> None:
        """Count a band.

        Args:
            planes: The band with its margins.
            above: Rows of cells at its top that belong to another band.
            below: Rows of cells at its bottom that do.
        """
        end = planes.shape[0] - below
        spectra = planes.dct[above:end]
        _count(spectra, PLACES, self._aligned)
        # A shifted block belongs to the band of the cell that it begins in.
        _count(planes.shifted_dct[above:end], PLACES, self._shifted)
        if self._table is None:
            count_moduli(spectra, _clipped(planes.rgb)[above:end], self._moduli)

    def facts(self) -> Facts:
        """Return what has been counted."""
        estimated = self._table is None
        steps = steps_of(self._moduli) if self._table is None else np.asarray(self._table, np.int64)
        some = steps.ravel()[PLACES]
        ratios = _log_ratios(
            self._aligned[:RATIO_BANDS], self._shifted[:RATIO_BANDS], some[:RATIO_BANDS]
        )
        first_ratios, first = likelihood_ratios(self._aligned, self._shifted, some)
        first_steps = np.zeros(64, np.int64)
        first_steps[PLACES] = first
        earlier_ratios, _ = ratios_of_three(self._aligned, self._shifted, some)
        return Facts(
            steps, estimated, ratios, first_ratios, first_steps.reshape(8, 8), earlier_ratios
        )


def facts_of(planes: Planes, table: NDArray[np.integer] | None) -> Facts:
    """Return the facts of a picture that is at hand as a whole.

    Args:
        planes: Its planes.
        table: (8, 8), the file's table of luma; None has it estimated.
    """
    gathering = Gathering(table)
    gathering.add(planes)
    return gathering.facts()


def quantised(step: int) -> NDArray[np.int64]:
    """Return which multiple of a step is nearest to the values of each bin.

    No bin is divided between two multiples, since their bounds are multiples of a half.

    Returns:
        int64, (4096,).
    """
    halves = np.arange(HALVES) - HALVES // 2
    return (halves + step) // (2 * step)


def _log_ratios(
    aligned: NDArray[np.int64], shifted: NDArray[np.int64], steps: NDArray[np.int64]
) -> NDArray[np.float32]:
    ratios = np.zeros(aligned.shape, np.float32)
    blocks = int(shifted[0].sum())
    if not blocks:
        return ratios
    scale = int(aligned[0].sum()) / blocks
    for band, step in enumerate(steps):
        place = quantised(int(step))
        place -= place[0]
        h = np.bincount(place, aligned[band])
        other = np.bincount(place, shifted[band]) * scale
        ratio = np.log((h + _SMOOTHING) / (other + _SMOOTHING))
        ratios[band] = np.clip(ratio, -_MOST_RATIO, _MOST_RATIO)[place]
    return ratios


@compiled
def bin_of(coefficient: np.float32, band: int) -> int:
    """Return the bin of a coefficient of one of :data:`BANDS`."""
    value = coefficient if band == 0 else abs(coefficient)
    return min(max(int(np.floor(value * 2)) + HALVES // 2, 0), HALVES - 1)


@compiled
def _count(
    spectra: NDArray[np.float32], places: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    for row in range(spectra.shape[0]):
        for column in range(spectra.shape[1]):
            block = spectra[row, column].reshape(64)
            for band in range(len(places)):
                counts[band, bin_of(block[places[band]], band)] += 1


@compiled
def _clipped(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell in which cells a sample is 0 or 255."""
    height, width = rgb.shape[0] // 8, rgb.shape[1] // 8
    clipped = np.zeros((height, width), np.bool_)
    for row in range(8 * height):
        for column in range(8 * width):
            for colour in range(3):
                sample = rgb[row, column, colour]
                if sample == 0 or sample == 255:
                    clipped[row // 8, column // 8] = True
    return clipped
