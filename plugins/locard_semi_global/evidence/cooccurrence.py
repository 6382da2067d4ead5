"""Co-occurrences of the high-pass residual: the micro-texture that a camera's processing leaves.

D. Cozzolino, G. Poggi, L. Verdoliva, "Splicebuster: a new blind image splicing detector", IEEE
International Workshop on Information Forensics and Security (2015), section 2. The residual, its
quantisation and the classes of co-occurrences that symmetry makes one are those of the method
"splicebuster"; here they are counted on the cells that all traces share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.cells import pooled
from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.rows import PAD, load
from locard_semi_global.evidence.symmetry import exchanged
from locard_traces.cooccurrence import CLASS_COUNT, LENGTH, STEP, merge_symmetric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

POOL = 5
"""Side, in cells, of the square whose frequencies are taken."""


def _representatives() -> tuple[str, ...]:
    """Name each class by its first co-occurrence: n, z, p for −1, 0, 1."""
    classes = merge_symmetric()
    names = []
    for number in range(CLASS_COUNT):
        index = int(np.argmax(classes == number))
        names.append("".join("nzp"[index // 3**place % 3] for place in range(LENGTH)))
    return tuple(names)


NAMES = tuple(
    f"cooccurrence-{direction}-{values}"
    for direction in ("perpendicular", "parallel")
    for values in _representatives()
)

# A mirrored co-occurrence, and its negative, are of the same class; both directions of the filter
# are counted together.
FLIP_X = exchanged(NAMES)
FLIP_Y = FLIP_X
TRANSPOSED = FLIP_X

_POSITIONS = (2 * 7 * 7, 2 * 8 * 8)


def _classes_of_codes() -> NDArray[np.int64]:
    """Class by code: two bits a residual, 0 to 2, the last one lowest."""
    classes = merge_symmetric()
    found = np.zeros(4**LENGTH, np.int64)
    for code in range(found.size):
        residuals = [code >> 2 * place & 3 for place in range(LENGTH)]
        if max(residuals) < 3:
            found[code] = classes[sum(v * 3**place for place, v in enumerate(residuals))]
    return found


_CLASSES = _classes_of_codes()


def cooccurrence(planes: Planes) -> NDArray[np.float32]:
    """Describe what surrounds each cell by square roots of shares of co-occurrences.

    Luma is filtered with [1, −3, 3, −1] and quantised to −1, 0, 1 at half of 6/256 of white. Four
    neighbouring residuals are one co-occurrence: perpendicular to the filter, or parallel to it. A
    co-occurrence counts for the cell in which its middle lies.

    Args:
        planes: A picture or a band of one.

    Returns:
        float32, (50, h, w), channels as in :data:`NAMES`: square roots of shares over 5×5 cells,
        0 to 1; the squares of each half sum to 1.
    """
    counts = np.zeros((2 * CLASS_COUNT, *planes.shape), np.float32)
    _count(planes.luma, _CLASSES, counts)
    shares = pooled(counts, POOL)
    shares[:CLASS_COUNT] /= np.float32(_POSITIONS[0])
    shares[CLASS_COUNT:] /= np.float32(_POSITIONS[1])
    return np.sqrt(shares, out=shares)


@compiled
def _quantise(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    c: NDArray[np.float32],
    d: NDArray[np.float32],
    codes: NDArray[np.uint8],
) -> None:
    """Fill in 0, 1 or 2 for residuals −1, 0 or 1."""
    threshold = np.float32(STEP / 2)
    for x in range(codes.shape[0]):
        residual = (a[x] - d[x]) + np.float32(3) * (c[x] - b[x])
        codes[x] = np.uint8(1) + np.uint8(residual > threshold) - np.uint8(residual < -threshold)


@compiled
def _down(rows: NDArray[np.uint8], codes: NDArray[np.uint8]) -> None:
    """Join residuals of four rows of a uint8 (4, n) array."""
    a, b, c, d = rows[0], rows[1], rows[2], rows[3]
    for x in range(codes.shape[0]):
        codes[x] = (a[x] << 6) | (b[x] << 4) | (c[x] << 2) | d[x]


@compiled
def _across(row: NDArray[np.uint8], codes: NDArray[np.uint8]) -> None:
    """Join each four neighbours of a row."""
    b, c, d = row[1:], row[2:], row[3:]
    for x in range(codes.shape[0]):
        codes[x] = (row[x] << 6) | (b[x] << 4) | (c[x] << 2) | d[x]


@compiled
def _tally(
    codes: NDArray[np.uint8], classes: NDArray[np.int64], side: int, counts: NDArray[np.float32]
) -> None:
    """Count the classes of the first ``side`` codes of each cell; ``counts`` is (w, 25)."""
    for column in range(counts.shape[0]):
        cell = counts[column]
        for x in range(8 * column, 8 * column + side):
            cell[classes[codes[x]]] += np.float32(1)


@compiled
def _count(
    luma: NDArray[np.float32], classes: NDArray[np.int64], found: NDArray[np.float32]
) -> None:
    width = luma.shape[1]
    # Row k of each is pixel row k − 4 of the row of cells, or the gap after that row.
    lines = np.empty((16, width + 2 * PAD), np.float32)
    across = np.empty((16, width + 5), np.uint8)
    down = np.empty((16, width + 5), np.uint8)
    codes = np.empty(width, np.uint8)
    counts = np.empty((2, found.shape[2], CLASS_COUNT), np.float32)
    for cell_row in range(found.shape[1]):
        counts[:] = 0
        for k in range(16):
            load(luma, 8 * cell_row + k - 4, lines[k])
        for k in range(2, 13):
            row = lines[k]
            # across[k, i] is the gap after column i − 3; down[k, i] is column i − 1.
            _quantise(row, row[1:], row[2:], row[3:], across[k])
            _quantise(
                lines[k - 1, PAD - 1 :],
                lines[k, PAD - 1 :],
                lines[k + 1, PAD - 1 :],
                lines[k + 2, PAD - 1 :],
                down[k],
            )
        for k in range(4, 12):
            _across(across[k, 1:], codes)
            _tally(codes, classes, 8, counts[1])
            _down(down[k - 2 : k + 2, 1:], codes)
            _tally(codes, classes, 8, counts[1])
            if k < 11:
                _down(across[k - 1 : k + 3, 3:], codes)
                _tally(codes, classes, 7, counts[0])
                _across(down[k], codes)
                _tally(codes, classes, 7, counts[0])
        for half in range(2):
            for column in range(found.shape[2]):
                for number in range(CLASS_COUNT):
                    place = half * CLASS_COUNT + number
                    found[place, cell_row, column] = counts[half, column, number]
