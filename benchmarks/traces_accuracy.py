"""What `double-jpeg`, `noise` and `ghost` find, and how often they are wrong, on photographs.

    python benchmarks/traces_accuracy.py FOLDER

The folder holds `casia1/val` (tampered, masks, authentic), `camera_originals` and `bsds500/val`.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy import ndimage

from locard import Detector, Finding, Image
from locard_traces.double_jpeg import DoubleJpeg
from locard_traces.ghost import Ghost
from locard_traces.noise import Noise

THRESHOLDS = 50
SEED = 3


def f1(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the F1 of the tampered class over the pixels."""
    both = int((predicted & truth).sum())
    return 2 * both / max(int(predicted.sum()) + int(truth.sum()), 1)


def localisation(finding: Finding, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Return F1 at 0.5 and at the best of 50 thresholds, everything suspicious among them.

    A finding without a map marks nothing at 0.5.
    """
    everything = f1(np.ones_like(truth), truth)
    if finding.map is None:
        return 0.0, everything
    values = finding.map.at_pixels(*truth.shape)
    thresholds = np.quantile(values, np.linspace(0, 0.99, THRESHOLDS))
    return f1(values > 0.5, truth), max(everything, *(f1(values > t, truth) for t in thresholds))


def localisation_as_published(finding: Finding, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Return F1 at 0.5 and at the best threshold in the way of the published figures.

    The evaluation that came with TruFor (Guillaro et al., CVPR 2023) leaves out the border of the
    mask, 7 pixels inside and 5 outside, and takes the better of the map and its inverse.
    """
    values = (
        finding.map.at_pixels(*truth.shape) if finding.map is not None else np.zeros(truth.shape)
    )
    inside = ndimage.minimum_filter(truth, 15)
    scored = inside | ~ndimage.maximum_filter(truth, 11)
    values, inside = values[scored], inside[scored]

    def either(marked: NDArray[np.bool_]) -> float:
        return max(f1(marked, inside), f1(~marked, inside))

    thresholds = np.quantile(values, np.linspace(0, 1, THRESHOLDS))
    best = max(either(values > t) for t in thresholds)
    return either(values > 0.5), best


def pictures(folder: Path) -> Iterator[Path]:
    """Yield the JPEG files of a folder."""
    yield from sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg"))


def on_casia(data: Path, detector: Detector) -> None:
    """Print pixel F1 on CASIA v1's tampered validation pictures, averaged over pictures."""
    folder = data / "casia1/val"
    results = []
    for path in pictures(folder / "tampered"):
        with Pillow.open(folder / "masks" / f"{path.stem}.png") as mask:
            truth = np.asarray(mask.convert("L")) > 127
        finding = detector.examine(Image.from_path(path))
        results.append(
            (
                *localisation(finding, truth),
                f1(np.ones_like(truth), truth),
                *localisation_as_published(finding, truth),
            )
        )
    strict, best, everything, lenient, lenient_best = np.mean(results, axis=0)
    print(
        f"{detector.name:12} casia1/val tampered: {len(results)} pictures, F1 at .5 {strict:.3f}, "
        f"best threshold {best:.3f}; all pixels marked {everything:.3f}; as published "
        f"{lenient:.3f}, {lenient_best:.3f}"
    )


def answers(detector: Detector, title: str, images: Iterator[Image]) -> None:
    """Print how often a detector says what, the quantiles of its score, and what its maps mark."""
    findings = [detector.examine(image) for image in images]
    said = Counter(f"{f.outcome} {f.reason or ''}".strip() for f in findings)
    scores = [f.score for f in findings if f.score is not None]
    quantiles = np.quantile(scores, [0.5, 0.9, 0.95, 0.99, 1])
    print(
        f"{detector.name:12} {title}: {dict(said)}; score at 50, 90, 95, 99, 100 %: "
        + ", ".join(f"{q:.3g}" for q in quantiles)
    )
    maps = [f.map.values for f in findings if f.map is not None]
    if maps:
        mean = np.mean([values.mean() for values in maps])
        marked = np.mean([(values > 0.5).mean() for values in maps])
        strongest = max(float(values.max()) for values in maps)
        print(
            f"{'':12} {len(maps)} maps: mean {mean:.3f}, above .5 {marked:.3f}, max {strongest:.3f}"
        )


def compress(picture: Pillow.Image, quality: int) -> bytes:
    """Return the picture as JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def resaved(folder: Path, side: int, compressions: int, splice: bool) -> Iterator[Image]:
    """Yield photographs made half as large, compressed once or twice, with a patch or without.

    Halving removes what an earlier compression left on the 8×8 grid. The first quality is below the
    last; the patch, a quarter of each side, was never compressed before and comes from the
    photograph two files on.
    """
    rng = np.random.default_rng(SEED)
    paths = list(pictures(folder))
    for index, path in enumerate(paths):
        picture = shrunk(path, side)
        last = int(rng.integers(65, 98))
        first = int(rng.integers(50, last - 4))
        if compressions == 2:
            picture = Pillow.open(io.BytesIO(compress(picture, first))).convert("RGB")
        if splice:
            width, height = picture.width // 4, picture.height // 4
            patch = shrunk(paths[(index + 2) % len(paths)], side).resize((width, height))
            corner = (int(rng.integers(3 * width)), int(rng.integers(3 * height)))
            picture.paste(patch, corner)
        yield Image.from_bytes(compress(picture, last))


def shrunk(path: Path, side: int) -> Pillow.Image:
    """Return a photograph at half its size or less, no side longer than ``side``."""
    with Pillow.open(path) as picture:
        factor = min(0.5, side / max(picture.size))
        size = (round(picture.width * factor), round(picture.height * factor))
        return picture.convert("RGB").resize(size, Pillow.Resampling.LANCZOS)


def main(data: Path) -> None:
    """Print everything."""
    for detector in (DoubleJpeg(), Noise(), Ghost()):
        on_casia(data, detector)
        for folder in ("casia1/val/tampered", "casia1/val/authentic", "camera_originals"):
            images = (Image.from_path(path) for path in pictures(data / folder))
            answers(detector, folder, images)
    for folder, side in (("camera_originals", 1400), ("bsds500/val", 1400)):
        for compressions, splice in ((1, False), (2, False), (2, True)):
            title = f"{folder} halved, compressed {compressions}×{', patch' if splice else ''}"
            for detector in (DoubleJpeg(), Ghost()):
                answers(detector, title, resaved(data / folder, side, compressions, splice))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    main(parser.parse_args().folder)
