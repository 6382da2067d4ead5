"""Sizes of pictures, as ``--size`` has them."""

from __future__ import annotations

import re

from locard.evaluation.datasets.building import BuildError
from locard_semi_global.synthesis.sources import Size

SMALLEST, LARGEST = 128, 4096


def parse(words: str) -> tuple[Size, ...]:
    """Read sizes.

    Args:
        words: ``384x256`` and the like, separated by commas.

    Returns:
        Longer and shorter side of each, sorted by area, each once.

    Raises:
        BuildError: They are not written so, or outside 128 to 4096 px.
    """
    return tuple(sorted({_parsed(word.strip()) for word in words.split(",")}, key=_area))


def _parsed(word: str) -> Size:
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", word, re.ASCII)
    if found:
        short, long = sorted((int(found[1]), int(found[2])))
        if SMALLEST <= short <= long <= LARGEST:
            return long, short
    raise BuildError(
        f"{word!r} is no size of pictures",
        f"Write 384x256, or several separated by commas; sides have {SMALLEST} to {LARGEST} px.",
    )


def _area(size: Size) -> tuple[int, Size]:
    return size[0] * size[1], size
