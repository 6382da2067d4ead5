"""Quantised DCT coefficients of a JPEG, through jpeglib."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from locard.errors import ImageError
from locard.image.decoders import JPEGLIB_BACKEND
from locard.image.hostile import DecoderFailure, contained, overheard
from locard.image.jpeg import JpegStructure

_HARMLESS = ("extraneous bytes before marker", "Warning: unknown JFIF revision")


def read_coefficients(data: bytes, structure: JpegStructure) -> tuple[NDArray[np.int16], ...]:
    """Read the coefficients of a JPEG.

    jpeglib overruns its memory at more than 50 application segments, so they are left out. What it
    says of damage goes to standard error alone, where it is overheard.

    Returns:
        One array a component in file order: int16, shape (block rows, block columns, 8, 8),
        quantised, vertical frequency first, read-only. Blocks that only fill up the last MCU are
        left out.

    Raises:
        ImageError: ``unsupported`` where the coding has no coefficients that jpeglib can read,
            ``corrupt`` where it gives up or picture data was lost.
    """
    if structure.unsupported_coding:
        raise ImageError(
            "unsupported", f"no coefficients of {structure.unsupported_coding} JPEG can be read"
        )
    with tempfile.TemporaryDirectory(prefix="locard-") as folder:
        path = Path(folder) / "essential.jpg"  # jpeglib reads files only
        path.write_bytes(structure.essential(data))
        try:
            components = _read(path, len(structure.components))
        except DecoderFailure as failure:
            raise ImageError(
                "corrupt", f"the JPEG's coefficients cannot be read: {failure}"
            ) from None
    return components


def _read(path: Path, count: int) -> tuple[NDArray[np.int16], ...]:
    import jpeglib  # type: ignore[import-untyped]

    # Where jpeglib fails it prints file names, which must not get into anybody's output.
    quiet = redirect_stdout(io.StringIO())
    with contained(), overheard() as lines, quiet, jpeglib.version(JPEGLIB_BACKEND):
        jpeg = jpeglib.read_dct(str(path))
        planes = (jpeg.Y, jpeg.Cb, jpeg.Cr, jpeg.K)[:count]
    damage = [line for line in lines if not any(harmless in line for harmless in _HARMLESS)]
    if damage:
        raise DecoderFailure(damage[0])
    for plane in planes:
        plane.flags.writeable = False
    return planes
