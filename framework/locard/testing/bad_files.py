"""Files that are damaged, or no images at all: what a case may hold, and no step may die of."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from functools import cache

import numpy as np

from locard.testing.samples import encode, jpeg, photograph

_SEED = 20260117


@cache
def bad_files() -> Mapping[str, bytes]:
    """Return bad files by name, the same ones every time."""
    scene = photograph(160, 216)
    good_jpeg, good_png = jpeg(scene), encode(scene, "PNG")
    noise = np.random.default_rng(_SEED).bytes(4096)
    return {
        "empty.jpg": b"",
        "one-byte.jpg": b"\xff",
        "text.jpg": b"This is no photograph.\n" * 20,
        "noise.jpg": noise,
        "noise-after-marker.jpg": b"\xff\xd8\xff\xe0" + noise,
        "header-alone.jpg": good_jpeg[: good_jpeg.index(b"\xff\xda")],
        "cut.jpg": good_jpeg[: len(good_jpeg) // 2],
        "damaged.jpg": _damaged(good_jpeg),
        "zeros-in-tables.jpg": _without_tables(good_jpeg),
        "trailer.jpg": good_jpeg + noise,
        "cut.png": good_png[: len(good_png) // 2],
        "damaged.png": _damaged(good_png),
        "bomb.png": _bomb(),
        "wrong-name.jpg": good_png,
        "cut.webp": encode(scene, "WEBP", quality=90)[:700],
        "cut.tif": encode(scene, "TIFF")[:900],
    }


def _damaged(data: bytes) -> bytes:
    """Return a file of which one byte in two hundred, behind the headers, is another."""
    changed = np.frombuffer(data, np.uint8).copy()
    generator = np.random.default_rng(_SEED)
    start = min(len(changed) // 2, 800)
    places = generator.integers(start, len(changed), len(changed) // 200)
    changed[places] ^= generator.integers(1, 256, len(places), dtype=np.uint8)
    return changed.tobytes()


def _without_tables(data: bytes) -> bytes:
    """Return a JPEG file whose quantisation tables are zero throughout."""
    changed = bytearray(data)
    place = data.index(b"\xff\xdb")
    changed[place + 5 : place + 5 + 64] = bytes(64)
    return bytes(changed)


def _bomb() -> bytes:
    """Return a PNG file of a few bytes that claims to have 3.6 thousand million pixels."""
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
