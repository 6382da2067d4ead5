"""What becomes of pictures: saved again, resized, sent by messengers, stripped of their header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.treatments.pixels import encode_png, nearest, scaled_length
from locard_kd_crop.datasets.tables import ijg
from locard_semi_global.synthesis.resizing import REDUCERS, resized
from locard_semi_global.synthesis.saving import Save, decode, draw_save, encode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.datasets.tables import Tables

NONE = "none"
"""The chain of a picture that is as it was."""

KINDS: Mapping[str, float] = {
    "saved-again": 0.4,
    "resized": 0.25,
    "messenger": 0.2,
    "header-lost": 0.15,
}
"""What a chain is, and how often."""

WORST, BEST = 60, 95
MESSENGER_WORST, MESSENGER_BEST = 70, 85
LEAST_FACTOR, MOST_FACTOR = 0.5, 1.5
SMALLEST_SIDE = 64
"""No picture is made smaller than this, in pixels."""

_LONGEST = (1024, 1280, 1600, 2048)
"""Longest sides that messengers reduce to, in pixels."""
_STRIPPED = 0.2
_LOSSLESS = 0.3
_TWICE = 0.2


@dataclass(frozen=True, slots=True)
class Resize:
    """A picture is resized.

    Attributes:
        width: New, in pixels.
        height: New, in pixels.
        method: One of :data:`locard_semi_global.synthesis.resizing.REDUCERS`.
    """

    width: int
    height: int
    method: str

    @property
    def words(self) -> str:
        """``resized to 300×200 (bicubic)``."""
        return f"resized to {self.width}×{self.height} ({self.method})"


@dataclass(frozen=True, slots=True)
class Chain:
    """What happens to a picture, in order.

    Attributes:
        kind: One of :data:`KINDS`, or :data:`NONE`.
        steps: Resizes and saves.
        lossless: Whether it is stored as PNG at the end.
    """

    kind: str
    steps: tuple[Resize | Save, ...]
    lossless: bool

    @property
    def words(self) -> str:
        """The steps, joined by ``>``."""
        words = [step.words for step in self.steps] + (["png"] if self.lossless else [])
        return " > ".join(words) or NONE

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of the picture at the end."""
        for step in self.steps:
            if isinstance(step, Resize):
                width, height = step.width, step.height
        return width, height


AS_IT_IS = Chain(NONE, (), False)


def draw_chain(
    random: np.random.Generator,
    width: int,
    height: int,
    cameras: Sequence[Tables] = (),
) -> Chain:
    """Draw what becomes of a picture.

    Args:
        random: Where chance comes from.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        cameras: Tables of cameras that it may be saved with.
    """
    kind = str(random.choice(list(KINDS), p=list(KINDS.values())))
    steps: list[Resize | Save] = []
    lossless = bool(random.random() < _STRIPPED)
    if kind == "messenger":
        steps += _messenger(random, width, height)
    elif kind == "resized":
        steps.append(_resize(random, width, height))
        lossless = bool(random.random() < _LOSSLESS)
        if not lossless:
            steps.append(draw_save(random, cameras, WORST, BEST))
    elif kind == "saved-again":
        steps += [
            draw_save(random, cameras, WORST, BEST)
            for _ in range(2 if random.random() < _TWICE else 1)
        ]
    else:
        lossless = True
        if random.random() < 0.5:
            steps.append(draw_save(random, cameras, WORST, BEST))
    return Chain(kind, tuple(steps), lossless)


def _resize(random: np.random.Generator, width: int, height: int) -> Resize:
    factor = float(np.exp(random.uniform(np.log(LEAST_FACTOR), np.log(MOST_FACTOR))))
    factor = max(factor, min(1.0, SMALLEST_SIDE / min(width, height)))
    size = scaled_length(width, factor), scaled_length(height, factor)
    return Resize(*size, str(random.choice(REDUCERS)))


def _messenger(random: np.random.Generator, width: int, height: int) -> list[Resize | Save]:
    """Reduce to a longest side, and save with the tables of an IJG quality, 4:2:0."""
    fit = [longest for longest in _LONGEST if longest < max(width, height)]
    if fit:
        factor = float(random.choice(fit)) / max(width, height)
    else:
        factor = float(random.uniform(LEAST_FACTOR, 0.95))
    factor = max(factor, min(1.0, SMALLEST_SIDE / min(width, height)))
    size = scaled_length(width, factor), scaled_length(height, factor)
    method = str(random.choice(("bilinear", "bicubic", "lanczos", "box")))
    quality = int(random.integers(MESSENGER_WORST, MESSENGER_BEST + 1))
    return [Resize(*size, method), Save(ijg(quality), "4:2:0")]


def lived_on(data: bytes, chain: Chain) -> tuple[bytes, str]:
    """Put a file through a chain.

    Args:
        data: The file.
        chain: What happens to it.

    Returns:
        The new file, and its ending without a dot. A chain without steps that is not stored
        without loss returns the file itself, with an empty ending.

    Raises:
        ImageError: The file cannot be decoded.
    """
    if not chain.steps and not chain.lossless:
        return data, ""
    pixels = decode(data)
    saved = b""
    for step in chain.steps:
        if isinstance(step, Resize):
            pixels, saved = resized(pixels, (step.width, step.height), step.method), b""
        else:
            saved = encode(pixels, step)
            pixels = decode(saved)
    if saved and not chain.lossless:
        return saved, "jpg"
    return encode_png(pixels), "png"


def followed(mask: NDArray[np.bool_], chain: Chain) -> NDArray[np.bool_]:
    """Return where a mask lies after a chain: bool, of the new size.

    Args:
        mask: bool, (H, W) of the picture before.
        chain: What happened to it.
    """
    for step in chain.steps:
        if isinstance(step, Resize):
            mask = nearest(mask, step.height, step.width)
    return mask
