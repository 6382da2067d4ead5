"""Photographs of which synthetic pictures are made: which can be used, crops without traces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.building import Unusable
from locard.evaluation.synthesis.histories import MARGIN
from locard.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_REDUCTION = 2.5
MOST_REDUCTION = 4.0
"""How many times smaller crops are made, per side.

A photograph has a history of its own: a mosaic of period 2, a JPEG grid of period 8, denoising. A
Lanczos kernel that is widened by the reduction averages over more than a period of the mosaic, and
of the grid leaves blocks of 3.2 pixels at most, whose borders fall on no whole pixels.
"""

_TRIES = 12
_CLIPPED_AT_MOST = 0.05
_DARK, _BRIGHT = 4, 251
_LEAST_DETAIL = 1.5


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph that can be used.

    Attributes:
        name: The file's name, printable.
        path: Where it is.
        sha256: Of its bytes.
        width: In pixels.
        height: In pixels.
    """

    name: str
    path: str
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a photograph without traces of what the photograph went through.

    Attributes:
        pixels: uint8, (S, S, 3).
        reduction: How many times smaller than in the photograph.
    """

    pixels: NDArray[np.uint8]
    reduction: float


def inspect(path: str, size: int) -> Photograph | Unusable:
    """Read a whole photograph, and say whether pictures of a size can be made from it.

    Args:
        path: The file.
        size: Side of the pictures, in pixels.
    """
    from locard.image import Image

    name = printable(Path(path).name)
    try:
        image = Image.from_path(path)
        if image.header.channels == 1:
            return Unusable(name, "it is grey, and colour filters cannot be simulated on it")
        least = smallest_side(size)
        if min(image.width, image.height) < least:
            return Unusable(
                name,
                f"{image.width}×{image.height} is too small: {size} px reduced "
                f"{LEAST_REDUCTION:g} times take {least} px a side",
            )
        _ = image.pixels
    except LocardError as error:
        return Unusable(name, error.message, broken=True)
    digest = hashlib.sha256(image.data).hexdigest()
    return Photograph(name, path, digest, image.width, image.height)


def smallest_side(size: int) -> int:
    """Return the least side that a photograph must have for pictures of a size, in pixels."""
    return int(np.ceil(LEAST_REDUCTION * (size + MARGIN)))


def distinct(found: Iterable[Photograph | Unusable]) -> tuple[list[Photograph], list[Unusable]]:
    """Return photographs sorted by hash, each once, and what is passed over."""
    photographs: dict[str, Photograph] = {}
    unusable: list[Unusable] = []
    for one in found:
        if isinstance(one, Unusable):
            unusable.append(one)
        elif one.sha256 in photographs:
            same = photographs[one.sha256].name
            unusable.append(Unusable(one.name, f"it is the same file as {same}"))
        else:
            photographs[one.sha256] = one
    return [photographs[sha256] for sha256 in sorted(photographs)], unusable


def grouped(photographs: Sequence[Photograph], seed: int) -> list[tuple[Photograph, ...]]:
    """Divide photographs at random into pairs, of an odd number the last into a group of three.

    Host and donor always come from one group, so that groups share no photograph: what is learned
    or cross-validated on some groups has seen nothing of the others.

    Args:
        photographs: At least two, in a fixed order.
        seed: Of the division.
    """
    order = np.random.default_rng([seed, 0]).permutation(len(photographs))
    shuffled = [photographs[place] for place in order]
    pairs = len(shuffled) // 2
    groups = [tuple(shuffled[2 * pair : 2 * pair + 2]) for pair in range(pairs)]
    if len(shuffled) % 2:
        groups[-1] = (*groups[-1], shuffled[-1])
    return groups


def draw_crop(pixels: NDArray[np.uint8], side: int, random: np.random.Generator) -> Crop:
    """Cut a random part of a photograph and reduce it.

    Of a dozen parts the first is taken that is neither overexposed nor empty: a clear sky carries
    no trace of anything. Where all are, the one with the most detail is taken.

    Args:
        pixels: uint8, (H, W, 3).
        side: Of the result, in pixels.
        random: Where chance comes from.
    """
    poor: list[Crop] = []
    for crop in _crops(pixels, side, random):
        if is_rich(crop.pixels):
            return crop
        poor.append(crop)
    return max(poor, key=lambda crop: _richness(crop.pixels))


def _crops(pixels: NDArray[np.uint8], side: int, random: np.random.Generator) -> Iterator[Crop]:
    from PIL import Image as Pillow

    picture = Pillow.fromarray(pixels)
    height, width = pixels.shape[:2]
    most = min(MOST_REDUCTION, min(height, width) / side)
    for _ in range(_TRIES):
        reduction = float(random.uniform(LEAST_REDUCTION, most))
        x = float(random.uniform(0, width - reduction * side))
        y = float(random.uniform(0, height - reduction * side))
        box = (x, y, x + reduction * side, y + reduction * side)
        small = picture.resize((side, side), Pillow.Resampling.LANCZOS, box=box)
        yield Crop(np.asarray(small), round(reduction, 3))


def is_rich(pixels: NDArray[np.uint8]) -> bool:
    """Return whether a crop has detail, and is black or white almost nowhere."""
    return _clipped(pixels) <= _CLIPPED_AT_MOST and _richness(pixels) >= _LEAST_DETAIL


def _richness(pixels: NDArray[np.uint8]) -> float:
    """Return the mean step between neighbours, less for what is clipped, in grey levels."""
    luma = pixels.astype(np.float32).mean(axis=2)
    return float(np.abs(np.diff(luma, axis=1)).mean()) * (1 - _clipped(pixels))


def _clipped(pixels: NDArray[np.uint8]) -> float:
    """Return which share of the values is nearly black or nearly white."""
    return float(np.mean((pixels < _DARK) | (pixels > _BRIGHT)))
