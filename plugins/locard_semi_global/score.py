"""What a whole picture's map comes to: one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SQUARE: Final = 4
"""Places of the map a side of the squares that are averaged first: 16 pixels."""

SHARE: Final = 0.01
"""Share of the squares that counts: the highest."""

FEWEST: Final = 4
"""Squares that count in a small picture."""


def image_score(logits: NDArray[np.float32]) -> float:
    """Return the mean logit of the most suspicious hundredth of a picture, in nats.

    A single place can be high by chance; a hundredth of a picture, in squares of 16×16 pixels, is
    about the smallest splice that is to be found.

    Args:
        logits: float32, (rows, columns), one for 4×4 pixels, as the network gives them.
    """
    rows, columns = (max(1, side // SQUARE) for side in logits.shape)
    high, wide = min(SQUARE, logits.shape[0]), min(SQUARE, logits.shape[1])
    whole = logits[: rows * high, : columns * wide]
    squares = whole.reshape(rows, high, columns, wide).mean(axis=(1, 3), dtype=np.float64).ravel()
    count = min(squares.size, max(FEWEST, round(SHARE * squares.size)))
    return float(np.partition(squares, squares.size - count)[squares.size - count :].mean())
