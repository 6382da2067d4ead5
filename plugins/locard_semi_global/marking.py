"""From which odds on a place is marked: where the expected F1 is largest.

Half is the best cut only for a map that is sure of itself. Where compression has wiped most traces
out, the network spreads what it believes over a part and its surroundings, and of a part that it
holds to be foreign with 0.3 nothing would be marked. If the places of a map are tampered with
independently, with the probabilities that it gives, the expected F1 of marking all places above a
cut is about 2 Σ p(marked) / (number marked + Σ p(all)); its largest value is reached at half of
itself (Z. C. Lipton, C. Elkan, B. Naryanaswamy, "Optimal thresholding of classifiers to maximize F1
measure", ECML PKDD 2014).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from numpy.typing import NDArray

BIAS: Final = -0.5
"""Added to logits before they are taken for probabilities: the network learned with tampered places
weighing more. Chosen, as the bounds, on validation pictures."""

LEAST, MOST = -1.0, 1.0
"""Bounds of the cut, in nats: nothing below odds of 0.37 is ever marked, nor is more asked than
odds of 2.7."""

_BLOCK = 1 << 18  # places


def cut_of(logits: NDArray[np.float32]) -> float:
    """Return the logit above which the expected F1 of a map is largest, within bounds.

    Args:
        logits: float32, (rows, columns), as the network gives them.
    """
    ordered = np.sort(logits, axis=None)[::-1]
    blocks = [slice(first, first + _BLOCK) for first in range(0, ordered.size, _BLOCK)]
    # In blocks: a large picture has millions of places.
    total = sum(float(_chances(ordered[block]).sum(dtype=np.float64)) for block in blocks)
    best, last, above = -1.0, 0, 0.0
    for block in blocks:
        sums = above + np.cumsum(_chances(ordered[block]), dtype=np.float64)
        expected = 2 * sums / (np.arange(1, sums.size + 1) + (block.start + total))
        place = int(expected.argmax())
        if expected[place] > best:
            best, last = float(expected[place]), block.start + place
        above = float(sums[-1])
    below = ordered[last + 1] if last + 1 < ordered.size else -np.inf
    return float(np.clip((float(ordered[last]) + float(below)) / 2, LEAST, MOST))


def marked(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a map's logits less its cut, so that what is above 0 is marked.

    The cut moves the whole map up or down; which place is more suspicious than which stays.

    Args:
        logits: float32, (rows, columns), as the network gives them.

    Returns:
        float32, of the same shape.
    """
    return logits - np.float32(cut_of(logits))


def _chances(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(expit(logits + np.float32(BIAS)))
