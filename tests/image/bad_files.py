"""Files that go wrong, and files that are special, written by real encoders.

Use :func:`write_all` to have them in a folder, or :func:`broken` and :func:`special` for the bytes.
Nothing here needs pytest.
"""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import imagecodecs
import jpeglib
import numpy as np
import skimage
import tifffile
from numpy.typing import NDArray
from PIL import Image as Pillow

DECLARED = 20_000
"""Side of the pictures that are declared and not there: 400 megapixels, over the limit."""
HOLLOW = 15_000
"""Side of pictures that are declared and not there, within the limit: 225 megapixels."""


@dataclass(frozen=True)
class Sample:
    """A file and what must become of it.

    Attributes:
        name: File name.
        data: Content.
        header: Reason for which the header is refused, or None.
        pixels: Reason for which the pixels are refused where the header is read, or None.
    """

    name: str
    data: bytes
    header: str | None = None
    pixels: str | None = None

    @property
    def reason(self) -> str | None:
        """Why a detector cannot examine it; None where it can."""
        return self.header or self.pixels


@cache
def photograph() -> NDArray[np.uint8]:
    """Return a piece of a photograph: uint8, shape (45, 61, 3); no side is a multiple of 8."""
    path = Path(skimage.__file__).parent / "data" / "rocket.jpg"
    with Pillow.open(path) as picture:
        return np.asarray(picture.convert("RGB"))[180:225, 260:321]


@cache
def deep() -> NDArray[np.uint16]:
    """Return the photograph in 16 bits, with low bytes that an 8-bit reader loses."""
    rng = np.random.default_rng(16)
    low = rng.integers(0, 256, photograph().shape, dtype=np.uint16)
    return (photograph().astype(np.uint16) << 8) | low


