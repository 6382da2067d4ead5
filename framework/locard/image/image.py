"""What a detector sees: one file's bytes, and everything that can be read from them, lazily."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from locard.errors import ImageError
from locard.image.decoding import decode
from locard.image.formats import Format
from locard.image.header import Header, read_header
from locard.image.jpeg import JpegStructure
from locard.image.jpeg_decoding import decode_jpeg
from locard.image.samples import Samples, read_only, to_luma, to_pixels
from locard.image.sources import read_file

if TYPE_CHECKING:
    from locard.image.metadata import Metadata

T = TypeVar("T")

_DECODED = ("_samples", "_decoded_y")
"""Lazy attributes that each prove, once they exist, that the whole picture can be decoded."""


class _Stopwatch:
    """Adds up time; what runs inside a running stopwatch counts once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._started = 0.0

    def __enter__(self) -> Self:
        if self._depth == 0:
            self._started = time.perf_counter()
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._started


def _lazy(method: Callable[[Any], T]) -> cached_property[T]:
    """Make a method an attribute that is computed once, and whose time counts as decoding."""

    def timed(image: Image) -> T:
        with image._stopwatch:
            return method(image)

    timed.__doc__ = method.__doc__
    return cached_property(timed)


class Image:
    """One picture under examination. Make one with :meth:`from_path` or :meth:`from_bytes`.

    Pixels are as stored: never rotated, never colour-managed, alpha never applied. Arrays are
    read-only and shared by all steps. Reading the header is strict; each lazy attribute raises
    :class:`~locard.errors.ImageError` where the picture is ``truncated``, ``corrupt`` or of an
    ``unsupported`` kind.

    Attributes:
        data: The file's bytes.
        name: What people call it, or None.
        header: What the file declares.
    """

    def __init__(self, data: bytes, name: str | None, header: Header) -> None:
        self.data = data
        self.name = name
        self.header = header
        self._stopwatch = _Stopwatch()

    @classmethod
    def from_bytes(
        cls, data: bytes, name: str | None = None, max_pixels: int | None = None
    ) -> Image:
        """Read an image's header.

        Args:
            data: The file's bytes.
            name: What people call it.
            max_pixels: The largest picture; None for the limit of :func:`read_header`.

        Raises:
            ImageError: As :func:`read_header`.
        """
        return cls(data, name, read_header(data, name=name, max_pixels=max_pixels))

    @classmethod
    def from_path(cls, path: Path | str, max_pixels: int | None = None) -> Image:
        """Read a file.

        Raises:
            LocardError: The path leads to no readable file.
            ImageError: As :func:`read_header`.
        """
        path = Path(path)
        return cls.from_bytes(read_file(path), path.name, max_pixels)

    @classmethod
    def from_array(cls, pixels: NDArray[Any], name: str | None = None) -> Image:
        """Make an image from samples, encoded without loss as PNG so that there are bytes.

        Args:
            pixels: uint8 or uint16; shape (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or
                (H, W, 4) RGB and alpha.
            name: What people call it.

        Raises:
            ValueError: The array is of another type or shape.
        """
        import imagecodecs

        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        if pixels.dtype not in (np.uint8, np.uint16) or channels not in (1, 2, 3, 4):
            raise ValueError(
                f"pixels are {pixels.dtype} of shape {pixels.shape}; they must be uint8 or uint16 "
                "of shape (H, W) or (H, W, 1 to 4)"
            )
        return cls.from_bytes(bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels))), name)

    @property
    def format(self) -> Format:
        """The format, by content."""
        return self.header.format

    @property
    def width(self) -> int:
        """Stored width in pixels."""
        return self.header.width

    @property
    def height(self) -> int:
        """Stored height in pixels."""
        return self.header.height

    @property
    def jpeg(self) -> JpegStructure | None:
        """The structure of a JPEG, else None."""
        return self.header.jpeg

    @property
    def decoding_seconds(self) -> float:
        """Time that all lazy attributes have taken so far, in seconds."""
        return self._stopwatch.seconds

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts an examiner should know; complete once the picture has been decoded."""
        decoded = (self.__dict__.get(name) for name in _DECODED)
        found = [note for samples in decoded if samples is not None for note in samples.notes]
        return tuple(dict.fromkeys((*self.header.notes, *found)))

    @_lazy
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    @_lazy
    def pixels(self) -> NDArray[np.uint8]:
        """RGB: uint8, shape (H, W, 3), C-contiguous, read-only."""
        return to_pixels(self._samples.native)

    @_lazy
    def luma(self) -> NDArray[np.float32]:
        """Luma: float32, shape (H, W), 0 to 255, read-only.

        Of a JPEG in YCbCr or grey, the decoded Y itself, before any colour conversion; of all else
        .299 R + .587 G + .114 B of :attr:`pixels`, unrounded.
        """
        decoded = self.decoded_y
        return to_luma(self.pixels) if decoded is None else read_only(decoded.astype(np.float32))

    @property
    def decoded_y(self) -> NDArray[np.uint8] | None:
        """Decoded Y of a JPEG in YCbCr or grey, before any colour conversion; None of all else.

        uint8, shape (H, W), read-only: :attr:`luma` in a quarter of the memory.
        """
        if self.jpeg is None or self.jpeg.colour_space not in ("YCbCr", "grey"):
            return None
        return read_only(self._decoded_y.native)

    @_lazy
    def native(self) -> NDArray[Any]:
        """Samples at their stored depth: uint8 or uint16, (H, W), (H, W, 3) or CMYK (H, W, 4).

        Palette indices are replaced by their colours, YCbCr by RGB, and samples of fewer than
        8 bits are spread over 0 to 255. In CMYK 0 is no ink.
        """
        return read_only(self._samples.native)

    @_lazy
    def alpha(self) -> NDArray[np.uint8] | None:
        """Opacity: uint8, shape (H, W), 255 for opaque, read-only; None without alpha."""
        alpha = self._samples.alpha
        return None if alpha is None else read_only(alpha)

    @_lazy
    def coefficients(self) -> tuple[NDArray[np.int16], ...]:
        """Quantised DCT coefficients of a JPEG, one array a component in file order.

        int16, shape (block rows, block columns, 8, 8), vertical frequency first, read-only. The
        tables to multiply with are :meth:`JpegStructure.table`.
        """
        from locard.image.coefficients import read_coefficients

        if self.jpeg is None:
            raise ImageError("unsupported", f"a {self.format} has no JPEG coefficients")
        self._rule_out_damage()
        return read_coefficients(self.data, self.jpeg)

    @_lazy
    def metadata(self) -> Metadata:
        """EXIF, XMP and colour profile. Raises nothing: problems are in its ``notes``."""
        from locard.image.metadata import read_metadata

        return read_metadata(self.data, self.header)

    @_lazy
    def _samples(self) -> Samples:
        return decode(self.data, self.header)

    @_lazy
    def _decoded_y(self) -> Samples:
        if self.header.channels == 1:
            return self._samples
        return decode_jpeg(self.data, cast(JpegStructure, self.jpeg), "GRAY")

    def _rule_out_damage(self) -> None:
        """Decode the whole picture, unless that has been done."""
        if not any(name in self.__dict__ for name in _DECODED):
            _ = self._samples
