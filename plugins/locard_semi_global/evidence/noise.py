"""How strong the noise of a cell is, by high-pass filters of several orders and directions.

A picture's noise comes from its sensor and what the camera made of it, and differs little from
place to place; a part from elsewhere brings its own level: B. Mahdian, S. Saic, "Using noise
inconsistencies for blind image forensics", Image and Vision Computing 27 (2009). Filters of
different orders tell noise from content and, by their ratios, white noise from noise that was
interpolated, denoised or sharpened. They are those of J. Fridrich, J. Kodovský, "Rich models for
steganalysis of digital images", IEEE Transactions on Information Forensics and Security 7 (2012);
the 5×5 filter is the "KV" kernel there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.compiled import compiled
from locard_semi_global.evidence.rows import (
    MEAN_FLOOR,
    PAD,
    gather,
    laplacian,
    load,
    load_colour,
    log_of_mean,
    mean_of_logs,
)
from locard_semi_global.evidence.symmetry import exchanged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.planes import Planes

FILTERS = (
    "first-across",
    "first-down",
    "second-across",
    "second-down",
    "third-across",
    "third-down",
    "mixed",
    "kv",
    "laplacian",
)
"""[−1, 1], [1, −2, 1], [−1, 3, −3, 1] each way, [1, −1; −1, 1], KV and (1, −¼)."""

NAMES = (
    *(f"noise-{name}-{measure}" for name in FILTERS for measure in ("log-mean", "mean-log")),
    "noise-kv-log-median",
    "noise-kv-log-quietest",
    "noise-half-second-across-log-mean",
    "noise-half-second-down-log-mean",
    "noise-half-kv-log-mean",
    "noise-red-green-log-mean",
    "noise-red-green-mean-log",
    "noise-blue-green-log-mean",
    "noise-blue-green-mean-log",
)

FLIP_X = exchanged(NAMES)
FLIP_Y = exchanged(NAMES)
TRANSPOSED = exchanged(NAMES, ("across", "down"))

_MEDIAN, _QUIETEST, _HALF, _COLOURS = 18, 19, 20, 23
_ALL_COLUMNS = np.array([7, 8, 8, 8, 7, 8, 7, 8, 8])
_ALL_ROWS = np.array([8, 7, 8, 8, 8, 7, 7, 8, 8])


def noise(planes: Planes) -> NDArray[np.float32]:
    """Measure the noise of each cell.

    With r what a filter leaves: ``log(mean |r| + .05)`` and ``mean log(|r| + .3)`` over the cell;
    for KV also log(m + .05) of the lower median of |r| and of the least of the four means of |r|
    over quarters of the cell. The same of luma at half scale, means of 2×2 pixels; and of R − G and
    B − G, filtered by the Laplacian.

    Args:
        planes: A picture or a band of one.

    Returns:
        float32, (27, h, w), channels as in :data:`NAMES`.
    """
    found = np.empty((len(NAMES), *planes.shape), np.float32)
    _full_scale(planes.luma, _ALL_COLUMNS, _ALL_ROWS, found)
    _half_scale(planes.luma, found[_HALF:_COLOURS])
    _colours(planes.rgb, found[_COLOURS:])
    return found


@compiled
def _first(a: NDArray[np.float32], b: NDArray[np.float32], r: NDArray[np.float32]) -> None:
    for x in range(r.shape[0]):
        r[x] = b[x] - a[x]


@compiled
def _second(
    a: NDArray[np.float32], b: NDArray[np.float32], c: NDArray[np.float32], r: NDArray[np.float32]
) -> None:
    for x in range(r.shape[0]):
        r[x] = (a[x] + c[x]) - np.float32(2) * b[x]


@compiled
def _third(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    c: NDArray[np.float32],
    d: NDArray[np.float32],
    r: NDArray[np.float32],
) -> None:
    for x in range(r.shape[0]):
        r[x] = (d[x] - a[x]) + np.float32(3) * (b[x] - c[x])


@compiled
def _kv(rows: NDArray[np.float32], sums: NDArray[np.float32], r: NDArray[np.float32]) -> None:
    """Filter the middle one of five loaded rows; ``sums`` is room for (3, W + 2 PAD)."""
    above2, above, row, below, below2 = rows[0], rows[1], rows[2], rows[3], rows[4]
    outer, inner, middle = sums[0], sums[1], sums[2]
    for x in range(row.shape[0]):
        far = above2[x] + below2[x]
        near = above[x] + below[x]
        outer[x] = (np.float32(2) * near - far) - np.float32(2) * row[x]
        inner[x] = (np.float32(2) * far - np.float32(6) * near) + np.float32(8) * row[x]
        middle[x] = (np.float32(8) * near - np.float32(2) * far) - np.float32(12) * row[x]
    left2, right2 = outer[PAD - 2 :], outer[PAD + 2 :]
    left, right, here = inner[PAD - 1 :], inner[PAD + 1 :], middle[PAD:]
    for x in range(r.shape[0]):
        total = ((left2[x] + right2[x]) + (left[x] + right[x])) + here[x]
        r[x] = total * np.float32(1 / 12)


@compiled
def _full_scale(
    luma: NDArray[np.float32],
    columns: NDArray[np.int64],
    rows: NDArray[np.int64],
    found: NDArray[np.float32],
) -> None:
    width = luma.shape[1]
    lines = np.empty((12, width + 2 * PAD), np.float32)
    room = np.empty((3, width + 2 * PAD), np.float32)
    residual = np.empty(width, np.float32)
    kv = np.empty((8, width), np.float32)
    sums = np.empty((9, width), np.float32)
    products = np.empty((9, width), np.float32)
    for cell_row in range(found.shape[1]):
        sums[:] = 0
        products[:] = 1
        for k in range(12):
            load(luma, 8 * cell_row + k - 2, lines[k])
        for k in range(8):
            here = lines[k + 2]
            at = here[PAD:]
            _first(at, here[PAD + 1 :], residual)
            gather(residual, sums[0], products[0])
            _second(here[PAD - 1 :], at, here[PAD + 1 :], residual)
            gather(residual, sums[2], products[2])
            _second(lines[k + 1, PAD:], at, lines[k + 3, PAD:], residual)
            gather(residual, sums[3], products[3])
            _third(here[PAD - 1 :], at, here[PAD + 1 :], here[PAD + 2 :], residual)
            gather(residual, sums[4], products[4])
            _kv(lines[k : k + 5], room, kv[k])
            gather(kv[k], sums[7], products[7])
            laplacian(lines[k + 1], here, lines[k + 3], residual)
            gather(residual, sums[8], products[8])
            if k == 7:
                break
            below = lines[k + 3]
            _first(at, below[PAD:], residual)
            gather(residual, sums[1], products[1])
            _third(lines[k + 1, PAD:], at, below[PAD:], lines[k + 4, PAD:], residual)
            gather(residual, sums[5], products[5])
            _mixed(at, here[PAD + 1 :], below[PAD:], below[PAD + 1 :], residual)
            gather(residual, sums[6], products[6])
        for column in range(found.shape[2]):
            x = 8 * column
            for f in range(9):
                found[2 * f, cell_row, column] = log_of_mean(sums[f], x, columns[f], rows[f])
                found[2 * f + 1, cell_row, column] = mean_of_logs(
                    products[f], x, columns[f], rows[f]
                )
        _orders(kv, found[_MEDIAN, cell_row], found[_QUIETEST, cell_row])


@compiled
def _mixed(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    c: NDArray[np.float32],
    d: NDArray[np.float32],
    r: NDArray[np.float32],
) -> None:
    for x in range(r.shape[0]):
        r[x] = (a[x] + d[x]) - (b[x] + c[x])


@compiled
def _orders(
    kv: NDArray[np.float32], median: NDArray[np.float32], quietest: NDArray[np.float32]
) -> None:
    """Order statistics of |KV| in a row of cells; ``kv`` is float32, (8, W)."""
    values = np.empty(64, np.float32)
    bits = values.view(np.int32)
    for column in range(median.shape[0]):
        least = np.inf
        for top in range(0, 8, 4):
            for left in range(8 * column, 8 * column + 8, 4):
                total = 0.0
                for y in range(top, top + 4):
                    for x in range(left, left + 4):
                        total += abs(kv[y, x])
                least = min(least, total / 16)
        quietest[column] = math.log(least + MEAN_FLOOR)
        for y in range(8):
            for x in range(8):
                values[8 * y + x] = abs(kv[y, 8 * column + x])
        median[column] = math.log(_lower_median(values, bits) + MEAN_FLOOR)


@compiled
def _lower_median(values: NDArray[np.float32], bits: NDArray[np.int32]) -> float:
    """Return the 32nd smallest of 64 magnitudes; ``bits`` are the same memory as integers.

    Magnitudes are ordered as their bits are, so the value is found by halving a range of integers.
    """
    low, high = np.int32(0), np.int32(0)
    for k in range(64):
        high = max(high, bits[k])
    while low < high:
        middle = np.int32(low + (high - low) // 2)
        below = np.int32(0)
        for k in range(64):
            below += np.int32(bits[k] <= middle)
        if below >= 32:
            high = middle
        else:
            low = np.int32(middle + 1)
    least = np.float32(np.inf)
    for k in range(64):
        if bits[k] >= low:
            least = min(least, values[k])
    return float(least)


@compiled
def _half_scale(luma: NDArray[np.float32], found: NDArray[np.float32]) -> None:
    height, width = luma.shape[0] // 2, luma.shape[1] // 2
    half = np.empty((height, width), np.float32)
    for y in range(height):
        upper, lower, row = luma[2 * y], luma[2 * y + 1], half[y]
        for x in range(width):
            pair = (upper[2 * x] + upper[2 * x + 1]) + (lower[2 * x] + lower[2 * x + 1])
            row[x] = np.float32(0.25) * pair
    lines = np.empty((8, width + 2 * PAD), np.float32)
    room = np.empty((3, width + 2 * PAD), np.float32)
    residual = np.empty(width, np.float32)
    sums = np.empty((3, width), np.float32)
    unused = np.empty(width, np.float32)
    for cell_row in range(found.shape[1]):
        sums[:] = 0
        unused[:] = 1
        for k in range(8):
            load(half, 4 * cell_row + k - 2, lines[k])
        for k in range(4):
            here = lines[k + 2]
            _second(here[PAD - 1 :], here[PAD:], here[PAD + 1 :], residual)
            gather(residual, sums[0], unused)
            _second(lines[k + 1, PAD:], here[PAD:], lines[k + 3, PAD:], residual)
            gather(residual, sums[1], unused)
            _kv(lines[k : k + 5], room, residual)
            gather(residual, sums[2], unused)
        for f in range(3):
            for column in range(found.shape[2]):
                found[f, cell_row, column] = log_of_mean(sums[f], 4 * column, 4, 4)


@compiled
def _colours(rgb: NDArray[np.uint8], found: NDArray[np.float32]) -> None:
    width = rgb.shape[1]
    green = np.empty(width + 2 * PAD, np.float32)
    lines = np.empty((10, width + 2 * PAD), np.float32)
    residual = np.empty(width, np.float32)
    sums = np.empty(width, np.float32)
    products = np.empty(width, np.float32)
    for cell_row in range(found.shape[1]):
        for index in range(2):
            sums[:] = 0
            products[:] = 1
            for k in range(10):
                row = lines[k]
                load_colour(rgb, 8 * cell_row + k - 1, 1, green)
                load_colour(rgb, 8 * cell_row + k - 1, 2 * index, row)
                for x in range(row.shape[0]):
                    row[x] -= green[x]
            for k in range(8):
                laplacian(lines[k], lines[k + 1], lines[k + 2], residual)
                gather(residual, sums, products)
            for column in range(found.shape[2]):
                found[2 * index, cell_row, column] = log_of_mean(sums, 8 * column, 8, 8)
                found[2 * index + 1, cell_row, column] = mean_of_logs(products, 8 * column, 8, 8)
