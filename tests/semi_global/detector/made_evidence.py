"""Evidence without a picture: numbers that a test chooses."""

from __future__ import annotations

import numpy as np

from locard_semi_global.evidence.channels import CHANNELS
from locard_semi_global.evidence.history import facts_of
from locard_semi_global.evidence.planes import Planes
from locard_semi_global.extraction import Evidence, statistics

FACTS = facts_of(Planes.of(np.zeros((64, 64, 3), np.uint8)), None)
"""Of a black picture."""


def evidence_of(values: np.ndarray) -> Evidence:
    """Return evidence with given values: (channels, h, w)."""
    values = values.astype(np.float16)
    return Evidence(values, *statistics(values), FACTS)


def random_evidence(height: int, width: int, seed: int = 1) -> Evidence:
    """Return evidence that is noise in all channels."""
    return evidence_of(np.random.default_rng(seed).normal(size=(len(CHANNELS), height, width)))


def with_channels(height: int, width: int, **channels: np.ndarray) -> Evidence:
    """Return evidence that is 0 but for some channels, named with underscores: (h, w) each."""
    values = np.zeros((len(CHANNELS), height, width))
    for name, plane in channels.items():
        values[CHANNELS.index(name.replace("_", "-"))] = plane
    return evidence_of(values)
