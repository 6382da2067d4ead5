"""Recognises a format from the content, never from the file name."""

from __future__ import annotations

import struct
from pathlib import PurePath
from typing import Literal

from locard.errors import ImageError
from locard.image.sources import Buffer

Format = Literal["JPEG", "PNG", "TIFF", "WEBP", "BMP"]

SUPPORTED = "JPEG, PNG, TIFF, WebP and BMP"

_SIGNATURES: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)

_UNSUPPORTED = (
    (b"GIF87a", "a GIF"),
    (b"GIF89a", "a GIF"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"8BPS", "a Photoshop document"),
    (b"gimp xcf", "a GIMP document"),
    (b"%PDF-", "a PDF document"),
    (b"FUJIFILMCCD-RAW", "a Fujifilm raw picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"DDS ", "a DirectDraw texture"),
    (b"\0\0\1\0", "a Windows icon"),
    (b"PK\3\4", "a ZIP archive"),
)

_BRANDS = {
    b"avif": "an AVIF picture",
    b"avis": "an AVIF sequence",
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
    b"mif1": "a HEIF picture",
    b"crx ": "a Canon raw picture",
}

_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}

_ENDINGS: dict[str, Format] = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".apng": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".dib": "BMP",
}
_FOREIGN_ENDINGS = {".gif", ".heic", ".avif", ".jp2", ".jxl", ".psd", ".pdf", ".txt", ".raw"}


def recognise(data: Buffer) -> Format:
    """Return the format that the first bytes show.

    Raises:
        ImageError: ``empty``, ``truncated`` (the file ends within the signature),
            ``unsupported`` (a picture of another kind) or ``not-an-image``.
    """
    head = bytes(data[:32])
    if not head:
        raise ImageError(
            "empty", "the file is empty: it has no bytes", "Get the file again from its source."
        )
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if _is_bmp(head):
        return "BMP"
    raise _unrecognised(data, head)


def contradiction(name: str | None, found: Format) -> str | None:
    """Return a note where a file name's ending says another format than the content."""
    ending = PurePath(name or "").suffix.lower()
    expected = _ENDINGS.get(ending)
    if expected == found or (expected is None and ending not in _FOREIGN_ENDINGS):
        return None
    return f"the name ends in {ending}, the content is {found}"


def _is_bmp(head: bytes) -> bool:
    if not head.startswith(b"BM"):
        return False
    # "BM" alone begins many a text; the size of the second header tells a bitmap.
    return len(head) < 18 or struct.unpack_from("<I", head, 14)[0] in _BMP_HEADER_SIZES


def _unrecognised(data: Buffer, head: bytes) -> ImageError:
    if any(signature.startswith(head) for signature, _ in _SIGNATURES) or (
        head.startswith(b"RIFF") and len(head) < 12
    ):
        return ImageError(
            "truncated",
            f"the file ends at byte {len(head)}, within the format's signature",
            "Get the whole file from its source.",
        )
    kind = _other_kind(head)
    if kind:
        return ImageError(
            "unsupported",
            f"the file is {kind}; Locard reads {SUPPORTED}",
            "Convert it without loss, to PNG for example, and keep the original: traces of "
            "its first compression may not survive.",
        )
    what = "text" if _is_text(bytes(data[:512])) else "no known image format"
    return ImageError(
        "not-an-image",
        f"the file is not an image: it holds {what}",
        f"Locard reads {SUPPORTED}, recognised by content.",
    )


def _other_kind(head: bytes) -> str | None:
    for signature, kind in _UNSUPPORTED:
        if head.startswith(signature):
            return kind
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "a video or another ISO media file")
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3].isspace():
        return "a PNM picture"
    return None


def _is_text(sample: bytes) -> bool:
    try:
        text = sample.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:  # a character cut by the end of the sample is text yet
            return False
        text = sample[: error.start].decode("utf-8")
    return all(c.isprintable() or c.isspace() for c in text)
