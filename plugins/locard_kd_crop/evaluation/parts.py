"""The parts of a data set that are reported apart: strata, and what false alarms may hang on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_kd_crop.datasets.strata import ALIKE, BETTER, BLIND, LOSSLESS, WORSE, WORSE_BANDS
from locard_kd_crop.evaluation.pictures import FILE_BANDS, SIZE_BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.evaluation.pictures import Pictures

    Which = Callable[[Pictures], NDArray[np.bool_]]

LARGE: Final = "256 px and more"
SIZES: Final = (LARGE, SIZE_BANDS[1], SIZE_BANDS[0])
"""Sizes that every stratum is reported for, by the shorter side."""

STRATA, ALARMS = "strata", "false alarms"

_LARGE_SIDE = 256
_LITTLE_ABOVE = 300
_FINEST = (98, 99)
_SEEN = (*WORSE_BANDS[:2],)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the pictures.

    Attributes:
        table: :data:`STRATA` or :data:`ALARMS`: what is asked of it.
        name: Which pictures.
        size: One of :data:`SIZES`, or ``any size``.
        chosen: bool, shape (n,).
    """

    table: str
    name: str
    size: str
    chosen: NDArray[np.bool_]


def parts(pictures: Pictures) -> Iterator[Part]:
    """Yield all parts that have pictures, in the order of tables."""
    sizes = {size: _size(pictures, size) for size in SIZES}
    for size, large_enough in sizes.items():
        for name, chosen in _strata(pictures, size):
            if (chosen & large_enough).any():
                yield Part(STRATA, name, size, chosen & large_enough)
    for name, chosen in _sources(pictures):
        some = chosen & ~pictures.moved
        if some.any():
            yield Part(ALARMS, name, "any size", some)


def _size(pictures: Pictures, size: str) -> NDArray[np.bool_]:
    if size == LARGE:
        return np.asarray(pictures.sides >= _LARGE_SIDE)
    return np.asarray(pictures.size_bands == SIZE_BANDS.index(size))


def _strata(pictures: Pictures, size: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    stratum, ratio = pictures.column("stratum"), pictures.column("ratio")
    alike, worse, blind = (stratum == name for name in (ALIKE, WORSE, BLIND))
    yield "A", stratum == LOSSLESS
    yield "B", stratum == BETTER
    yield "C", alike
    if size == LARGE:
        yield "C, 256 to 300 px", alike & (pictures.sides <= _LITTLE_ABOVE)
    first = pictures.column("first_quality")
    yield "C, first quality 98 or 99", alike & np.isin(first, [str(q) for q in _FINEST])
    for band in _SEEN:
        yield f"D, step ratio {band}", worse & (ratio == band)
    yield "D, step ratio 1.15-2", worse & np.isin(ratio, _SEEN)
    for band in WORSE_BANDS[len(_SEEN) :]:
        yield f"D, step ratio {band}", worse & (ratio == band)
    yield "E", blind
    variants = pictures.column("variant")
    for variant in sorted(set(variants[blind].tolist())):
        yield f"E, {variant}", blind & (variants == variant)


def _sources(pictures: Pictures) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    yield "all", np.ones(len(pictures), np.bool_)
    tools = pictures.column("tool")
    for tool in sorted(set(tools.tolist())):
        yield tool, tools == tool
    for place, band in enumerate(FILE_BANDS):
        yield band, pictures.file_bands == place
    for place, band in enumerate(SIZE_BANDS):
        yield band, pictures.size_bands == place
