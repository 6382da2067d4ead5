from __future__ import annotations

import io
import json
from typing import Any

import bad_files
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, ImageCms
from PIL import Image as Pillow
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from locard.image import Image, Metadata

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:me="https://example.org/"
  xmp:CreatorTool="Darkroom 3">
 <xmp:Rating>4</xmp:Rating>
 <me:odd>strange</me:odd>
 <dc:subject><rdf:Bag><rdf:li>rocket</rdf:li><rdf:li>sky</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""

LAUGHS = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<r>&b;</r>"""


def exif() -> Pillow.Exif:
    tags = Pillow.Exif()
    tags[ExifTags.Base.Make] = "Kodak"
    tags[ExifTags.Base.Orientation] = 6
    tags[ExifTags.Base.XResolution] = IFDRational(300, 1)
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = IFDRational(1, 250)
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FNumber] = IFDRational(1, 0)
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = bytes(range(256))
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0hello"
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (49.0, 30.0, 0.0)
    return tags


def encoded(kind: str, **options: Any) -> bytes:
    return bad_files.pillow(Pillow.fromarray(bad_files.photograph()), kind, **options)


def metadata(data: bytes) -> Metadata:
    return Image.from_bytes(data).metadata


def with_exif(kind: str) -> bytes:
    if kind != "TIFF":
        return encoded(kind, exif=exif())
    tags = ImageFileDirectory_v2()
    for code, value in exif().items():
        tags[code] = value
    for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        tags[ifd] = exif().get_ifd(ifd)
    return encoded("TIFF", tiffinfo=tags)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_in_every_format(kind: str):
    found = metadata(with_exif(kind))
    assert found.exif["Make"] == "Kodak"
    assert found.exif["ExposureTime"] == pytest.approx(1 / 250)
    assert found.exif["FNumber"] is None  # 1/0 is no number
    assert found.exif["MakerNote"] == "256 bytes"
    assert found.exif["UserComment"] == "hello"
    assert found.exif["GPSLatitude"] == [49.0, 30.0, 0.0]
    assert found.orientation == 6
    assert found.notes == ()
    json.dumps(found.exif, allow_nan=False)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_through_pillow(kind: str):
    check_xmp(metadata(encoded(kind, xmp=XMP.encode())))


def test_xmp_in_png_and_tiff():
    from PIL.PngImagePlugin import PngInfo

    for compress in (False, True):
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP, zip=compress)
        check_xmp(metadata(encoded("PNG", pnginfo=info)))
    packet = XMP.encode()
    tag = (700, 1, len(packet), packet, True)
    check_xmp(metadata(bad_files.tiff(bad_files.photograph(), photometric="rgb", extratags=[tag])))


def check_xmp(found: Metadata) -> None:
    assert found.xmp == XMP
    assert found.xmp_properties == {
        "xmp:CreatorTool": "Darkroom 3",
        "xmp:Rating": "4",
        "{https://example.org/}odd": "strange",
        "dc:subject": ["rocket", "sky"],
    }
    assert found.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_colour_profile_in_every_format(kind: str):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = metadata(encoded(kind, icc_profile=profile)).icc
    assert found is not None
    assert found.size == len(profile)
    assert found.description == "sRGB built-in"


def test_large_profile_is_put_together():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    padded = (len(profile) + 150_000).to_bytes(4, "big") + profile[4:] + bytes(150_000)
    found = metadata(encoded("JPEG", icc_profile=padded)).icc
    assert found is not None
    assert found.size == len(padded)


def test_thumbnail_of_a_camera_file():
    small = bad_files.jpeg(quality=20)
    # IFD0 without entries, then IFD1 with offset and length of a JPEG that follows.
    start = 8 + 6 + 2 + 24 + 4
    entries = b"".join(
        code.to_bytes(2, "big") + b"\0\4\0\0\0\1" + value.to_bytes(4, "big")
        for code, value in ((513, start), (514, len(small)))
    )
    block = b"MM\0*\0\0\0\x08" + b"\0\0" + (14).to_bytes(4, "big") + b"\0\2" + entries + bytes(4)
    found = metadata(bad_files.jpeg(exif=b"Exif\0\0" + block + small))
    assert found.thumbnail == small


def test_nothing_is_there():
    for data in (bad_files.jpeg(), bad_files.png(), encoded("BMP")):
        assert metadata(data).orientation == 1
        assert metadata(data).xmp is None
        assert metadata(data).icc is None
        assert metadata(data).thumbnail is None
        assert metadata(data).exif == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"xmp": LAUGHS.encode()}, "cannot be parsed"),
        ({"xmp": b"<not closed"}, "cannot be parsed"),
        ({"exif": b"Exif\0\0garbage that is no TIFF"}, "EXIF block is damaged"),
        ({"icc_profile": b"no profile at all"}, "profile cannot be read"),
    ],
)
def test_hostile_blocks_become_notes(options: dict[str, bytes], words: str):
    found = metadata(bad_files.jpeg(**options))
    assert any(words in note for note in found.notes), found.notes


def test_huge_xmp_is_kept_and_not_parsed():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP + " " * 2**20)
    found = metadata(encoded("PNG", pnginfo=info))
    assert found.xmp_properties == {}
    assert found.xmp is not None
    assert any("not parsed" in note for note in found.notes)


def test_orientation_that_does_not_exist():
    tags = Pillow.Exif()
    tags[ExifTags.Base.Orientation] = 77
    found = metadata(bad_files.jpeg(exif=tags))
    assert found.orientation == 1
    assert any("77" in note for note in found.notes)


def test_long_values_are_cut():
    tags = Pillow.Exif()
    tags[ExifTags.Base.ImageDescription] = "x" * 50_000
    value = metadata(bad_files.jpeg(exif=tags)).exif["ImageDescription"]
    assert len(value) == 2_000
    assert value.endswith("…")


def test_megabyte_comments_are_no_obstacle():
    sample = next(s for s in bad_files.special() if s.name == "jpeg-megabyte-comment.jpg")
    assert metadata(sample.data).notes == ()


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6),
    st.sampled_from(["JPEG", "PNG", "WEBP"]),
)
def test_damaged_metadata_never_raises(changes: list[tuple[int, int]], kind: str):
    block = bytearray(exif().tobytes())
    for place, value in changes:
        block[6 + place % (len(block) - 6)] = value
    found = metadata(encoded(kind, exif=bytes(block)))
    json.dumps(found.exif, allow_nan=False).encode()
    assert 1 <= found.orientation <= 8


def test_metadata_of_a_cut_picture_is_read():
    data = bad_files.jpeg(exif=exif())
    cut = data[: len(data) - 50]
    assert metadata(cut).exif["Make"] == "Kodak"
    assert io.BytesIO(cut).read(2) == b"\xff\xd8"
