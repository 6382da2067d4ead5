"""How long `jpeg-grid` takes, against Pillow's decoding of the same photograph, run in turn.

To reach: 60 times at most on one megapixel. Also the time until a fresh process is ready, with and
without numba's cache of compiled code.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
import PIL.Image
import skimage.data

from locard import Image
from locard_traces.jpeg_grid import JpegGrid

ROUNDS = 15
QUALITY = 90
READY = "from locard_traces.jpeg_grid import JpegGrid; JpegGrid().load()"


def photograph() -> bytes:
    """Return a JPEG of 1024×1024 pixels: scikit-image's astronaut with its mirror images."""
    quarter = skimage.data.astronaut()
    half = np.concatenate([quarter, quarter[:, ::-1]], axis=1)
    file = io.BytesIO()
    PIL.Image.fromarray(np.concatenate([half, half[::-1]])).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def seconds(call: Callable[[], object]) -> float:
    """Return the wall-clock time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def decode(data: bytes) -> None:
    """Decode a picture with Pillow."""
    with PIL.Image.open(io.BytesIO(data)) as picture:
        picture.load()


def time_detector() -> None:
    """Print the times of the detector, on decoded pixels, and their ratios to decoding."""
    data = photograph()
    image = Image.from_bytes(data)
    megapixels = image.pixels.shape[0] * image.pixels.shape[1] / 1e6
    detectors = {
        "jpeg-grid": JpegGrid(),
        "  without missing grids": JpegGrid({"missing_grid": False}),
    }
    for detector in detectors.values():
        detector.examine(image)
    rounds = [
        [
            seconds(lambda: decode(data)),
            *(seconds(lambda d=d: d.examine(image)) for d in detectors.values()),  # type: ignore[misc]
        ]
        for _ in range(ROUNDS)
    ]
    print(f"{megapixels:.2f} megapixels, JPEG quality {QUALITY}, median of {ROUNDS}")
    for name, column in zip(["Pillow decodes", *detectors], zip(*rounds, strict=True), strict=True):
        ratio = statistics.median(t / r[0] for t, r in zip(column, rounds, strict=True))
        print(f"{name:<28}{1000 * statistics.median(column):8.1f} ms{ratio:8.1f} ×")
    print("to reach: 60 × or less")


def time_start() -> None:
    """Print how long a fresh process takes until the detector is ready."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}

        def start() -> None:
            subprocess.run([sys.executable, "-c", READY], check=True, env=environment)

        print(f"{'ready, nothing compiled':<28}{seconds(start):8.1f} s")
        warm = statistics.median(seconds(start) for _ in range(5))
        print(f"{'ready, compiled code cached':<28}{warm:8.1f} s")


if __name__ == "__main__":
    time_detector()
    time_start()
