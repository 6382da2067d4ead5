"""What `cfa`, `nadq` and `blk` find, and what they mark in untouched photographs.

    python benchmarks/comparators_accuracy.py FOLDER [--detector NAME] [--limit N]

The folder holds `casia1/val` (tampered, masks, authentic), `camera_originals`, `bsds500/val` and
`imagenet_sample`. The splices are made of `camera_originals`, halved as in traces_accuracy.py, with
the history that each detector looks for; the twin of each is the same picture without the patch.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy import ndimage
from traces_accuracy import answers, compress, localisation, on_casia, pictures, shrunk

from locard import Detector, Image
from locard_traces.blk import Blk
from locard_traces.cfa import Cfa
from locard_traces.nadq import Nadq

DETECTORS: dict[str, type[Detector]] = {"blk": Blk, "cfa": Cfa, "nadq": Nadq}
AUTHENTIC = ("camera_originals", "casia1/val/authentic", "bsds500/val", "imagenet_sample")
SIDE = 1000
SEED = 11

Pixels = NDArray[np.uint8]
Maker = Callable[[Pixels, Pixels, np.random.Generator], tuple[Pixels, Pixels]]


def saved(pixels: Pixels, quality: int) -> Pixels:
    """Return pixels after a JPEG compression."""
    return np.asarray(Pillow.open(io.BytesIO(compress(Pillow.fromarray(pixels), quality))))


def demosaicked(pixels: Pixels) -> Pixels:
    """Return pixels of which every second green one is interpolated from its neighbours."""
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
    green = pixels[..., 1].astype(float)
    acquired = np.add.outer(*map(np.arange, green.shape)) % 2 == 0
    made = pixels.copy()
    made[..., 1] = np.where(acquired, green, np.rint(ndimage.correlate(green, cross)))
    return made


def resampled_in_demosaicked(
    host: Pixels, other: Pixels, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """A host as from a camera, a donor as from a camera and then made a fifth smaller."""
    size = round(other.shape[1] * 0.8), round(other.shape[0] * 0.8)
    return demosaicked(host), np.asarray(Pillow.fromarray(demosaicked(other)).resize(size))


def uncompressed_in_cut(
    host: Pixels, other: Pixels, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """A host compressed at 50 to 80 and cut off its grid, a donor without compression."""
    return saved(host, int(rng.integers(50, 81)))[3:, 5:], other


def shifted_in_uncompressed(
    host: Pixels, other: Pixels, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """A host without compression, a donor compressed at 50 to 80 on another grid."""
    return host, saved(other, int(rng.integers(50, 81)))[3:, 5:]


def shifted_in_compressed(
    host: Pixels, other: Pixels, rng: np.random.Generator
) -> tuple[Pixels, Pixels]:
    """A host and a donor compressed at 50 to 90, on different grids."""
    first, second = (int(quality) for quality in rng.integers(50, 91, 2))
    return saved(host, first), saved(other, second)[3:, 5:]


HISTORIES: dict[str, tuple[tuple[Maker, int | None], ...]] = {
    "cfa": tuple((resampled_in_demosaicked, quality) for quality in (None, 98, 95, 90)),
    "nadq": tuple(
        (maker, quality)
        for maker in (uncompressed_in_cut, shifted_in_uncompressed)
        for quality in (95, 90, 80)
    ),
    "blk": tuple((shifted_in_compressed, quality) for quality in (None, 95, 90)),
}


def splices(
    folder: Path, make: Maker, last: int | None
) -> Iterator[tuple[Image, Image, NDArray[np.bool_]]]:
    """Yield pictures with a patch, a third of each side; the same without; and the mask.

    The patch begins at multiples of 8 in both pictures, so that only their histories differ.
    """
    rng = np.random.default_rng(SEED)
    paths = list(pictures(folder))
    for index, path in enumerate(paths):
        other = shrunk(paths[(index + 37) % len(paths)], SIDE)
        host, donor = make(np.asarray(shrunk(path, SIDE)), np.asarray(other), rng)
        height, width = (
            min(a // 3, b) // 8 * 8 for a, b in zip(host.shape, donor.shape[:2], strict=False)
        )
        y, x = (
            8 * int(rng.integers((a - b) // 8))
            for a, b in zip(host.shape, (height, width), strict=False)
        )
        spliced, truth = host.copy(), np.zeros(host.shape[:2], np.bool_)
        spliced[y : y + height, x : x + width] = donor[:height, :width]
        truth[y : y + height, x : x + width] = True
        yield encoded(spliced, last), encoded(host, last), truth


def encoded(pixels: Pixels, quality: int | None) -> Image:
    """Return pixels as an image, without loss or as JPEG."""
    if quality is None:
        return Image.from_array(pixels)
    return Image.from_bytes(compress(Pillow.fromarray(pixels), quality))


def on_splices(folder: Path, detector: Detector, limit: int) -> None:
    """Print pixel F1 on splices of the detector's history, and what it marks in their twins."""
    for make, quality in HISTORIES[detector.name]:
        rows, marked, maps = [], [], 0
        for spliced, twin, truth in islice(splices(folder, make, quality), limit):
            found, twin_found = detector.examine(spliced), detector.examine(twin)
            everything = 2 * truth.mean() / (1 + truth.mean())
            rows.append((*localisation(found, truth), everything))
            maps += found.map is not None
            values = twin_found.map.values if twin_found.map is not None else np.zeros((1, 1))
            marked.append((values > 0.5).mean())
        at_half, best, everything = np.mean(rows, axis=0)
        print(
            f"{detector.name:12} {make.__name__}, last {quality}: {len(rows)} pictures, {maps} "
            f"maps, F1 at .5 {at_half:.3f}, best threshold {best:.3f}; all pixels marked "
            f"{everything:.3f}; marked in the twins {np.mean(marked):.3f}"
        )


def main(data: Path, names: list[str], limit: int) -> None:
    """Print everything."""
    for name in names:
        detector = DETECTORS[name]()
        for folder in AUTHENTIC:
            images = (Image.from_path(path) for path in islice(pictures(data / folder), limit))
            answers(detector, folder, images)
        on_casia(data, detector)
        on_splices(data / "camera_originals", detector, limit)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detector", action="append", choices=sorted(DETECTORS))
    parser.add_argument("--limit", type=int, default=1000, help="pictures of each folder")
    arguments = parser.parse_args()
    main(arguments.folder, arguments.detector or sorted(DETECTORS), arguments.limit)