def pillow(picture: Pillow.Image, kind: str, **options: Any) -> bytes:
    """Encode with Pillow."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def jpeg(**options: Any) -> bytes:
    """Encode the photograph as JPEG with Pillow."""
    return pillow(Pillow.fromarray(photograph()), "JPEG", **{"quality": 90, **options})


def png(**options: Any) -> bytes:
    """Encode the photograph as PNG with Pillow."""
    return pillow(Pillow.fromarray(photograph()), "PNG", **options)


def jpeg_by_jpeglib(*flags: str, sampling: str | None = None) -> bytes:
    """Encode with the libjpeg-turbo 2.1 in jpeglib, which can write arithmetic coding."""
    with tempfile.TemporaryDirectory() as folder, jpeglib.version("turbo210"):
        encoder = jpeglib.from_spatial(photograph().copy())
        if sampling:
            encoder.samp_factor = sampling
        path = Path(folder) / "out.jpg"
        encoder.write_spatial(str(path), qt=85, flags=list(flags))
        return path.read_bytes()


def tiff(pixels: NDArray[Any], **options: Any) -> bytes:
    """Encode as TIFF with tifffile."""
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, **{"metadata": None, **options})
    return out.getvalue()


def marker(data: bytes, code: int) -> int:
    """Return the offset of a JPEG marker, found by walking the segments."""
    position = 2
    while data[position + 1] != code:
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    return position


def with_jpeg_size(data: bytes, side: int) -> bytes:
    """Overwrite the size that a baseline JPEG declares."""
    place = marker(data, 0xC0) + 5
    return data[:place] + struct.pack(">HH", side, side) + data[place + 4 :]


def with_png_size(data: bytes, side: int) -> bytes:
    """Overwrite the size that a PNG declares, and mend the checksum."""
    header = b"IHDR" + struct.pack(">II", side, side) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


def with_bmp_size(data: bytes, side: int) -> bytes:
    """Overwrite the size that a BMP declares."""
    return data[:18] + struct.pack("<ii", side, side) + data[26:]


def with_tiff_size(data: bytes, side: int) -> bytes:
    """Overwrite the size that a little-endian TIFF declares in its first page."""
    out = bytearray(data)
    start = struct.unpack_from("<I", data, 4)[0]
    for i in range(struct.unpack_from("<H", data, start)[0]):
        entry = start + 2 + 12 * i
        if struct.unpack_from("<H", data, entry)[0] in (256, 257, 278):
            struct.pack_into("<HII", out, entry + 2, 4, 1, side)
    return bytes(out)


def with_webp_size(data: bytes, side: int) -> bytes:
    """Overwrite the canvas that an extended WebP declares."""
    return data[:24] + 2 * struct.pack("<I", side - 1)[:3] + data[30:]


def broken() -> Iterator[Sample]:
    """Yield files that no detector can examine."""
    yield Sample("empty.jpg", b"", "empty")
    yield Sample("text.jpg", b"Dear Sir, enclosed is the photograph.\n", "not-an-image")
    yield Sample("random.png", bytes(range(128, 256)) * 4, "not-an-image")
    yield Sample("animation.gif", pillow(Pillow.fromarray(photograph()), "GIF"), "unsupported")
    yield from _cut_jpegs()
    yield from _damaged_jpegs()
    yield from _cut_pngs()
    yield from _cut_others()
    yield from _declared_large()
    yield from _beyond_us()


def _cut_jpegs() -> Iterator[Sample]:
    whole = jpeg()
    scan = marker(whole, 0xDA)
    for name, end in {
        "within-soi": 1,
        "after-soi": 2,
        "within-app0": marker(whole, 0xE0) + 9,
        "within-dqt": marker(whole, 0xDB) + 30,
        "within-dqt-length": marker(whole, 0xDB) + 3,
        "within-sof": marker(whole, 0xC0) + 7,
        "within-dht": marker(whole, 0xC4) + 12,
        "within-sos": scan + 5,
    }.items():
        yield Sample(f"jpeg-cut-{name}.jpg", whole[:end], "truncated")
    for name, end in {
        "at-scan-start": scan + 14,
        "within-scan": (scan + len(whole)) // 2,
        "before-eoi": len(whole) - 2,
        "within-eoi": len(whole) - 1,
    }.items():
        yield Sample(f"jpeg-cut-{name}.jpg", whole[:end], None, "truncated")


def _damaged_jpegs() -> Iterator[Sample]:
    whole = jpeg()
    middle = (marker(whole, 0xDA) + len(whole)) // 2
    yield Sample("jpeg-cut-and-ended.jpg", whole[:middle] + b"\xff\xd9", None, "corrupt")
    lost = whole[:middle] + whole[middle + 200 :]
    yield Sample("jpeg-lost-bytes.jpg", lost, None, "corrupt")
    progressive = jpeg(progressive=True)
    last = progressive.rindex(b"\xff\xc4")
    yield Sample(
        "jpeg-progressive-cut-between-scans.jpg",
        progressive[:last] + b"\xff\xd9",
        None,
        "truncated",
    )
    first_table = marker(whole, 0xDB)
    yield Sample(
        "jpeg-wrong-length.jpg",
        whole[: first_table + 2] + b"\0\1" + whole[first_table + 4 :],
        "corrupt",
    )


def _cut_pngs() -> Iterator[Sample]:
    whole = png()
    data = whole.index(b"IDAT")
    yield Sample("png-cut-within-signature.png", whole[:5], "truncated")
    yield Sample("png-cut-within-ihdr.png", whole[:20], "truncated")
    yield Sample("png-cut-within-idat.png", whole[: data + 300], None, "truncated")
    yield Sample("png-cut-before-iend.png", whole[:-12], None, "truncated")
    damaged = whole[: data + 300] + bytes([whole[data + 300] ^ 64]) + whole[data + 301 :]
    yield Sample("png-wrong-checksum.png", damaged, None, "corrupt")


def _cut_others() -> Iterator[Sample]:
    picture = Pillow.fromarray(photograph())
    for compression in (None, "lzw", "zlib"):
        name = compression or "plain"
        whole = tiff(photograph(), photometric="rgb", compression=compression)
        cut = whole[: len(whole) * 3 // 4]
        yield Sample(f"tiff-cut-{name}.tif", cut, None, "truncated")
    yield Sample("tiff-cut-within-header.tif", whole[:6], "truncated")
    yield Sample("tiff-cut-before-directory.tif", whole[:8], "truncated")
    yield Sample("tiff-cut-within-directory.tif", whole[:40], "truncated")
    webp = pillow(picture, "WEBP", quality=80)
    yield Sample("webp-cut-within-header.webp", webp[:22], "truncated")
    yield Sample("webp-cut-within-data.webp", webp[: len(webp) // 2], None, "truncated")
    bmp = pillow(picture, "BMP")
    yield Sample("bmp-cut-within-header.bmp", bmp[:30], "truncated")
    yield Sample("bmp-cut-within-data.bmp", bmp[: len(bmp) // 2], None, "truncated")


def _declared_large() -> Iterator[Sample]:
    plain = Pillow.new("RGB", (8, 8))
    small_jpeg, small_png = pillow(plain, "JPEG"), pillow(plain, "PNG")
    animated = pillow(
        plain, "WEBP", save_all=True, append_images=[Pillow.new("RGB", (8, 8), "red")]
    )
    small_tiff = tiff(np.zeros((8, 8), np.uint8))
    yield Sample("jpeg-declared-large.jpg", with_jpeg_size(small_jpeg, DECLARED), "too-large")
    yield Sample("png-declared-large.png", with_png_size(small_png, DECLARED), "too-large")
    yield Sample(
        "bmp-declared-large.bmp", with_bmp_size(pillow(plain, "BMP"), DECLARED), "too-large"
    )
    yield Sample("tiff-declared-large.tif", with_tiff_size(small_tiff, DECLARED), "too-large")
    yield Sample("webp-declared-large.webp", with_webp_size(animated, DECLARED), "too-large")
    yield Sample("jpeg-hollow.jpg", with_jpeg_size(small_jpeg, HOLLOW), None, "truncated")
    yield Sample("png-hollow.png", with_png_size(small_png, HOLLOW), None, "truncated")
    yield Sample("tiff-hollow.tif", with_tiff_size(small_tiff, HOLLOW), None, "truncated")


def _beyond_us() -> Iterator[Sample]:
    twelve = imagecodecs.jpeg_encode(deep() >> 4, bitspersample=12)
    yield Sample("jpeg-12-bit.jpg", bytes(twelve), None, "unsupported")
    yield Sample("tiff-float.tif", tiff(deep()[:, :, 0].astype(np.float32)), "unsupported")
    yield Sample("tiff-32-bit.tif", tiff(deep()[:, :, 0].astype(np.uint32)), "unsupported")


def special() -> Iterator[Sample]:
    """Yield whole files that are treated on purpose."""
    yield from _special_sizes()
    yield from _special_jpegs()
    yield from _special_pngs()
    yield from _special_tiffs()
    yield from _special_others()


def _special_sizes() -> Iterator[Sample]:
    encoders: dict[str, Callable[[Pillow.Image], bytes]] = {
        "jpg": lambda picture: pillow(picture, "JPEG", quality=95),
        "png": lambda picture: pillow(picture, "PNG"),
        "tif": lambda picture: tiff(np.asarray(picture), photometric="rgb"),
        "webp": lambda picture: pillow(picture, "WEBP", lossless=True),
        "bmp": lambda picture: pillow(picture, "BMP"),
    }
    for ending, encode in encoders.items():
        for width, height in ((1, 1), (7, 5)):
            picture = Pillow.fromarray(photograph()[:height, :width].copy())
            yield Sample(f"{width}x{height}.{ending}", encode(picture))


def _special_jpegs() -> Iterator[Sample]:
    picture = Pillow.fromarray(photograph())
    yield Sample("jpeg-grey.jpg", pillow(picture.convert("L"), "JPEG"))
    yield Sample("jpeg-cmyk.jpg", pillow(picture.convert("CMYK"), "JPEG", quality=95))
    yield Sample("jpeg-rgb.jpg", jpeg(keep_rgb=True))
    yield Sample("jpeg-progressive.jpg", jpeg(progressive=True))
    yield Sample("jpeg-restart.jpg", jpeg(restart_marker_blocks=2))
    yield Sample("jpeg-arithmetic.jpg", jpeg_by_jpeglib("+ARITH_CODE"))
    yield Sample("jpeg-410.jpg", jpeg_by_jpeglib(sampling="4:1:0"))
    yield Sample("jpeg-lossless.jpg", bytes(imagecodecs.jpeg8_encode(photograph(), lossless=True)))
    yield Sample("jpeg-trailing.jpg", jpeg() + b"appended by somebody")
    mirrored = [picture.rotate(180)]
    yield Sample(
        "jpeg-multi-picture.jpg", pillow(picture, "MPO", save_all=True, append_images=mirrored)
    )
    yield Sample("jpeg-megabyte-comment.jpg", _with_comments(jpeg(), 17))
    yield Sample("jpeg-named-as.png", jpeg())
    turned = Pillow.Exif()
    turned[274] = 6
    yield Sample("jpeg-turned.jpg", jpeg(exif=turned))


def _with_comments(data: bytes, count: int) -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", 65535) + b"c" * 65533
    return data[:2] + comment * count + data[2:]


def _special_pngs() -> Iterator[Sample]:
    picture = Pillow.fromarray(photograph())
    see_through = picture.convert("RGBA")
    see_through.putalpha(Pillow.linear_gradient("L").resize(picture.size))
    palette = picture.quantize(16)
    yield Sample("png-grey.png", pillow(picture.convert("L"), "PNG"))
    yield Sample("png-1-bit.png", pillow(picture.convert("1"), "PNG"))
    yield Sample("png-rgba.png", pillow(see_through, "PNG"))
    yield Sample("png-la.png", pillow(see_through.convert("LA"), "PNG"))
    yield Sample("png-palette.png", pillow(palette, "PNG"))
    yield Sample("png-palette-transparent.png", pillow(palette, "PNG", transparency=0))
    for name, samples in {
        "grey": deep()[:, :, 0],
        "la": deep()[:, :, :2],
        "rgb": deep(),
        "rgba": np.dstack([deep(), deep()[:, :, 1]]),
    }.items():
        encoded = imagecodecs.png_encode(np.ascontiguousarray(samples))
        yield Sample(f"png-16-bit-{name}.png", bytes(encoded))
    frames = [picture.rotate(180)]
    yield Sample("png-animated.png", pillow(picture, "PNG", save_all=True, append_images=frames))


def _special_tiffs() -> Iterator[Sample]:
    picture = Pillow.fromarray(photograph())
    cmyk = np.asarray(picture.convert("CMYK"))
    grey = photograph()[:, :, 1]
    yield Sample("tiff-grey.tif", tiff(grey, photometric="minisblack"))
    yield Sample("tiff-white-is-zero.tif", tiff(255 - grey, photometric="miniswhite"))
    yield Sample("tiff-1-bit.tif", pillow(picture.convert("1"), "TIFF"))
    yield Sample("tiff-palette.tif", pillow(picture.quantize(16), "TIFF"))
    yield Sample("tiff-cmyk.tif", tiff(cmyk, photometric="separated"))
    yield Sample(
        "tiff-rgba.tif",
        tiff(np.dstack([photograph(), grey]), photometric="rgb", extrasamples=["unassalpha"]),
    )
    for compression in (None, "lzw", "zlib"):
        name = f"tiff-16-bit-{compression or 'plain'}.tif"
        yield Sample(name, tiff(deep(), photometric="rgb", compression=compression))
    yield Sample("tiff-16-bit-grey.tif", tiff(deep()[:, :, 0], photometric="minisblack"))
    yield Sample(
        "tiff-16-bit-planar.tif",
        tiff(np.moveaxis(deep(), 2, 0), photometric="rgb", planarconfig="separate"),
    )
    yield Sample("tiff-tiled.tif", tiff(photograph(), photometric="rgb", tile=(16, 32)))
    yield Sample("tiff-pages.tif", tiff(np.stack([photograph()] * 3), photometric="rgb"))
    yield Sample("tiff-turned.tif", tiff(photograph(), photometric="rgb", extratags=[_TURNED]))


_TURNED = (274, 3, 1, 6, True)


def _special_others() -> Iterator[Sample]:
    picture = Pillow.fromarray(photograph())
    see_through = picture.convert("RGBA")
    see_through.putalpha(128)
    yield Sample("webp.webp", pillow(picture, "WEBP", quality=80))
    yield Sample("webp-rgba.webp", pillow(see_through, "WEBP", lossless=True, exact=True))
    frames = [picture.rotate(180)]
    yield Sample(
        "webp-animated.webp",
        pillow(picture, "WEBP", save_all=True, append_images=frames, lossless=True),
    )
    yield Sample("bmp-palette.bmp", pillow(picture.quantize(16), "BMP"))
    yield Sample("bmp-1-bit.bmp", pillow(picture.convert("1"), "BMP"))
    yield Sample("bmp-rgba.bmp", pillow(see_through, "BMP"))


def write_all(folder: Path) -> dict[str, Path]:
    """Write every broken and special file into a folder.

    Returns:
        Paths by file name.
    """
    paths = {}
    for sample in (*broken(), *special()):
        paths[sample.name] = folder / sample.name
        paths[sample.name].write_bytes(sample.data)
    return paths
