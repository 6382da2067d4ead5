"""How good a pixel network is, stratum by stratum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from locard_kd_crop.pixel.pack import Pack
from locard_kd_crop.pixel.phases import CLASSES, NO_GRID, cropped_probability, is_moved
from locard_kd_crop.pixel.teaching import as_tensor, device_of

BLIND = "E"
"""The stratum in which nothing is to be seen; its crops are aligned."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a network got right in a stratum.

    Attributes:
        pictures: How many there are.
        balanced: Mean of the shares of crops and of uncropped pictures called rightly, at a
            probability of one half; NaN where one of the two is absent.
        offset: Share of crops whose phase has the largest probability of all 63 that a crop may
            have; NaN for a network of two classes.
        called_cropped: Share of all pictures that are called cropped.
    """

    pictures: int
    balanced: float
    offset: float
    called_cropped: float


def score(logits: NDArray[np.float32], phases: NDArray[np.int64]) -> Score:
    """Return how good logits (n, 65) or (n, 2) are, given the classes of the old grids (n,)."""
    moved = is_moved(phases)
    called = cropped_probability(logits) > 0.5
    offset = np.nan
    if logits.shape[1] == CLASSES and moved.any():
        offset = float((logits[moved, 1:NO_GRID].argmax(1) + 1 == phases[moved]).mean())
    balanced = np.nan
    if moved.any() and not moved.all():
        balanced = float(called[moved].mean() + 1 - called[~moved].mean()) / 2
    return Score(len(phases), balanced, offset, float(called.mean()) if len(called) else np.nan)


def by_stratum(
    logits: NDArray[np.float32], phases: NDArray[np.int64], strata: Sequence[str]
) -> Mapping[str, Score]:
    """Return the score of each stratum; arguments as in :func:`score`, and each picture's."""
    names = np.array(strata)
    return {
        name: score(logits[names == name], phases[names == name]) for name in sorted(set(strata))
    }


def whole_pictures(network: nn.Module, pack: Pack, numbers: Sequence[int]) -> NDArray[np.float32]:
    """Return a network's logits of pictures at full size; float32, shape (n, classes)."""
    network.eval()
    device = device_of(network)
    with torch.inference_mode():
        pictures = (as_tensor(pack.picture(number)[None].copy()) for number in numbers)
        found = [network(pixels.to(device).float()).cpu().numpy() for pixels in pictures]
    return np.concatenate(found)
