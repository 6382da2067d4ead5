"""All channels of the evidence, in their order, which is part of a model's identity."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evidence import (
    cfa,
    content,
    cooccurrence,
    correlation,
    dct,
    double_quantization,
    earlier_compression,
    first_compression,
    ghost,
    grid,
    histogram,
    noise,
)
from locard_semi_global.evidence.groups import GROUPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.history import Facts
    from locard_semi_global.evidence.planes import Planes

VERSION: Final = "1"
"""Changes whenever a channel means something else than before."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace: its channels, and how they change when a picture is turned over.

    Attributes:
        group: One of :data:`~locard_semi_global.evidence.groups.GROUPS`.
        names: Of its channels.
        flip_x: For each channel of the picture mirrored left and right, which channel of the
            picture it is.
        flip_y: Likewise, mirrored top and bottom.
        transposed: Likewise, transposed.
        compute: Gives its channels, float32, (channels, h, w).
    """

    group: str
    names: tuple[str, ...]
    flip_x: tuple[int, ...]
    flip_y: tuple[int, ...]
    transposed: tuple[int, ...]
    compute: Callable[[Planes, Facts], NDArray[np.float32]]


TRACES: Final = (
    Trace("cfa", cfa.NAMES, cfa.FLIP_X, cfa.FLIP_Y, cfa.TRANSPOSED, lambda p, _: cfa.cfa(p)),
    Trace(
        "noise",
        noise.NAMES,
        noise.FLIP_X,
        noise.FLIP_Y,
        noise.TRANSPOSED,
        lambda p, _: noise.noise(p),
    ),
    Trace(
        "correlation",
        correlation.NAMES,
        correlation.FLIP_X,
        correlation.FLIP_Y,
        correlation.TRANSPOSED,
        lambda p, _: correlation.correlation(p),
    ),
    Trace(
        "co-occurrence",
        cooccurrence.NAMES,
        cooccurrence.FLIP_X,
        cooccurrence.FLIP_Y,
        cooccurrence.TRANSPOSED,
        lambda p, _: cooccurrence.cooccurrence(p),
    ),
    Trace("grid", grid.NAMES, grid.FLIP_X, grid.FLIP_Y, grid.TRANSPOSED, lambda p, _: grid.grid(p)),
    Trace("dct", dct.NAMES, dct.FLIP_X, dct.FLIP_Y, dct.TRANSPOSED, lambda p, _: dct.dct(p)),
    Trace(
        "quantisation",
        histogram.NAMES,
        histogram.FLIP_X,
        histogram.FLIP_Y,
        histogram.TRANSPOSED,
        histogram.histogram,
    ),
    Trace(
        "quantisation",
        double_quantization.NAMES,
        double_quantization.FLIP_X,
        double_quantization.FLIP_Y,
        double_quantization.TRANSPOSED,
        double_quantization.double_quantization,
    ),
    Trace(
        "quantisation",
        first_compression.NAMES,
        first_compression.FLIP_X,
        first_compression.FLIP_Y,
        first_compression.TRANSPOSED,
        first_compression.first_compression,
    ),
    Trace(
        "quantisation",
        earlier_compression.NAMES,
        earlier_compression.FLIP_X,
        earlier_compression.FLIP_Y,
        earlier_compression.TRANSPOSED,
        earlier_compression.earlier_compression,
    ),
    Trace(
        "ghost",
        ghost.NAMES,
        ghost.FLIP_X,
        ghost.FLIP_Y,
        ghost.TRANSPOSED,
        lambda p, _: ghost.ghost(p),
    ),
    Trace(
        "content",
        content.NAMES,
        content.FLIP_X,
        content.FLIP_Y,
        content.TRANSPOSED,
        lambda p, _: content.content(p),
    ),
)
"""In the order of their channels."""


def _joined(parts: Iterator[tuple[int, ...]]) -> tuple[int, ...]:
    """Return permutations of the traces as one of all channels."""
    joined: list[int] = []
    for part in parts:
        start = len(joined)
        joined += (start + place for place in part)
    return tuple(joined)


CHANNELS: Final = tuple(name for trace in TRACES for name in trace.names)
GROUP_OF: Final = tuple(GROUPS.index(trace.group) for trace in TRACES for _ in trace.names)
"""For each channel the place of its group in :data:`~…groups.GROUPS`."""

FLIP_X: Final = _joined(trace.flip_x for trace in TRACES)
FLIP_Y: Final = _joined(trace.flip_y for trace in TRACES)
TRANSPOSED: Final = _joined(trace.transposed for trace in TRACES)

IDENTITY: Final = {
    "evidence_version": VERSION,
    "evidence_channels": hashlib.sha256("\n".join(CHANNELS).encode()).hexdigest(),
    "evidence_groups": " ".join(GROUPS),
}
"""What a model's file says of its evidence; one that says anything else is not run."""


def extract(planes: Planes, facts: Facts) -> NDArray[np.float32]:
    """Return all channels.

    Args:
        planes: Of a picture, or of a band of one.
        facts: Of the whole picture.

    Returns:
        float32, (channels, h, w).
    """
    return np.concatenate(list(computed(planes, facts)))


def computed(planes: Planes, facts: Facts) -> Iterator[NDArray[np.float32]]:
    """Yield the channels of :func:`extract` trace by trace, which takes less memory."""
    for trace in TRACES:
        yield trace.compute(planes, facts)
