from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import bad_files
import jpeglib
import numpy as np
import pytest
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from PIL import ImageFile

from locard.errors import ImageError
from locard.image import Image, decoder_id
from locard.image import decoding as decoding_module
from locard.image import image as image_module

BROKEN = {sample.name: sample for sample in bad_files.broken() if sample.header is None}
SPECIAL = {sample.name: sample for sample in bad_files.special()}
JPEGS = {name: sample for name, sample in SPECIAL.items() if name.startswith("jpeg-")}
PHOTOGRAPHS = Path(skimage.__file__).parent / "data"


def opened(name: str) -> Image:
    return Image.from_bytes(SPECIAL[name].data, name)


@pytest.fixture(params=[False, True], ids=["", "lenient"])
def lenient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """Pillow as it is, and as another library may have set it for the whole process."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", request.param)


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("attribute", ["pixels", "luma", "native", "alpha"])
@pytest.mark.parametrize("sample", BROKEN.values(), ids=BROKEN.keys())
def test_broken_picture_is_refused_whole(sample: bad_files.Sample, attribute: str):
    image = Image.from_bytes(sample.data)
    with pytest.raises(ImageError) as refusal:
        getattr(image, attribute)
    assert refusal.value.reason == sample.pixels
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize("name", SPECIAL)
def test_arrays_keep_the_contract(name: str):
    image = opened(name)
    height, width = image.height, image.width
    assert image.pixels.shape == (height, width, 3)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.c_contiguous
    assert image.luma.shape == (height, width)
    assert image.luma.dtype == np.float32
    assert image.luma.flags.c_contiguous
    assert image.native.shape[:2] == (height, width)
    assert image.native.dtype == (np.uint16 if image.header.bits == 16 else np.uint8)
    assert (image.alpha is not None) == image.header.has_alpha
    arrays = [image.pixels, image.luma, image.native]
    if image.alpha is not None:
        assert image.alpha.shape == (height, width)
        assert image.alpha.dtype == np.uint8
        arrays.append(image.alpha)
    assert not any(array.flags.writeable for array in arrays)


@pytest.mark.parametrize(
    "name",
    [
        "png-animated.png",
        "png-rgba.png",
        "tiff-rgba.tif",
        "tiff-tiled.tif",
        "tiff-pages.tif",
        "tiff-turned.tif",
        "webp-rgba.webp",
        "webp-animated.webp",
        "bmp-rgba.bmp",
        "jpeg-lossless.jpg",
    ],
)
def test_lossless_formats_give_back_the_photograph(name: str):
    np.testing.assert_array_equal(opened(name).pixels, bad_files.photograph())


@pytest.mark.parametrize("ending", ["png", "tif", "webp", "bmp"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 5)])
def test_small_pictures_are_exact(ending: str, width: int, height: int):
    image = opened(f"{width}x{height}.{ending}")
    np.testing.assert_array_equal(image.pixels, bad_files.photograph()[:height, :width])


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("png-16-bit-grey.png", 0),
        ("png-16-bit-la.png", 0),
        ("png-16-bit-rgb.png", slice(None)),
        ("png-16-bit-rgba.png", slice(None)),
        ("tiff-16-bit-plain.tif", slice(None)),
        ("tiff-16-bit-lzw.tif", slice(None)),
        ("tiff-16-bit-zlib.tif", slice(None)),
        ("tiff-16-bit-planar.tif", slice(None)),
        ("tiff-16-bit-grey.tif", 0),
    ],
)
def test_sixteen_bits_are_kept(name: str, channels: Any):
    image, expected = opened(name), bad_files.deep()[:, :, channels]
    np.testing.assert_array_equal(image.native, expected)
    high = np.broadcast_to(np.atleast_3d(expected >> 8), image.pixels.shape)
    np.testing.assert_array_equal(image.pixels, high)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("png-16-bit-la.png", bad_files.deep()[:, :, 1] >> 8),
        ("png-16-bit-rgba.png", bad_files.deep()[:, :, 1] >> 8),
        ("tiff-rgba.tif", bad_files.photograph()[:, :, 1]),
        ("webp-rgba.webp", np.full((45, 61), 128)),
    ],
)
def test_alpha_is_kept_apart(name: str, expected: np.ndarray):
    np.testing.assert_array_equal(opened(name).alpha, expected)


@pytest.mark.parametrize(
    "name",
    [
        "png-grey.png",
        "png-1-bit.png",
        "png-la.png",
        "png-palette.png",
        "tiff-1-bit.tif",
        "tiff-palette.tif",
        "bmp-palette.bmp",
        "bmp-1-bit.bmp",
        "webp.webp",
        *JPEGS,
    ],
)
def test_pixels_are_those_of_pillow(name: str):
    with Pillow.open(io.BytesIO(SPECIAL[name].data)) as picture:
        expected = np.asarray(picture.convert("RGBA" if "LA" in picture.mode else "RGB"))
    np.testing.assert_array_equal(opened(name).pixels, expected[:, :, :3])


def test_transparent_palette_keeps_its_colours():
    image = opened("png-palette-transparent.png")
    opaque = opened("png-palette.png")
    np.testing.assert_array_equal(image.pixels, opaque.pixels)
    assert set(np.unique(image.alpha)) == {0, 255}


def test_white_is_zero_is_turned():
    expected = bad_files.photograph()[:, :, 1]
    np.testing.assert_array_equal(opened("tiff-white-is-zero.tif").native, expected)


@pytest.mark.parametrize("name", ["tiff-cmyk.tif", "jpeg-cmyk.jpg"])
def test_cmyk_becomes_rgb_by_the_formula(name: str):
    image = opened(name)
    cmyk = image.native.astype(float)
    expected = (255 - cmyk[:, :, :3]) * (255 - cmyk[:, :, 3:]) / 255
    assert np.abs(image.pixels - expected).max() <= 1
    # The photograph went in as RGB: inks turned the wrong way would give its negative.
    assert np.abs(image.pixels - bad_files.photograph().astype(float)).mean() < 6


@pytest.mark.parametrize("name", ["rocket.jpg", "retina.jpg"])
def test_photographs_decode_like_pillow(name: str):
    image = Image.from_path(PHOTOGRAPHS / name)
    with Pillow.open(PHOTOGRAPHS / name) as picture:
        np.testing.assert_array_equal(image.pixels, np.asarray(picture.convert("RGB")))


def decoded_y(data: bytes, folder: Path) -> np.ndarray:
    """Y as the libjpeg-turbo in jpeglib decodes it."""
    path = folder / "in.jpg"
    path.write_bytes(data)
    with jpeglib.version("turbo210"):
        space = jpeglib.Colorspace["JCS_YCbCr"]
        return np.array(jpeglib.read_spatial(str(path), out_color_space=space).spatial)[:, :, 0]


@pytest.mark.parametrize(
    "name", [name for name in JPEGS if name not in ("jpeg-cmyk.jpg", "jpeg-rgb.jpg")]
)
def test_luma_of_a_jpeg_is_the_decoded_y(name: str, tmp_path: Path):
    image = opened(name)
    if image.jpeg.colour_space == "RGB" or image.jpeg.unsupported_coding:
        expected = image.pixels @ [0.299, 0.587, 0.114]
        np.testing.assert_allclose(image.luma, expected, atol=1e-4)
    elif image.header.channels == 1:
        np.testing.assert_array_equal(image.luma, image.native)
    else:
        np.testing.assert_array_equal(image.luma, decoded_y(SPECIAL[name].data, tmp_path))


def test_luma_of_a_photograph_is_the_decoded_y(tmp_path: Path):
    data = (PHOTOGRAPHS / "rocket.jpg").read_bytes()
    luma = Image.from_bytes(data).luma
    np.testing.assert_array_equal(luma, decoded_y(data, tmp_path))
    assert np.array_equal(luma, np.round(luma))


@pytest.mark.parametrize("name", ["jpeg-grey.jpg", "jpeg-progressive.jpg"])
def test_decoded_y_is_luma_in_bytes(name: str):
    image = opened(name)
    assert image.decoded_y is not None
    assert image.decoded_y.dtype == np.uint8
    assert not image.decoded_y.flags.writeable
    np.testing.assert_array_equal(image.decoded_y, image.luma)


@pytest.mark.parametrize("name", ["png-rgba.png", "jpeg-rgb.jpg", "jpeg-cmyk.jpg"])
def test_without_ycbcr_there_is_no_decoded_y(name: str):
    assert opened(name).decoded_y is None


@pytest.mark.parametrize("name", ["png-rgba.png", "jpeg-rgb.jpg", "jpeg-cmyk.jpg", "webp.webp"])
def test_luma_of_all_else_is_weighted_and_unrounded(name: str):
    image = opened(name)
    expected = image.pixels.astype(float) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(image.luma, expected, atol=1e-4)
    assert not np.array_equal(image.luma, np.round(image.luma))


def test_stray_bytes_between_segments_are_passed_over():
    data = bad_files.jpeg()
    place = bad_files.marker(data, 0xDB)
    image = Image.from_bytes(data[:place] + b"\x12\x34" + data[place:])
    np.testing.assert_array_equal(image.pixels, Image.from_bytes(data).pixels)
    assert "2 bytes between the JPEG's segments belong to none" in image.notes


def test_stray_bytes_do_not_hide_lost_data():
    data = next(s.data for s in bad_files.broken() if s.name == "jpeg-cut-and-ended.jpg")
    place = bad_files.marker(data, 0xDB)
    image = Image.from_bytes(data[:place] + b"\x12\x34" + data[place:])
    with pytest.raises(ImageError) as refusal:
        _ = image.pixels
    assert refusal.value.reason == "corrupt"


def test_damage_is_found_in_rare_subsampling_too():
    data = SPECIAL["jpeg-410.jpg"].data
    middle = (bad_files.marker(data, 0xDA) + len(data)) // 2
    image = Image.from_bytes(data[:middle] + b"\xff\xd9")
    with pytest.raises(ImageError) as refusal:
        _ = image.luma
    assert refusal.value.reason == "corrupt"


def test_pillow_limit_does_not_apply(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 10)
    for name in ("png-rgba.png", "webp.webp", "bmp-palette.bmp", "jpeg-410.jpg", "jpeg-cmyk.jpg"):
        assert opened(name).pixels.shape == (45, 61, 3)


def test_picture_is_decoded_once(monkeypatch: pytest.MonkeyPatch):
    calls = []

    def counting(*arguments: Any) -> Any:
        calls.append(arguments)
        return decoding_module.decode(*arguments)

    monkeypatch.setattr(image_module, "decode", counting)
    image = opened("png-rgba.png")
    assert calls == []
    first = image.pixels
    _ = image.luma, image.native, image.alpha, image.metadata
    assert image.pixels is first
    assert len(calls) == 1


def test_decoding_time_is_counted_once():
    image = opened("png-16-bit-rgba.png")
    assert image.decoding_seconds == 0
    _ = image.luma
    spent = image.decoding_seconds
    assert spent > 0
    _ = image.luma, image.pixels
    assert image.decoding_seconds == spent


@settings(max_examples=50)
@given(
    st.sampled_from([np.uint8, np.uint16]),
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=20),
    st.sampled_from([(), (1,), (2,), (3,), (4,)]),
    st.data(),
)
def test_array_comes_back_unaltered(
    dtype: Any, shape: tuple[int, ...], channels: tuple[int, ...], data: st.DataObject
):
    pixels = data.draw(hnp.arrays(dtype, shape + channels))
    image = Image.from_array(pixels, "made.png")
    with_alpha = channels in ((2,), (4,))
    colours = pixels[:, :, :-1] if with_alpha else pixels
    expected = colours[:, :, 0] if channels in ((1,), (2,)) else colours
    np.testing.assert_array_equal(image.native, expected)
    assert (image.width, image.height, image.name) == (shape[1], shape[0], "made.png")


@pytest.mark.parametrize("pixels", [np.zeros((4, 4)), np.zeros((4, 4, 5), np.uint8)])
def test_array_of_another_kind_is_refused(pixels: np.ndarray):
    with pytest.raises(ValueError, match="must be uint8 or uint16"):
        Image.from_array(pixels)


def test_hash_is_of_the_bytes():
    image = Image.from_bytes(bad_files.png())
    assert image.data == bad_files.png()
    assert len(image.sha256) == 64


def test_decoders_are_named_with_versions():
    for name in ("simplejpeg", "pillow", "jpeglib", "tifffile", "imagecodecs", "libjpeg-turbo"):
        assert f"{name} " in decoder_id()
