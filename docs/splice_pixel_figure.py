"""Draws docs/images/splice-pixel-evidence.png: what traces of pixels say of a made splice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image as Pillow
from skimage import data

from locard.evaluation.synthesis.demosaicking import through_filter
from locard_semi_global.evidence import cfa, content, cooccurrence, correlation, noise
from locard_semi_global.evidence.planes import Planes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

FILE = Path(__file__).parent / "images" / "splice-pixel-evidence.png"
LEFT, TOP, SIDE = 189, 67, 120
SHOWN = (
    "cfa-green-wide-01",
    "cfa-red-11",
    "noise-third-across-mean-log",
    "noise-red-green-mean-log",
    "correlation-red-green",
    "cooccurrence-parallel-zzzz",
    "content-log-contrast-wide",
)


def main() -> None:
    """Draw the figure."""
    pixels = _splice()
    planes = Planes.of(pixels)
    modules = (cfa, noise, correlation, cooccurrence, content)
    names = [name for module in modules for name in module.NAMES]
    channels = np.concatenate(
        [
            cfa.cfa(planes),
            noise.noise(planes),
            correlation.correlation(planes),
            cooccurrence.cooccurrence(planes),
            content.content(planes),
        ]
    )
    figure, axes = plt.subplots(2, 4, figsize=(12, 5), layout="constrained")
    places = iter(axes.flat)
    _show(next(places), pixels, "the picture")
    for name in SHOWN:
        _map(next(places), channels[names.index(name)], name)
    figure.savefig(FILE, dpi=80)


def _splice() -> NDArray[np.uint8]:
    """Return a photograph of one camera with a square from another's, never compressed.

    The other camera has a weaker noise and another pattern, and its picture was enlarged.
    """
    host = _photographed(_reduced(data.chelsea(), 400), "RGGB", noise=3, seed=1)
    donor = _photographed(_reduced(data.coffee(), 300), "GRBG", noise=2, seed=2)
    enlarged = np.asarray(
        Pillow.fromarray(donor).resize((400, 264), Pillow.Resampling.BICUBIC), np.uint8
    )
    mixed = host.copy()
    mixed[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = enlarged[60 : 60 + SIDE, 200 : 200 + SIDE]
    return mixed


def _reduced(pixels: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Return a photograph in a size in which no camera made it."""
    size = (width, width * 66 // 100)
    return np.asarray(Pillow.fromarray(pixels).resize(size, Pillow.Resampling.BICUBIC))


def _photographed(
    pixels: NDArray[np.uint8], pattern: str, noise: float, seed: int
) -> NDArray[np.uint8]:
    """Add noise of a sensor, in grey levels, then measure through a colour filter array."""
    draws = np.random.default_rng(seed).normal(0, noise, pixels.shape)
    noisy = np.clip(np.round(pixels + draws), 0, 255).astype(np.uint8)
    return through_filter(noisy, pattern, "bilinear")


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
