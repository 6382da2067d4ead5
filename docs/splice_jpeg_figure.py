"""Draws docs/images/splice-jpeg-evidence.png: what traces of JPEG history say of a made splice."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image as Pillow
from skimage import data

from locard_semi_global.evidence import (
    dct,
    double_quantization,
    first_compression,
    ghost,
    grid,
    histogram,
)
from locard_semi_global.evidence.history import facts_of
from locard_semi_global.evidence.planes import Planes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

FILE = Path(__file__).parent / "images" / "splice-jpeg-evidence.png"
LEFT, TOP, SIDE = 189, 67, 120
SHOWN = (
    "grid-column-7",
    "luma-on-grid-high",
    "steps-high-1",
    "ghost-75",
    "double-quantization-pooled-3",
    "first-compression-pooled-3",
)


def main() -> None:
    """Draw the figure."""
    pixels, table = _splice()
    planes = Planes.of(pixels)
    facts = facts_of(planes, table)
    modules = (grid, dct, histogram, ghost, double_quantization, first_compression)
    names = [name for module in modules for name in module.NAMES]
    channels = np.concatenate(
        [
            grid.grid(planes),
            dct.dct(planes),
            histogram.histogram(planes, facts),
            ghost.ghost(planes),
            double_quantization.double_quantization(planes, facts),
            first_compression.first_compression(planes, facts),
        ]
    )
    figure, axes = plt.subplots(2, 4, figsize=(12, 5), layout="constrained")
    places = iter(axes.flat)
    _show(next(places), pixels, "the picture")
    for name in SHOWN:
        _map(next(places), channels[names.index(name)], name)
    steps = facts.first_steps.astype(float)
    steps[steps == 0] = np.nan
    last = next(places)
    last.imshow(steps, cmap="viridis")
    last.set_title("first steps that were found", fontsize=9)
    last.set_axis_off()
    figure.savefig(FILE, dpi=80)


def _splice() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return a photograph of quality 75 with a square from one of 90, stored at 92."""
    host, _ = _through_jpeg(_reduced(data.chelsea()), 75)
    donor, _ = _through_jpeg(_reduced(data.coffee()), 90)
    mixed = host.copy()
    mixed[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = donor[60 : 60 + SIDE, 200 : 200 + SIDE]
    return _through_jpeg(mixed, 92)


def _reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a photograph in a size in which it never was a JPEG."""
    return np.asarray(Pillow.fromarray(pixels).resize((400, 264), Pillow.Resampling.BICUBIC))


def _through_jpeg(
    pixels: NDArray[np.uint8], quality: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=quality)
    with Pillow.open(file, formats=["JPEG"]) as picture:
        tables = getattr(picture, "quantization")  # noqa: B009  of JPEGs alone
        return np.asarray(picture), np.array(tables[0]).reshape(8, 8)


def _show(axes: Axes, pixels: NDArray[np.uint8], title: str) -> None:
    axes.imshow(pixels)
    axes.add_patch(plt.Rectangle((LEFT, TOP), SIDE, SIDE, fill=False, edgecolor="red"))
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()


def _map(axes: Axes, channel: NDArray[np.float32], title: str) -> None:
    low, high = np.quantile(channel, (0.01, 0.99))
    axes.imshow(channel, cmap="magma", vmin=low, vmax=high)
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()


if __name__ == "__main__":
    main()
