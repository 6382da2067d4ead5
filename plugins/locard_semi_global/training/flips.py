"""Pictures turned over, in evidence that is computed already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.channels import FLIP_X, FLIP_Y, TRANSPOSED

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUNT = 8
"""How many ways there are to turn a picture over, the picture as it is among them."""

_ORDERS = tuple(np.array(order) for order in (FLIP_X, FLIP_Y, TRANSPOSED))


def flipped(values: NDArray[np.float16], turn: int) -> NDArray[np.float16]:
    """Return the evidence of a picture that was mirrored or transposed.

    Args:
        values: (channels, h, w).
        turn: Below :data:`COUNT`; bit 0 mirrors left and right, bit 1 top and bottom, bit 2
            transposes after that.

    Returns:
        (channels, h, w), or (channels, w, h) where it is transposed.
    """
    return np.ascontiguousarray(flipped_map(values[channel_order(turn)], turn))


def flipped_map(values: NDArray[np.generic], turn: int) -> NDArray[np.generic]:
    """Return a map, (…, h, w), turned as :func:`flipped` turns a picture."""
    if turn & 1:
        values = values[..., ::-1]
    if turn & 2:
        values = values[..., ::-1, :]
    return values.swapaxes(-1, -2) if turn & 4 else values


def channel_order(turn: int) -> NDArray[np.int64]:
    """Return for each channel of the turned picture which channel of the picture it is."""
    order = np.arange(len(FLIP_X))
    for bit, permutation in enumerate(_ORDERS):
        if turn >> bit & 1:
            order = order[permutation]
    return order
