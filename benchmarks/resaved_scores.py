"""The scores from which `double-jpeg` has its threshold and `ghost` its largest share.

    python benchmarks/resaved_scores.py FOLDER

Every JPEG in the folder is made half as large, which removes what an earlier compression left on
the 8×8 grid, and compressed once, or twice with the first quality the lower one. Nothing was pasted
into any: how far do the scores reach?
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from locard import Detector, Finding, Image
from locard.evaluation.treatments.pixels import encode_jpeg, resize
from locard_traces.double_jpeg import DoubleJpeg
from locard_traces.ghost import Ghost

SIDE = 1400
SEED = 3
QUANTILES = (0.5, 0.9, 0.95, 0.99, 1)


def halved(path: Path) -> NDArray[np.uint8]:
    """Return a photograph at half its size or less, no side longer than ``SIDE``."""
    pixels = Image.from_path(path).pixels
    factor = min(0.5, SIDE / max(pixels.shape))
    return resize(pixels, round(pixels.shape[0] * factor), round(pixels.shape[1] * factor))


def resaved(paths: list[Path], compressions: int) -> Iterator[Image]:
    """Yield the photographs compressed once or twice, at random qualities."""
    random = np.random.default_rng(SEED)
    for path in paths:
        pixels = halved(path)
        last = int(random.integers(65, 98))
        first = int(random.integers(50, last - 4))
        if compressions == 2:
            pixels = Image.from_bytes(encode_jpeg(pixels, first)).pixels
        yield Image.from_bytes(encode_jpeg(pixels, last))


def describe(detector: Detector, findings: list[Finding]) -> str:
    """Say how often a detector says what, and the quantiles of its score."""
    said = Counter(f"{found.outcome} {found.reason or ''}".strip() for found in findings)
    scores = [found.score for found in findings if found.score is not None]
    quantiles = ", ".join(f"{value:.3g}" for value in np.quantile(scores, QUANTILES))
    return f"{detector.name}: {dict(said)}; score at 50, 90, 95, 99, 100 %: {quantiles}"


def main() -> None:
    """Examine a folder and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
    for compressions in (1, 2):
        for detector in (DoubleJpeg(), Ghost()):
            found = [detector.examine(image) for image in resaved(paths, compressions)]
            print(f"compressed {compressions}×, {describe(detector, found)}")


if __name__ == "__main__":
    main()
