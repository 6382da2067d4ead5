"""Regions with more quiet blocks than chance gives, and a bound on false alarms.

M. Gardella, P. Musé, M. Colom, J.-M. Morel, "Image Forgery Detection Based on Noise Inspection:
Analysis and Refinement of the Noisesniffer Method", Image Processing On Line 14 (2024), 86–115,
doi:10.5201/ipol.2024.462.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard_traces.zero_nfa import log10_binomial_tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_POLYOMINO_SCALE = math.log10(0.316915)
_POLYOMINO_GROWTH = math.log10(4.062570)


@dataclass(frozen=True, slots=True)
class Background:
    """What is expected where noise is the same everywhere.

    Attributes:
        cells: Cells in the picture, a real number: its area over a cell's.
        chance: Probability that an even block is quiet, m.
        block_area: Pixels in a block, w²: so many overlapping blocks count as one trial.
    """

    cells: float
    chance: float
    block_area: int

    def log10_tests(self, size: int) -> float:
        """Return log10 of the number of tests among which a region of so many cells is one.

        Half of w² times the number of cells squared, times the number of polyominoes of that size
        (about 0.316915 · 4.062570^R / R; I. Jensen, A. J. Guttmann, 2000).
        """
        polyominoes = _POLYOMINO_SCALE + size * _POLYOMINO_GROWTH - math.log10(size)
        return math.log10(self.block_area / 2) + 2 * math.log10(self.cells) + polyominoes

    def log10_nfa(self, even: int, quiet: int, size: int) -> float:
        """Return log10 of the number of false alarms of a region.

        Args:
            even: Even blocks in it.
            quiet: Quiet ones of them.
            size: Cells in it, at least 1.
        """
        trials, successes = -(-even // self.block_area), quiet // self.block_area
        return self.log10_tests(size) + log10_binomial_tail(trials, successes, self.chance)


@dataclass(frozen=True, slots=True, eq=False)
class QuietRegion:
    """Connected cells with unusually many quiet blocks.

    Attributes:
        cells: bool, shape (rows, columns).
        even: Even blocks in it.
        quiet: Quiet ones of them.
        log10_nfa: log10 of its number of false alarms.
    """

    cells: NDArray[np.bool_]
    even: int
    quiet: int
    log10_nfa: float


def find_quiet_regions(
    even: NDArray[np.int64],
    quiet: NDArray[np.int64],
    background: Background,
    log10_epsilon: float = 0.0,
) -> tuple[QuietRegion, ...]:
    """Grow regions from the cells with the largest excess of quiet blocks.

    A neighbouring cell is taken in if that lowers the number of false alarms. Cells that belong to
    a region found before are not taken for a seed again.

    Args:
        even: Even blocks in each cell, shape (rows, columns).
        quiet: Quiet ones of them, same shape.
        background: What is expected.
        log10_epsilon: Regions with log10 NFA below it are returned.

    Returns:
        The regions, strongest first.
    """
    excess = quiet - background.chance * even
    taken = np.zeros(even.shape, np.bool_)
    found = []
    for flat in np.argsort(-excess, axis=None, kind="stable"):
        seed = int(flat) // even.shape[1], int(flat) % even.shape[1]
        if excess[seed] <= 0:
            break
        if taken[seed]:
            continue
        region = _grow(seed, even, quiet, background)
        if region.log10_nfa < log10_epsilon:
            taken |= region.cells
            found.append(region)
    return tuple(sorted(found, key=lambda region: region.log10_nfa))


def strength(
    even: NDArray[np.int64],
    quiet: NDArray[np.int64],
    background: Background,
    regions: tuple[QuietRegion, ...],
) -> NDArray[np.float64]:
    """Return, for each cell, −log10 NFA of the strongest region that holds it, itself among them.

    Args:
        even: Even blocks in each cell, shape (rows, columns).
        quiet: Quiet ones of them, same shape.
        background: What is expected.
        regions: From :func:`find_quiet_regions`.

    Returns:
        float64, shape (rows, columns); minus infinity where a cell has no even block.
    """
    found = np.full(even.shape, -np.inf)
    for place in np.argwhere(even > 0):
        row, column = int(place[0]), int(place[1])
        counts = int(even[row, column]), int(quiet[row, column])
        found[row, column] = -background.log10_nfa(*counts, 1)
    for region in regions:
        cells = region.cells & (even > 0)
        found[cells] = np.maximum(found[cells], -region.log10_nfa)
    return found


def _grow(
    seed: tuple[int, int],
    even: NDArray[np.int64],
    quiet: NDArray[np.int64],
    background: Background,
) -> QuietRegion:
    """Take in neighbour after neighbour, as long as that lowers the number of false alarms."""
    cells = np.zeros(even.shape, np.bool_)
    cells[seed] = True
    size, total, least = 1, int(even[seed]), int(quiet[seed])
    nfa = background.log10_nfa(total, least, size)
    border = dict.fromkeys(_neighbours(seed, even.shape))
    grown = True
    while grown:
        grown = False
        for place in list(border):
            wider = total + int(even[place]), least + int(quiet[place])
            candidate = background.log10_nfa(*wider, size + 1)
            if candidate < nfa:
                cells[place] = grown = True
                (total, least), size, nfa = wider, size + 1, candidate
                del border[place]
                border |= {n: None for n in _neighbours(place, even.shape) if not cells[n]}
    return QuietRegion(cells, total, least, nfa)


def _neighbours(place: tuple[int, int], shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield the up to four cells that share an edge with a cell."""
    row, column = place
    for other in ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column)):
        if 0 <= other[0] < shape[0] and 0 <= other[1] < shape[1]:
            yield other
