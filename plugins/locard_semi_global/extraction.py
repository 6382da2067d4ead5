"""The evidence of a whole picture, band by band, and the statistics that it is judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.cells import SIDE
from locard_semi_global.evidence.channels import CHANNELS, computed
from locard_semi_global.evidence.history import Gathering
from locard_semi_global.evidence.planes import Planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evidence.history import Facts

MARGIN = 8
"""Rows of cells that a band sees beyond its own: no trace looks further."""

_BAND_PIXELS = 3_000_000
_CELLS_COUNTED = 16_384
_MAD_TO_DEVIATION = np.float32(1.4826)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What all traces say of a picture.

    Attributes:
        values: float16, (channels, h, w): a vector for each whole cell of 8×8 pixels.
        medians: float32, (channels,): over the cells of the whole picture.
        spreads: float32, (channels,): 1.4826 times the median absolute deviation, likewise.
        facts: What was needed of the whole picture beforehand.
    """

    values: NDArray[np.float16]
    medians: NDArray[np.float32]
    spreads: NDArray[np.float32]
    facts: Facts


@dataclass(frozen=True, slots=True)
class _Band:
    """Rows of cells that belong to a band, and rows that it sees: first and last, in cells."""

    first: int
    last: int
    first_seen: int
    last_seen: int


def extract_picture(
    rgb: NDArray[np.uint8],
    luma: NDArray[np.uint8] | NDArray[np.float32] | None,
    table: NDArray[np.int64] | None,
) -> Evidence:
    """Compute the evidence of a picture; beside the result it needs some 200 MB, whatever its size.

    Args:
        rgb: uint8, (H, W, 3), at least 8 pixels a side.
        luma: (H, W), 0 to 255, of any type: decoded Y of a JPEG; None for .299 R + .587 G + .114 B.
        table: (8, 8), steps of the file's luma, vertical frequency first; None to estimate them.

    Raises:
        ValueError: A shape does not fit.
    """
    height, width = rgb.shape[0] // SIDE, rgb.shape[1] // SIDE
    bands = list(_bands(height, width))
    gathering = Gathering(table)
    for band in bands:
        gathering.add(
            _planes(rgb, luma, band), band.first - band.first_seen, band.last_seen - band.last
        )
    facts = gathering.facts()
    values = np.empty((len(CHANNELS), height, width), np.float16)
    for band in bands:
        inside = slice(band.first - band.first_seen, band.last - band.first_seen)
        first = 0
        for found in computed(_planes(rgb, luma, band), facts):
            values[first : first + len(found), band.first : band.last] = found[:, inside]
            first += len(found)
    medians, spreads = statistics(values)
    return Evidence(values, medians, spreads, facts)


def statistics(
    values: NDArray[np.float16],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return median and spread of each channel.

    Of more than 16,384 cells a regular grid over the whole picture is taken.

    Args:
        values: float16, (channels, h, w).

    Returns:
        Medians and 1.4826 · median absolute deviations, float32, (channels,) each.
    """
    step = int(np.ceil(np.sqrt(values[0].size / _CELLS_COUNTED)))
    some = values[:, ::step, ::step].reshape(len(values), -1).astype(np.float32)
    medians = np.median(some, axis=1)
    some -= medians[:, None]
    spreads = np.median(np.abs(some, out=some), axis=1) * _MAD_TO_DEVIATION
    return medians.astype(np.float32), spreads.astype(np.float32)


def _bands(height: int, width: int) -> Iterator[_Band]:
    rows = max(2 * MARGIN, _BAND_PIXELS // (SIDE * SIDE * width))
    for first in range(0, height, rows):
        last = min(first + rows, height)
        yield _Band(first, last, max(0, first - MARGIN), min(height, last + MARGIN))


def _planes(
    rgb: NDArray[np.uint8],
    luma: NDArray[np.uint8] | NDArray[np.float32] | None,
    band: _Band,
) -> Planes:
    rows = slice(SIDE * band.first_seen, SIDE * band.last_seen)
    return Planes.of(rgb[rows], None if luma is None else luma[rows].astype(np.float32))
