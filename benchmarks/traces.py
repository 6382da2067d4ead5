"""How long trace detectors take, against Pillow's decoding, run in turn.

    python benchmarks/traces.py [PHOTOGRAPH]

The detectors get decoded pictures; without a photograph, 2 megapixels of scikit-image's.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import skimage.data

from locard import Image
from locard_traces.blk import Blk
from locard_traces.cfa import Cfa
from locard_traces.double_jpeg import DoubleJpeg
from locard_traces.ela import Ela
from locard_traces.ghost import Ghost
from locard_traces.nadq import Nadq
from locard_traces.noise import Noise
from locard_traces.noisesniffer import Noisesniffer
from locard_traces.splicebuster import Splicebuster

DETECTORS = (DoubleJpeg, Noise, Ghost, Ela, Cfa, Nadq, Blk, Splicebuster, Noisesniffer)
ROUNDS = 9
QUALITIES = (70, 90)


def photograph() -> bytes:
    """Return 1800×1200 pixels, saved twice: scikit-image's coffee with its mirror images."""
    picture = skimage.data.coffee()
    pair = np.concatenate([picture, picture[:, ::-1], picture], axis=1)
    pixels = np.concatenate([pair, pair[::-1], pair])
    data = b""
    for quality in QUALITIES:
        file = io.BytesIO()
        PIL.Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        data = file.getvalue()
        pixels = np.asarray(PIL.Image.open(io.BytesIO(data)))
    return data


def decode(data: bytes) -> None:
    """Decode a picture with Pillow."""
    with PIL.Image.open(io.BytesIO(data)) as picture:
        picture.load()


def seconds(call: Callable[[], object]) -> float:
    """Return the wall-clock time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(data: bytes) -> None:
    """Print medians and spreads, and ratios to the decoding in the same round."""
    image = Image.from_bytes(data)
    megapixels = image.width * image.height / 1e6
    _ = (image.pixels, image.luma, image.coefficients)
    runs: dict[str, Callable[[], object]] = {"Pillow decodes": lambda: decode(data)}
    for detector_class in DETECTORS:
        detector = detector_class()
        runs[detector.name] = lambda detector=detector: detector.examine(image)
    for run in runs.values():
        run()
    times = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            times[name].append(seconds(run))
    print(f"{image.width}×{image.height}, {megapixels:.2f} megapixels, {ROUNDS} rounds in turn")
    for name, taken in times.items():
        ratios = [a / b for a, b in zip(taken, times["Pillow decodes"], strict=True)]
        print(
            f"{name:16} {1000 * statistics.median(taken):7.1f} ms "
            f"({1000 * min(taken):.1f} to {1000 * max(taken):.1f}), "
            f"{statistics.median(ratios):5.1f} × decoding"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else photograph())
