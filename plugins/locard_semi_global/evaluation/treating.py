"""What is done to a picture before it is looked at: the framework's treatments, and probes.

A probe takes one thing away from a picture, to see what a network lives on: its border, the order
of its parts, its colours, or the tables of its last JPEG save.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from locard.evaluation.rows import UNTREATED
from locard.evaluation.treatments import Treatment, TreatmentError, parse
from locard.evaluation.treatments.pixels import (
    JPEG_LARGEST_SIDE,
    encode_jpeg,
    nearest,
    resize,
    scaled_length,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from locard.image import Image

RESAVED: Final = "resaved"
"""Authentic pictures saved again with tables of tampered ones: no table tells the classes apart."""

FORMS: Final = (
    "border-N (pixels cut off on all four sides)",
    "tiles-N (tiles of N pixels mixed)",
    "sent-N-Q (reduced to N pixels if larger, saved as JPEG)",
)

_CELL = 8
_BYTE = 255
_SAMPLINGS: Final = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0"}
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Bordered(Treatment):
    """Cut on all four sides, stored without loss.

    Attributes:
        width: Pixels on each side; multiples of 8 keep the grid where it was.
    """

    width: int

    @property
    def name(self) -> str:
        """``border-16``."""
        return f"border-{self.width}"

    @property
    def words(self) -> str:
        """What is done."""
        return f"cut by {self.width} px on all sides"

    def truth(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """See :meth:`~locard.evaluation.treatments.Treatment.truth`."""
        return mask[self.width : -self.width, self.width : -self.width]

    def _pixels(self, pixels: NDArray[np.uint8], image: Image) -> NDArray[np.uint8]:
        if min(pixels.shape[:2]) < 2 * self.width + 64:
            raise TreatmentError(
                f"a picture of {pixels.shape[1]}×{pixels.shape[0]} pixels, {self.words}, would "
                "have a side of fewer than 64 pixels",
                "Leave this probe out, or examine a larger picture.",
            )
        return pixels[self.width : -self.width, self.width : -self.width]


@dataclass(frozen=True, slots=True)
class Mixed(Treatment):
    """Tiles of the picture in another order, stored without loss; the truth goes with them.

    What is in a tile keeps its traces, and what the picture shows is gone. The order depends on
    nothing but the size; a rest at the right and at the bottom stays.

    Attributes:
        side: Of a tile in pixels, a multiple of 8 so that the grid stays.
    """

    side: int

    @property
    def name(self) -> str:
        """``tiles-64``."""
        return f"tiles-{self.side}"

    @property
    def words(self) -> str:
        """What is done."""
        return f"tiles of {self.side} px mixed"

    def truth(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """See :meth:`~locard.evaluation.treatments.Treatment.truth`."""
        return self._mixed(mask)

    def _pixels(self, pixels: NDArray[np.uint8], image: Image) -> NDArray[np.uint8]:
        return self._mixed(pixels)

    def _mixed(self, values: NDArray[Any]) -> NDArray[Any]:
        rows, columns = (length // self.side for length in values.shape[:2])
        order = np.random.RandomState(0).permutation(rows * columns)
        mixed = values.copy()
        for to, come in enumerate(order.tolist()):
            mixed[self._tile(to, columns)] = values[self._tile(come, columns)]
        return mixed

    def _tile(self, number: int, columns: int) -> tuple[slice, slice]:
        top, left = (self.side * place for place in divmod(number, columns))
        return slice(top, top + self.side), slice(left, left + self.side)


@dataclass(frozen=True, slots=True)
class Grey(Treatment):
    """Without colours, stored without loss: R, G and B are the rounded luma."""

    @property
    def name(self) -> str:
        """``grey``."""
        return "grey"

    @property
    def words(self) -> str:
        """What is done."""
        return "without colours"

    def _pixels(self, pixels: NDArray[np.uint8], image: Image) -> NDArray[np.uint8]:
        if pixels.ndim == 2:
            return pixels
        luma = np.rint(pixels.astype(np.float32) @ _LUMA).astype(np.uint8)
        return np.repeat(luma[:, :, None], 3, axis=2)


@dataclass(frozen=True, slots=True)
class Sent(Treatment):
    """Reduced where it is larger, as messengers do, and saved as JPEG by Pillow (4:2:0).

    Attributes:
        side: The longer side afterwards at most, in pixels.
        quality: IJG quality, 1 to 100.
    """

    side: int
    quality: int

    @property
    def name(self) -> str:
        """``sent-1600-80``."""
        return f"sent-{self.side}-{self.quality}"

    @property
    def words(self) -> str:
        """What is done."""
        return f"reduced to {self.side} px if larger, saved as JPEG at quality {self.quality}"

    def truth(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """See :meth:`~locard.evaluation.treatments.Treatment.truth`."""
        return nearest(mask, *self._size(*mask.shape))

    def apply(self, image: Image) -> bytes:
        """See :meth:`~locard.evaluation.treatments.Treatment.apply`."""
        pixels = image.pixels[:, :, 0] if image.header.channels == 1 else image.pixels
        size = self._size(image.height, image.width)
        smaller = pixels if size == (image.height, image.width) else resize(pixels, *size)
        return encode_jpeg(smaller, self.quality)

    def _size(self, height: int, width: int) -> tuple[int, int]:
        factor = min(1.0, self.side / max(height, width))
        return max(1, scaled_length(height, factor)), max(1, scaled_length(width, factor))


@dataclass(frozen=True, slots=True)
class Tables:
    """Quantisation tables and chroma sampling of a JPEG file.

    Attributes:
        tables: Of luma and chroma, 64 steps each, row by row.
        subsampling: As Pillow names it: ``4:2:0``, ``4:2:2`` or ``4:4:4``.
    """

    tables: tuple[tuple[int, ...], ...]
    subsampling: str


@dataclass(frozen=True, slots=True)
class Resaved(Treatment):
    """Saved as JPEG by Pillow with the tables of some other file.

    Attributes:
        choices: Tables of other files; the picture's SHA-256 says which it takes.
    """

    choices: tuple[Tables, ...]

    @property
    def name(self) -> str:
        """``resaved``."""
        return RESAVED

    @property
    def words(self) -> str:
        """What is done."""
        return "saved as JPEG with the tables of tampered pictures"

    def apply(self, image: Image) -> bytes:
        """See :meth:`~locard.evaluation.treatments.Treatment.apply`."""
        from PIL import Image as Pillow

        if max(image.width, image.height) > JPEG_LARGEST_SIDE:
            raise TreatmentError(
                f"a picture of {image.width}×{image.height} pixels cannot be saved as JPEG"
            )
        chosen = self.choices[int(image.sha256, 16) % len(self.choices)]
        grey = image.header.channels == 1
        pixels = image.pixels[:, :, 0] if grey else image.pixels
        file = io.BytesIO()
        how = {} if grey else {"subsampling": chosen.subsampling}
        tables = [list(table) for table in chosen.tables[: 1 if grey else 2]]
        Pillow.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", qtables=tables, **how)
        return file.getvalue()


def resaved_like(files: Sequence[Path]) -> Resaved | None:
    """Return the treatment that saves pictures with the tables of some files.

    Args:
        files: Of a data set's tampered pictures; what is no JPEG in YCbCr is passed over.

    Returns:
        The treatment, or None where no file has such tables.
    """
    found = {tables for file in files if (tables := _tables(file)) is not None}
    chosen = sorted(found, key=lambda one: (one.tables, one.subsampling))
    return Resaved(tuple(chosen)) if chosen else None


def _tables(file: Path) -> Tables | None:
    from locard.errors import LocardError
    from locard.image import read_header

    try:
        jpeg = read_header(file).jpeg
    except LocardError:
        return None
    if jpeg is None or jpeg.colour_space != "YCbCr":
        return None
    luma, chroma = jpeg.component_tables[:2]
    first, second = jpeg.components[:2]
    sampling = (first.horizontal // second.horizontal, first.vertical // second.vertical)
    if luma is None or chroma is None or sampling not in _SAMPLINGS or max(luma + chroma) > _BYTE:
        return None
    return Tables((luma, chroma), _SAMPLINGS[sampling])


_PROBES: Final = (
    (r"border-(\d{1,3})", lambda width: Bordered(int(width)) if int(width) else None),
    (
        r"tiles-(\d{1,3})",
        lambda side: Mixed(int(side)) if int(side) and int(side) % _CELL == 0 else None,
    ),
    (
        r"sent-(\d{2,4})-(\d{1,3})",
        lambda side, quality: Sent(int(side), int(quality)) if 1 <= int(quality) <= 100 else None,
    ),
    ("grey", Grey),
)


def treatment_of(name: str) -> Treatment | None:
    """Return the treatment or probe of a name; None of ``none``, the picture as it is.

    Args:
        name: ``none``, one of the framework's, ``border-N``, ``tiles-N`` or ``grey``.

    Raises:
        TreatmentError: There is none.
    """
    if name == UNTREATED:
        return None
    for pattern, make in _PROBES:
        found = re.fullmatch(pattern, name, re.ASCII)
        treatment = make(*found.groups()) if found else None
        if treatment is not None:
            return treatment
    try:
        return parse(name)
    except TreatmentError as error:
        raise TreatmentError(
            error.message, f"{error.hint or ''} And: {', '.join(FORMS)}, grey."
        ) from None
