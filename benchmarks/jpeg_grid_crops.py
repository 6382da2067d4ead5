"""Whether `jpeg-grid` reads the place of a cut off the pixels, which no mask can say.

    python benchmarks/jpeg_grid_crops.py FOLDER [--limit N]

A window of at most 900×700 pixels is cut at a random place, drawn with a fixed seed, from every
JPEG in the folder, which came straight from a camera, and saved as PNG: the offset of the cut
modulo 8 must be found.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from locard import Image
from locard.evaluation.treatments.pixels import encode_png
from locard_traces.jpeg_grid import JpegGrid

HEIGHT, WIDTH = 700, 900
FURTHEST = 40
SEED = 20210390


def judge(pixels: NDArray[np.uint8], x: int, y: int) -> str:
    """Say whether the offset of a window that begins at (x, y) is found."""
    window = pixels[y : y + HEIGHT, x : x + WIDTH]
    found = JpegGrid().examine(Image.from_bytes(encode_png(window))).measurements
    if found["grid_x"] is None:
        return "no grid"
    right = (found["cut_columns"], found["cut_rows"]) == (x % 8, y % 8)
    return "offset right" if right else "offset wrong"


def main() -> None:
    """Examine a folder and print counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=None, help="examine only the first so many")
    options = parser.parse_args()
    random = np.random.default_rng(SEED)
    paths = sorted(p for p in options.folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
    counts = Counter(
        judge(Image.from_path(path).pixels, *map(int, random.integers(1, FURTHEST, 2)))
        for path in paths[: options.limit]
    )
    for verdict, count in sorted(counts.items()):
        print(f"{verdict:<14}{count:4d}")


if __name__ == "__main__":
    main()
