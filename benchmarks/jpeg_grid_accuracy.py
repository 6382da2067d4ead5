"""How often `jpeg-grid` is right, on a folder of JPEGs straight from cameras.

    python benchmarks/jpeg_grid_accuracy.py FOLDER [--limit N]

Every photograph is examined as it is, and after each of these, on a window of at most 900×700:

* resampled to 40 % and saved as PNG: nothing may be found, for the grid is gone;
* cropped at a random place and saved as PNG: the offset must be found;
* with 192×192 pixels of the next photograph, off its grid, and saved as PNG: the region must be
  found.

Places are drawn with a fixed seed.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from locard import Finding, Image
from locard_traces.jpeg_grid import JpegGrid

WINDOW = (700, 900)
PATCH = 192
SHRUNK = 0.4
SEED = 20210390

Pixels = NDArray[np.uint8]


def examine(pixels: Pixels) -> Finding:
    """Examine pixels as a PNG file."""
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return JpegGrid().examine(Image.from_bytes(file.getvalue()))


def judge_shrunk(pixels: Pixels) -> str:
    """Say what is found in a resampled picture."""
    picture = PIL.Image.fromarray(pixels)
    size = (round(picture.width * SHRUNK), round(picture.height * SHRUNK))
    return str(examine(np.asarray(picture.resize(size, PIL.Image.Resampling.LANCZOS))).outcome)


def judge_crop(pixels: Pixels, random: np.random.Generator) -> str:
    """Say whether the offset of a crop is found."""
    x, y = (int(offset) for offset in random.integers(1, 40, 2))
    found = examine(pixels[y : y + WINDOW[0], x : x + WINDOW[1]]).measurements
    if found["grid_x"] is None:
        return "no grid"
    right = (found["cut_columns"], found["cut_rows"]) == (x % 8, y % 8)
    return "offset right" if right else "offset wrong"


def judge_splice(pixels: Pixels, donor: Pixels, random: np.random.Generator) -> str:
    """Say whether a patch from another photograph is found, by the overlap of the mask with it."""
    spliced = pixels[: WINDOW[0], : WINDOW[1]].copy()
    x, y = (8 * int(random.integers(2, (side - PATCH) // 8 - 2)) for side in spliced.shape[1::-1])
    dx, dy = divmod(int(random.integers(1, 64)), 8)
    place = (slice(y, y + PATCH), slice(x, x + PATCH))
    spliced[place] = donor[64 + dy : 64 + dy + PATCH, 64 + dx : 64 + dx + PATCH]
    mask = examine(spliced).mask
    if mask is None:
        return "not found"
    overlap = mask[place].sum() / (mask.sum() + PATCH**2 - mask[place].sum())
    return f"found, overlap {'≥ ½' if overlap >= 0.5 else '< ½'}"


def large_enough(paths: list[Path]) -> Iterator[tuple[Path, Pixels]]:
    """Yield the JPEGs in which a patch has room."""
    for path in paths:
        with PIL.Image.open(path) as picture:
            if min(picture.size) >= 2 * PATCH:
                yield path, np.asarray(picture.convert("RGB"))


def main() -> None:
    """Examine a folder and print counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=None, help="examine only the first so many")
    options = parser.parse_args()
    paths = sorted(p for p in options.folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
    random = np.random.default_rng(SEED)
    counts: Counter[tuple[str, str]] = Counter()
    donor: Pixels | None = None
    for path, pixels in large_enough(paths[: options.limit]):
        untouched = JpegGrid().examine(Image.from_path(path))
        counts["as it is", f"{untouched.outcome} {untouched.reason or ''}".strip()] += 1
        counts["resampled", judge_shrunk(pixels)] += 1
        counts["cropped", judge_crop(pixels, random)] += 1
        if donor is not None:
            counts["spliced", judge_splice(pixels, donor, random)] += 1
        donor = pixels
    for (what, verdict), count in sorted(counts.items()):
        print(f"{what:<12}{verdict:<28}{count:5d}")


if __name__ == "__main__":
    main()
