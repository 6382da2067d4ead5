"""What detectors that compare noise find, and how often they are wrong, on photographs.

    python benchmarks/residual_accuracy.py FOLDER [--detector NAME] [--parameters JSON] [--limit N]

The folder holds `casia1/val` (tampered, masks, authentic), `camera_originals`, `bsds500/val` and
`imagenet_sample`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy import ndimage
from traces_accuracy import answers, compress, localisation, on_casia, pictures

from locard import Detector, Image
from locard_traces.noisesniffer import Noisesniffer
from locard_traces.splicebuster import Splicebuster

DETECTORS: dict[str, type[Detector]] = {
    "noisesniffer": Noisesniffer,
    "splicebuster": Splicebuster,
}
AUTHENTIC = ("camera_originals", "casia1/val/authentic", "bsds500/val", "imagenet_sample")
WINDOW = 1600, 1200
QUALITY = 95
SEED = 5

Pixels = NDArray[np.uint8]


def window(path: Path) -> Pixels:
    """Return the upper left 1600×1200 pixels of a photograph, or what there is of them."""
    with Pillow.open(path) as picture:
        width, height = (min(a, b) for a, b in zip(picture.size, WINDOW, strict=True))
        return np.asarray(picture.convert("RGB").crop((0, 0, width, height)))


def splices(
    folder: Path, change: Callable[[Pixels, Pixels, np.random.Generator], Pixels]
) -> Iterator[tuple[Image, Image, NDArray[np.bool_]]]:
    """Yield photographs with a changed patch, a third of each side; the same without; and the mask.

    Both are saved again, as JPEG of quality 95.
    """
    rng = np.random.default_rng(SEED)
    paths = list(pictures(folder))
    for index, path in enumerate(paths):
        pixels, other = window(path), window(paths[(index + 37) % len(paths)])
        height, width = (side // 3 for side in pixels.shape[:2])
        y, x = rng.integers(2 * height), rng.integers(2 * width)
        place = np.s_[y : y + height, x : x + width]
        changed, mask = pixels.copy(), np.zeros(pixels.shape[:2], np.bool_)
        changed[place] = change(pixels[place], other[:height, :width], rng)
        mask[place] = True
        spliced, twin = (
            Image.from_bytes(compress(Pillow.fromarray(p), QUALITY)) for p in (changed, pixels)
        )
        yield spliced, twin, mask


def foreign(own: Pixels, other: Pixels, rng: np.random.Generator) -> Pixels:
    """Return another photograph's pixels, mirrored where that is too small."""
    missing = [(0, a - b) for a, b in zip(own.shape, other.shape, strict=True)]
    return np.pad(other, missing, mode="symmetric")


def noisier(own: Pixels, other: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the pixels themselves with normal noise of three grey levels."""
    return np.clip(np.rint(own + rng.normal(0, 3, own.shape)), 0, 255).astype(np.uint8)


def quieter(own: Pixels, other: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the pixels themselves, smoothed with a Gaussian of 0.6 pixels."""
    return ndimage.gaussian_filter(own, (0.6, 0.6, 0))


def on_splices(folder: Path, detector: Detector, limit: int) -> None:
    """Print pixel F1, how often a verdict falls, and how well the score tells the twins."""
    for change in (foreign, noisier, quieter):
        rows, scores, said = [], [], [0, 0]
        for spliced, twin, mask in islice(splices(folder, change), limit):
            found, twin_found = detector.examine(spliced), detector.examine(twin)
            rows.append(localisation(found, mask))
            scores.append((found.score or 0.0, twin_found.score or 0.0))
            said[0] += found.outcome == "detected"
            said[1] += twin_found.outcome == "detected"
        at_half, best = np.mean(rows, axis=0)
        altered, original = np.array(scores).T
        above = np.greater.outer(altered, original) + np.equal.outer(altered, original) / 2
        print(
            f"{detector.name:12} {change.__name__} patch: {len(rows)} pictures, F1 at .5 "
            f"{at_half:.3f}, best threshold {best:.3f}; all pixels marked 0.2; detected {said[0]}, "
            f"in the twins {said[1]}; score AUC {above.mean():.3f}"
        )


def main(data: Path, names: list[str], parameters: dict[str, object], limit: int) -> None:
    """Print everything."""
    for name in names:
        detector = DETECTORS[name](parameters)
        for folder in AUTHENTIC:
            images = (Image.from_path(path) for path in islice(pictures(data / folder), limit))
            answers(detector, folder, images)
        on_casia(data, detector)
        on_splices(data / "camera_originals", detector, limit)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detector", action="append", choices=sorted(DETECTORS))
    parser.add_argument("--parameters", type=json.loads, default={}, help="of the detector")
    parser.add_argument("--limit", type=int, default=1000, help="pictures of each folder")
    arguments = parser.parse_args()
    names = arguments.detector or sorted(DETECTORS)
    main(arguments.folder, names, arguments.parameters, arguments.limit)
