"""A map of the whole picture from patches, row of patches by row, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from locard.errors import LocardError
from locard_semi_global.paper.blocks import PATCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    F32 = NDArray[np.float32]

Stride = Literal[32, 64]
Judge = Callable[["NDArray[np.uint8]"], tuple["F32", "F32"]]
"""Takes patches, uint8, (n, 64, 64, 3); gives probabilities of being spliced of their pixels,
float32, (n, 64, 64), and of the patches, float32, (n,)."""

_BATCH: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class PatchMap:
    """What the patches of a picture say.

    Attributes:
        values: Probability that a pixel is spliced, float32, (height, width).
        labels: Probability that a patch is spliced, float32, (rows, columns) of patches.
        stride: Pixels from patch to patch.
        origin: Row and column of the first patch's corner in the picture; negative where it
            begins in the mirrored border.
    """

    values: F32
    labels: F32
    stride: int
    origin: tuple[int, int]


def look(pixels: NDArray[np.uint8], judge: Judge, stride: Stride = 32) -> PatchMap:
    """Judge a picture patch by patch.

    With a stride of 64 patches lie side by side, as published. With 32 each pixel is in four, and
    their answers are blended with raised cosines, which add up to 1. The picture is mirrored about
    its edges (the edge pixels twice), so that the 8×8 grid of a JPEG goes on in its mirror image;
    patches begin at multiples of 32 from its corner.

    Args:
        pixels: uint8, (height, width, 3), 64 pixels a side at least.
        judge: What is asked of patches.
        stride: Pixels from patch to patch.

    Raises:
        LocardError: The picture is too small.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < PATCH:
        raise LocardError(
            f"the picture has {width}×{height} pixels; {PATCH} a side is the least",
            "Give a larger picture.",
        )
    before = PATCH - stride
    rows, columns = (_count(side, stride) for side in (height, width))
    across = _mirrored(width, before, columns * stride + before)
    down = _mirrored(height, before, rows * stride + before)
    window = _window(stride)
    values = np.empty((height, width), np.float32)
    labels = np.empty((rows, columns), np.float32)
    # Rows of pixels that the next row of patches adds to.
    open_rows = np.zeros((PATCH, len(across)), np.float32)
    for row in range(rows):
        strip = pixels[down[row * stride : row * stride + PATCH]][:, across]
        for first, masks, labelled in _judged(strip, judge, stride):
            labels[row, first : first + len(labelled)] = labelled
            for place, mask in enumerate(masks, first):
                open_rows[:, place * stride : place * stride + PATCH] += mask * window
        top = row * stride - before
        low, high = max(0, top), min(height, top + stride)
        if high > low:
            values[low:high] = open_rows[low - top : high - top, before : before + width]
        open_rows[: PATCH - stride] = open_rows[stride:]
        open_rows[PATCH - stride :] = 0
    return PatchMap(values.clip(0, 1), labels, stride, (-before, -before))


def _count(side: int, stride: int) -> int:
    """Return how many patches cover a side, the first beginning a patch less a stride before it."""
    return -(-(side + PATCH - stride) // stride)


def _mirrored(side: int, before: int, length: int) -> NDArray[np.int64]:
    """Return which pixel lies at each place of a side that is mirrored about its edges."""
    places = (np.arange(length) - before) % (2 * side)
    return np.where(places < side, places, 2 * side - 1 - places)


def _window(stride: int) -> F32:
    """Return the weights of a patch's answers; over all patches they add up to 1 at each pixel."""
    if stride == PATCH:
        return np.ones((PATCH, PATCH), np.float32)
    bow = np.sin(np.pi * (np.arange(PATCH) + 0.5) / PATCH) ** 2
    return np.outer(bow, bow).astype(np.float32)


def _judged(strip: NDArray[np.uint8], judge: Judge, stride: int) -> Iterator[tuple[int, F32, F32]]:
    """Yield the answers for a row of patches, with the number of the first patch of each lot."""
    windows = sliding_window_view(strip, (PATCH, PATCH), axis=(0, 1))
    cut = windows[0, ::stride].transpose(0, 2, 3, 1)
    for first in range(0, len(cut), _BATCH):
        masks, labels = judge(np.ascontiguousarray(cut[first : first + _BATCH]))
        yield first, masks, labels
