"""The blocks of a picture in which noise can be measured, and those of them with least noise.

M. Gardella, P. Musé, M. Colom, J.-M. Morel, "Image Forgery Detection Based on Noise Inspection:
Analysis and Refinement of the Noisesniffer Method", Image Processing On Line 14 (2024), 86–115,
doi:10.5201/ipol.2024.462, after the same authors' "Noisesniffer", IEEE IWBF 2021.

Samples are integers, and so is everything here: the energies are multiplied by 36 and the variances
by 81, which leaves their order as it is. Equal values are common, and are ranked in an order that
has nothing to do with their place in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 3
"""Side of a block in pixels, w."""

# An odd factor: no two block numbers below 2³² are scattered to the same one.
_SCATTER = np.uint64(2654435761)
_LOW_BITS = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True, eq=False)
class EvenBlocks:
    """The even blocks of a picture, counted in cells.

    Attributes:
        even: int64, shape (rows, columns): even blocks of all channels that begin in each cell.
        quiet: int64, same shape: those of them with least noise.
        bins: How many bins of like brightness were used.
        flat_bins: How many bins were left out, because too many of their blocks are of one value.
    """

    even: NDArray[np.int64]
    quiet: NDArray[np.int64]
    bins: int
    flat_bins: int


def valid_blocks(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark the blocks without a sample at its channel's extreme (algorithm 1).

    Args:
        pixels: Shape (H, W, channels).

    Returns:
        bool, shape (H − 2, W − 2), for the block whose upper left pixel is there.
    """
    low, high = pixels.min(axis=(0, 1)), pixels.max(axis=(0, 1))
    inside: NDArray[np.bool_] = ((pixels > low) & (pixels < high)).all(axis=2)
    for axis in (0, 1):
        lines = np.moveaxis(inside, axis, 0)
        inside = np.moveaxis(lines[:-2] & lines[1:-1] & lines[2:], 0, axis)
    return inside


@njit(cache=True, nogil=True)
def measure_blocks(
    channel: NDArray[np.uint8],
) -> tuple[NDArray[np.uint16], NDArray[np.int32], NDArray[np.int32]]:
    """Measure every block of 3×3 samples (algorithms 2 and 7).

    Args:
        channel: Shape (H, W), both at least 3.

    Returns:
        Three arrays of shape (H − 2, W − 2): uint16, the sum of the samples; int32, 36 times the
        energy of the low frequencies, which are the orthonormal DCT coefficients (i, j) with
        0 < i + j < 3; int32, 81 times the variance.
    """
    rows, columns = channel.shape[0] - 2, channel.shape[1] - 2
    sums = np.empty((rows, columns), np.uint16)
    energies = np.empty((rows, columns), np.int32)
    variances = np.empty((rows, columns), np.int32)
    for y in range(rows):
        for x in range(columns):
            total = squares = np.int64(0)
            for i in range(SIDE):
                for j in range(SIDE):
                    sample = np.int64(channel[y + i, x + j])
                    total += sample
                    squares += sample * sample
            left = right = middle_column = upper = lower = middle_row = np.int64(0)
            for i in range(SIDE):
                left += np.int64(channel[y + i, x])
                middle_column += np.int64(channel[y + i, x + 1])
                right += np.int64(channel[y + i, x + 2])
                upper += np.int64(channel[y, x + i])
                middle_row += np.int64(channel[y + 1, x + i])
                lower += np.int64(channel[y + 2, x + i])
            corners = np.int64(channel[y, x]) + np.int64(channel[y + 2, x + 2])
            corners -= np.int64(channel[y, x + 2]) + np.int64(channel[y + 2, x])
            slopes = (left - right) ** 2 + (upper - lower) ** 2
            bends = (left + right - 2 * middle_column) ** 2 + (upper + lower - 2 * middle_row) ** 2
            sums[y, x] = total
            energies[y, x] = 6 * slopes + 2 * bends + 9 * corners * corners
            variances[y, x] = 9 * squares - total * total
    return sums, energies, variances


def lowest(values: NDArray[np.int32], blocks: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the blocks with the lowest values; among equal ones, an even scatter.

    Ranking equal values by place would gather them at the top of the picture.

    Args:
        values: Not negative, one for each block of the picture, any shape.
        blocks: Numbers of the blocks to choose from.
        count: How many, at most as many as there are.

    Returns:
        Their numbers, in no particular order.
    """
    scattered = (blocks.astype(np.uint64) * _SCATTER) & _LOW_BITS
    keys = (values.ravel()[blocks].astype(np.uint64) << np.uint64(32)) | scattered
    return blocks[np.argpartition(keys, count - 1)[:count]] if count else blocks[:0]


def find_even_blocks(
    pixels: NDArray[np.uint8],
    valid: NDArray[np.bool_],
    cell: int,
    bin_size: int,
    even_share: float,
    quiet_share: float,
) -> EvenBlocks:
    """Count, in each cell, the even blocks and those of them with least noise (algorithms 3 to 10).

    In each channel, valid blocks are sorted by their mean and cut into bins of about equal size.
    Those of a bin with the lowest low-frequency energy are even: what varies in them is noise.
    Those of the even ones with the lowest variance are quiet.

    Args:
        pixels: Shape (H, W, channels), both sides at least 3.
        valid: From :func:`valid_blocks`.
        cell: Side of a cell in pixels.
        bin_size: Blocks in a bin, b.
        even_share: Share of a bin's blocks that are even, n.
        quiet_share: Share of the even ones that are quiet, m.

    Returns:
        The counts; cells at the right and lower edge may be incomplete.
    """
    height, width, channels = pixels.shape
    rows, columns = -(-height // cell), -(-width // cell)
    even, quiet = (np.zeros(rows * columns, np.int64) for _ in range(2))
    blocks = np.flatnonzero(valid)
    bins = max(1, round(blocks.size / bin_size))
    size = blocks.size // bins
    even_count, quiet_count = int(size * even_share), int(size * even_share * quiet_share)
    used = 0
    for channel in range(channels):
        sums, energies, variances = measure_blocks(np.ascontiguousarray(pixels[..., channel]))
        by_mean = blocks[np.argsort(sums.ravel()[blocks], kind="stable")]
        for index in range(bins):
            end = blocks.size if index == bins - 1 else (index + 1) * size
            smooth = lowest(energies, by_mean[index * size : end], even_count)
            if int((variances.ravel()[smooth] == 0).sum()) >= quiet_count:
                continue
            used += 1
            for counts, chosen in (even, smooth), (quiet, lowest(variances, smooth, quiet_count)):
                y, x = np.divmod(chosen, width - SIDE + 1)
                counts += np.bincount(y // cell * columns + x // cell, minlength=counts.size)
    shape = rows, columns
    return EvenBlocks(even.reshape(shape), quiet.reshape(shape), used, bins * channels - used)
