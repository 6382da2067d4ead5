"""Votes of pixels for the origin of the JPEG grid that covers them (ZERO, first part).

JPEG quantises the DCT coefficients of aligned 8×8 blocks, which leaves many of them zero. Of the 64
windows of 8×8 pixels that cover a pixel, the one that coincides with a block of an earlier
compression therefore has the most zeros, and the pixel votes for its phase.

Source: Nikoukhah, Anger, Colom, Morel, Grompone von Gioi, "ZERO: a Local JPEG Grid Origin Detector
Based on the Number of DCT Zeros and its Applications in Image Forensics", IPOL 11 (2021), 396–433,
doi:10.5201/ipol.2021.390, section 3.

Two decisions are taken exactly here that floating-point rounding takes in the published program:

* The luma is rounded in integers, so that a half is always rounded up.
* A coefficient whose modulus is exactly ½ is no zero. Luma values are integers, so coefficients
  whose cosines are rational (both frequencies 0 or 4) are multiples of ⅛ and meet ½ often. Rounding
  errors of the transform stay below 1e-11; :data:`ZERO_BOUND` keeps a hundredfold distance to them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 8
"""Side of a JPEG block in pixels."""

PHASES = BLOCK * BLOCK
"""How many origins a grid can have."""

NO_VOTE = -1
"""What a pixel has in the vote map that votes for no phase."""

ZERO_BOUND = 0.5 - 1e-9
"""Coefficients of smaller modulus count as zero: below ½, with a guard against rounding."""

# Orthonormal 8-point DCT-II: weights of the constant and of the cosines of kπ/16.
_C4 = math.sqrt(1 / 8)
_C1, _C2, _C3, _C5, _C6, _C7 = (math.cos(k * math.pi / 16) / 2 for k in (1, 2, 3, 5, 6, 7))


def luma_of(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the rounded luma, .299 R + .587 G + .114 B, that ZERO looks at.

    Args:
        pixels: uint8, shape (height, width, 3), RGB.

    Returns:
        float64, shape (height, width), integers 0…255; halves are rounded up.
    """
    thousandths = np.full(pixels.shape[:2], 500, np.int32)
    for channel, weight in enumerate((299, 587, 114)):
        thousandths += pixels[..., channel] * np.int32(weight)
    return (thousandths // 1000).astype(np.float64)


@njit(inline="always")
def _dct8(f0, f1, f2, f3, f4, f5, f6, f7):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the orthonormal DCT-II of eight values, by sums and differences of mirrored pairs."""
    s0, s1, s2, s3 = f0 + f7, f1 + f6, f2 + f5, f3 + f4
    d0, d1, d2, d3 = f0 - f7, f1 - f6, f2 - f5, f3 - f4
    outer, inner = s0 + s3, s1 + s2
    outer_slope, inner_slope = s0 - s3, s1 - s2
    return (
        _C4 * (outer + inner),
        _C1 * d0 + _C3 * d1 + _C5 * d2 + _C7 * d3,
        _C2 * outer_slope + _C6 * inner_slope,
        _C3 * d0 - _C7 * d1 - _C1 * d2 - _C5 * d3,
        _C4 * (outer - inner),
        _C5 * d0 - _C1 * d1 + _C7 * d2 + _C3 * d3,
        _C6 * outer_slope - _C2 * inner_slope,
        _C7 * d0 - _C5 * d1 + _C3 * d2 - _C1 * d3,
    )


@njit(inline="always")
def _is_zero(coefficient):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return 1 if abs(coefficient) < ZERO_BOUND else 0


@njit(cache=True, nogil=True)
def _transform_columns(strip: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Transform each column of eight rows; ``out[v, x]`` is its coefficient of frequency v."""
    r0, r1, r2, r3, r4, r5, r6, r7 = (
        strip[0], strip[1], strip[2], strip[3], strip[4], strip[5], strip[6], strip[7]
    )  # fmt: skip
    for x in range(r0.shape[0]):
        c = _dct8(r0[x], r1[x], r2[x], r3[x], r4[x], r5[x], r6[x], r7[x])
        out[0, x], out[1, x], out[2, x], out[3, x] = c[0], c[1], c[2], c[3]
        out[4, x], out[5, x], out[6, x], out[7, x] = c[4], c[5], c[6], c[7]


@njit(cache=True, nogil=True)
def _add_zeros(
    column_dct: NDArray[np.float64], counts: NDArray[np.int64], skip_constant: bool
) -> None:
    """Add the zeros of one vertical frequency to the counts of all windows of a row."""
    for x in range(counts.shape[0]):
        c = _dct8(
            column_dct[x], column_dct[x + 1], column_dct[x + 2], column_dct[x + 3],
            column_dct[x + 4], column_dct[x + 5], column_dct[x + 6], column_dct[x + 7],
        )  # fmt: skip
        zeros = _is_zero(c[1]) + _is_zero(c[2]) + _is_zero(c[3]) + _is_zero(c[4])
        zeros += _is_zero(c[5]) + _is_zero(c[6]) + _is_zero(c[7])
        if not skip_constant:
            zeros += _is_zero(c[0])
        counts[x] += zeros


@njit(cache=True, nogil=True)
def count_zeros(luma: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Count the zero AC coefficients of the 8×8 window at every pixel.

    The transform of a column serves the eight windows that share it.

    Args:
        luma: float64, shape (height, width), both at least 8.

    Returns:
        uint8, shape (height - 7, width - 7): 0…63 for the window whose upper left pixel is there.
    """
    rows, columns = luma.shape[0] - BLOCK + 1, luma.shape[1] - BLOCK + 1
    zeros = np.empty((rows, columns), np.uint8)
    column_dct = np.empty((BLOCK, luma.shape[1]))
    counts = np.empty(columns, np.int64)
    for y in range(rows):
        _transform_columns(luma[y : y + BLOCK], column_dct)
        counts[:] = 0
        for frequency in range(BLOCK):
            _add_zeros(column_dct[frequency], counts, frequency == 0)
        zeros[y] = counts
    return zeros


@njit(cache=True, nogil=True)
def find_constant(luma: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the 8×8 windows whose rows, or whose columns, are all constant.

    Args:
        luma: float64, shape (height, width), both at least 8.

    Returns:
        bool, shape (height - 7, width - 7).
    """
    height, width = luma.shape
    constant = np.zeros((height - BLOCK + 1, width - BLOCK + 1), np.bool_)
    # How many rows (columns) that end here lie one below (beside) the other and are constant.
    flat_rows = np.zeros(width, np.int64)
    same_above = np.zeros(width, np.int64)
    for y in range(height):
        same_left = 0
        flat_columns = 0
        for x in range(width):
            same_left = same_left + 1 if x > 0 and luma[y, x] == luma[y, x - 1] else 0
            same_above[x] = same_above[x] + 1 if y > 0 and luma[y, x] == luma[y - 1, x] else 0
            flat_rows[x] = flat_rows[x] + 1 if same_left >= BLOCK - 1 else 0
            flat_columns = flat_columns + 1 if same_above[x] >= BLOCK - 1 else 0
            if flat_rows[x] >= BLOCK or flat_columns >= BLOCK:
                constant[y - BLOCK + 1, x - BLOCK + 1] = True
    return constant


@njit(cache=True, nogil=True)
def _contest(
    most: NDArray[np.uint8],
    winners: NDArray[np.int8],
    zeros: NDArray[np.uint8],
    phases: NDArray[np.int8],
) -> None:
    """Let challengers with more zeros win, and those with as many turn the vote void."""
    for x in range(most.shape[0]):
        if zeros[x] > most[x]:
            most[x] = zeros[x]
            winners[x] = phases[x]
        elif zeros[x] == most[x]:
            winners[x] = NO_VOTE


@njit(cache=True, nogil=True)
def cast_votes(zeros: NDArray[np.uint8], constant: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Let every pixel vote for the phase of the window over it with strictly the most zeros.

    A contest among the eight windows of a row is settled once, for all eight pixels below.

    Args:
        zeros: uint8, shape (rows, columns), from :func:`count_zeros`.
        constant: bool, same shape, from :func:`find_constant`.

    Returns:
        int8, shape (rows + 7, columns + 7): (x mod 8) + 8 · (y mod 8) of the winning window, or
        :data:`NO_VOTE` for ties, constant windows, and the 7 pixels at the border, which fewer than
        64 windows cover.
    """
    rows, columns = zeros.shape
    border = BLOCK - 1
    votes = np.full((rows + border, columns + border), NO_VOTE, np.int8)
    span = max(0, columns - border)
    row_most = np.empty((BLOCK, span), np.uint8)
    row_winners = np.empty((BLOCK, span), np.int8)
    phases = np.empty(columns, np.int8)
    for y in range(rows):
        for x in range(columns):
            phases[x] = NO_VOTE if constant[y, x] else x % BLOCK + BLOCK * (y % BLOCK)
        slot = y % BLOCK
        row_most[slot] = 0
        row_winners[slot] = NO_VOTE
        for k in range(BLOCK):
            part = slice(k, k + span)
            _contest(row_most[slot], row_winners[slot], zeros[y, part], phases[part])
        if y >= border:
            most = np.zeros(span, np.uint8)
            for k in range(BLOCK):
                _contest(most, votes[y, border : border + span], row_most[k], row_winners[k])
    return votes


def vote(luma: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return the vote map of a picture.

    Args:
        luma: float64, shape (height, width), both at least 8; integers, from :func:`luma_of`.

    Returns:
        int8, shape (height, width); see :func:`cast_votes`.
    """
    return cast_votes(count_zeros(luma), find_constant(luma))
