from __future__ import annotations

import io
import struct
from pathlib import Path

import bad_files
import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from locard.errors import ImageError
from locard.image import Image, JpegStructure, QualityEstimate
from locard.image.jpeg_parser import MAX_SEGMENTS
from locard.image.quality import CHROMINANCE, LUMINANCE, scaled

ROCKET = Path(skimage.__file__).parent / "data" / "rocket.jpg"


def parsed(**options: object) -> JpegStructure:
    return JpegStructure.from_bytes(bad_files.jpeg(**options))


@pytest.mark.parametrize("quality", range(1, 101))
def test_tables_are_those_of_libjpeg(quality: int):
    structure = parsed(quality=quality)
    assert structure.quantization_tables == {
        0: scaled(LUMINANCE, quality),
        1: scaled(CHROMINANCE, quality),
    }
    assert structure.table_precisions == {0: 8, 1: 8}


@pytest.mark.parametrize("quality", range(1, 101))
def test_quality_of_libjpeg_is_found(quality: int):
    assert parsed(quality=quality).quality == QualityEstimate(quality, exact=True)


def test_quality_of_other_tables_is_not_exact():
    tables = [[min(255, 3 + 2 * i) for i in range(64)]] * 2
    estimate = parsed(qtables=tables).quality
    assert estimate is not None
    assert not estimate.exact


def test_quality_of_grey_needs_one_table():
    data = bad_files.pillow(Pillow.fromarray(bad_files.photograph()).convert("L"), "JPEG")
    assert JpegStructure.from_bytes(data).quality == QualityEstimate(75, exact=True)


def test_tables_lie_row_by_row():
    entries = list(range(1, 65))
    data = bad_files.jpeg(qtables=[entries, entries], quality=-1)  # −1: do not scale
    structure = JpegStructure.from_bytes(data)
    with Pillow.open(io.BytesIO(data)) as picture:
        assert list(structure.quantization_tables[0]) == list(picture.quantization[0])
    np.testing.assert_array_equal(structure.table(0), np.reshape(entries, (8, 8)))
    np.testing.assert_array_equal(structure.table(2), structure.table(1))
    with pytest.raises(IndexError):
        structure.table(3)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_subsampling(subsampling: str):
    structure = parsed(subsampling=subsampling)
    assert structure.subsampling == subsampling
    assert [c.identifier for c in structure.components] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "coding", "subsampling", "colour_space", "huffman"),
    [
        ("jpeg-grey.jpg", "baseline", "4:0:0", "grey", "standard"),
        ("jpeg-cmyk.jpg", "baseline", "4:4:4", "CMYK", "standard"),
        ("jpeg-rgb.jpg", "baseline", "4:4:4", "RGB", "standard"),
        ("jpeg-progressive.jpg", "progressive", "4:2:0", "YCbCr", "optimised"),
        ("jpeg-arithmetic.jpg", "arithmetic", "4:2:0", "YCbCr", None),
        ("jpeg-410.jpg", "baseline", "4:1:0", "YCbCr", "standard"),
        ("jpeg-lossless.jpg", "lossless", "4:4:4", "RGB", "optimised"),
        ("jpeg-12-bit.jpg", "extended", "4:2:0", "YCbCr", "optimised"),
    ],
)
def test_kinds_of_jpeg(
    name: str, coding: str, subsampling: str, colour_space: str, huffman: str | None
):
    samples = (*bad_files.broken(), *bad_files.special())
    structure = JpegStructure.from_bytes(next(s.data for s in samples if s.name == name))
    assert structure.coding == coding
    assert structure.subsampling == subsampling
    assert structure.colour_space == colour_space
    assert structure.huffman == huffman
    expected = {"jpeg-lossless.jpg": "lossless", "jpeg-12-bit.jpg": "12-bit"}.get(name)
    assert structure.unsupported_coding == expected


def test_optimised_huffman_tables_are_told():
    assert parsed().huffman == "standard"
    assert parsed(optimize=True).huffman == "optimised"


def test_jfif_restart_interval_and_scans():
    structure = parsed(restart_marker_blocks=3)
    assert structure.jfif == (1, 1)
    assert structure.adobe_transform is None
    assert structure.restart_interval == 3
    assert [scan.components for scan in structure.scans] == [(1, 2, 3)]
    assert structure.scans[0].spectral == (0, 63)


def test_segments_tile_the_file():
    data = ROCKET.read_bytes() + b"behind the end"
    structure = JpegStructure.from_bytes(data)
    position = 0
    for segment in structure.segments:
        assert segment.offset == position
        assert data[position] == 0xFF
        assert data[position + 1] == segment.marker
        position += segment.length
    assert data[position:] == b"behind the end"
    assert structure.trailing_bytes == 14
    assert structure.incomplete is None


