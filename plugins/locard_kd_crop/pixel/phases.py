"""The classes: where the old grid begins in a picture.

Class 8·y + x means that blocks of the old grid begin at row y and column x, modulo 8. Class 0 is
the picture that is not cropped as far as the phase tells. Class 64 has no grid at all. A network
with two classes tells those with a moved grid, 1, from all others, 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PERIOD = 8
NOT_CROPPED = 0
NO_GRID = PERIOD * PERIOD
CLASSES = NO_GRID + 1
BINARY = 2


def phase_class(x: int, y: int) -> int:
    """Return the class of an old grid that begins at column x and row y."""
    return PERIOD * (y % PERIOD) + x % PERIOD


def is_moved(classes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which classes say that the grid was moved, and so that the picture was cropped."""
    return np.asarray((classes != NOT_CROPPED) & (classes != NO_GRID), np.bool_)


def mirrored(horizontally: bool, vertically: bool) -> NDArray[np.int64]:
    """Return what becomes of each class when a picture is mirrored.

    The picture's sides must be multiples of 8: the last encoder's grid then stays where it is.

    Args:
        horizontally: Left and right change places: x becomes −x modulo 8.
        vertically: Top and bottom change places: y becomes −y modulo 8.

    Returns:
        Int64, shape (65,): the new class of each class. It is its own inverse, so that logits are
        permuted by the same indices: ``logits[:, mirrored(...)]``.
    """
    y, x = np.divmod(np.arange(NO_GRID), PERIOD)
    new_y = -y % PERIOD if vertically else y
    new_x = -x % PERIOD if horizontally else x
    return np.append(PERIOD * new_y + new_x, NO_GRID).astype(np.int64)


def cropped_probability(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the probability that pictures are cropped, by phase.

    Args:
        logits: Shape (n, 65) or, of a binary network, (n, 2), in nats.

    Returns:
        Float64, shape (n,): 1 − p₀ − p₆₄, added up from the other classes, where small values are
        exact.
    """
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    likely = np.exp(shifted)
    moved = likely[:, 1:NO_GRID].sum(1)  # of two classes, the second alone
    return np.asarray(moved / likely.sum(1), np.float64)