def test_thumbnail_inside_a_segment_is_not_taken_for_the_picture():
    exif = b"Exif\0\0" + bad_files.jpeg(quality=10)
    structure = parsed(exif=exif, quality=90)
    assert structure.quality == QualityEstimate(90, exact=True)
    assert structure.trailing_bytes == 0


def test_table_in_force_at_the_scan_counts():
    data = bad_files.jpeg(quality=90)
    end = len(data) - 2
    other = b"\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([7] * 64)
    structure = JpegStructure.from_bytes(data[:end] + other + data[end:])
    assert structure.quantization_tables[0] == (7,) * 64
    np.testing.assert_array_equal(structure.table(0), np.reshape(scaled(LUMINANCE, 90), (8, 8)))


def test_wide_tables():
    wide = b"\xff\xdb" + struct.pack(">HB64H", 131, 0x10, *range(1000, 1064))
    data = bad_files.jpeg()
    place = bad_files.marker(data, 0xC0)
    structure = JpegStructure.from_bytes(data[:place] + wide + data[place:])
    assert structure.table_precisions[0] == 16
    assert structure.table(0)[0, 0] == 1000
    assert structure.table(0)[0, 1] == 1001
    assert structure.table(0)[1, 0] == 1002  # zig-zag: third entry is below the first


def test_missing_table_is_told():
    data = bad_files.jpeg()
    place = bad_files.marker(data, 0xDB)
    length = struct.unpack_from(">H", data, place + 2)[0] + 2
    structure = JpegStructure.from_bytes(data[:place] + data[place + length :])
    assert structure.unsupported_coding is not None
    assert structure.quality is None
    with pytest.raises(ImageError, match="does not define"):
        structure.table(0)


def test_essential_bytes_give_the_same_picture_without_the_rest():
    commented = next(s for s in bad_files.special() if s.name == "jpeg-megabyte-comment.jpg").data
    data = commented[:-2] + commented[-2:] + b"trailing"
    essential = JpegStructure.from_bytes(data).essential(data)
    assert len(essential) < 2_000
    np.testing.assert_array_equal(Image.from_bytes(essential).pixels, Image.from_bytes(data).pixels)
    names = {segment.name for segment in JpegStructure.from_bytes(essential).segments}
    assert names == {"SOI", "APP0", "DQT", "SOF0", "DHT", "SOS", "EOI"}


def test_fill_bytes_before_a_marker_are_no_finding():
    data = bad_files.jpeg()
    place = bad_files.marker(data, 0xDB)
    structure = JpegStructure.from_bytes(data[:place] + b"\xff" * 5 + data[place:])
    assert structure.extraneous_bytes == 0


def test_flood_of_segments_is_refused():
    flood = b"\xff\xfe\0\2" * (MAX_SEGMENTS + 1)
    with pytest.raises(ImageError, match="more than"):
        JpegStructure.from_bytes(b"\xff\xd8" + flood)


@pytest.mark.parametrize(
    ("place", "change", "words"),
    [
        (0xC0, (9, 0), "declares no component"),
        (0xC0, (11, 0x05), "sampling factors"),
        (0xC0, (13, 1), "same identifier"),
        (0xDB, (4, 0x25), "unknown table"),
        (0xC0, (3, 4), "shorter than its content"),
    ],
)
def test_contradictions_are_corrupt(place: int, change: tuple[int, int], words: str):
    data = bytearray(bad_files.jpeg())
    data[bad_files.marker(bytes(data), place) + change[0]] = change[1]
    with pytest.raises(ImageError, match=words) as refusal:
        JpegStructure.from_bytes(bytes(data))
    assert refusal.value.reason == "corrupt"


def test_height_for_later_is_unsupported():
    data = bytearray(bad_files.jpeg())
    place = bad_files.marker(bytes(data), 0xC0) + 5
    data[place : place + 2] = b"\0\0"
    with pytest.raises(ImageError, match="DNL") as refusal:
        JpegStructure.from_bytes(bytes(data))
    assert refusal.value.reason == "unsupported"


@given(
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 1_200), st.integers(0, 255)), max_size=10),
    st.integers(0, 1_200),
    st.binary(max_size=8),
)
def test_parser_raises_nothing_but_image_errors(
    progressive: bool, changes: list[tuple[int, int]], cut: int, inserted: bytes
):
    data = bytearray(bad_files.jpeg(progressive=progressive))
    for place, value in changes:
        data[place % len(data)] = value
    damaged = bytes(data[:cut]) + inserted + bytes(data[cut + 3 :])
    try:
        structure = JpegStructure.from_bytes(damaged)
    except ImageError:
        return
    assert structure.components
    assert structure.subsampling
    assert 0 <= structure.trailing_bytes <= len(damaged)
    assert sum(segment.length for segment in structure.segments) <= len(damaged)
    assert structure.quality is None or 1 <= structure.quality.value <= 100
