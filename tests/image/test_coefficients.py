from __future__ import annotations

import io
from pathlib import Path

import bad_files
import jpeglib
import numpy as np
import pytest
import skimage
from PIL import Image as Pillow
from scipy.fft import idctn

from locard.errors import ImageError
from locard.image import Image

ROCKET = Path(skimage.__file__).parent / "data" / "rocket.jpg"
SPECIAL = {sample.name: sample for sample in bad_files.special()}


def plane(image: Image, component: int) -> np.ndarray:
    """A component's samples by the definition of the inverse DCT (ITU-T T.81, A.3.3)."""
    blocks = image.coefficients[component] * image.jpeg.table(component)
    samples = idctn(blocks, axes=(2, 3), norm="ortho") + 128
    rows, columns = blocks.shape[:2]
    return samples.swapaxes(1, 2).reshape(rows * 8, columns * 8).clip(0, 255)


@pytest.mark.parametrize("quality", [50, 90, 100])
def test_inverse_dct_of_coefficients_is_the_luma(quality: int):
    with Pillow.open(ROCKET) as picture:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
    image = Image.from_bytes(out.getvalue())
    luma = plane(image, 0)[: image.height, : image.width]
    # The decoder rounds to integers and computes in integers: one level at most.
    assert np.abs(luma - image.luma).max() <= 1.0


def test_row_is_the_vertical_frequency():
    stripes = np.tile(np.uint8([[40], [220]] * 8), (1, 16))  # changes from row to row
    image = Image.from_bytes(bad_files.pillow(Pillow.fromarray(stripes), "JPEG", quality=95))
    energy = np.abs(image.coefficients[0].astype(int)).sum(axis=(0, 1))
    assert energy[1:, 0].sum() > 0
    assert energy[0, 1:].sum() == 0


def test_chroma_comes_in_file_order():
    data = bad_files.jpeg(subsampling="4:4:4", quality=100)
    image = Image.from_bytes(data)
    with Pillow.open(io.BytesIO(data)) as picture:
        picture.draft("YCbCr", None)
        expected = np.asarray(picture).astype(float)
    for component in range(3):
        mine = plane(image, component)[: image.height, : image.width]
        assert np.abs(mine - expected[:, :, component]).max() <= 1.0


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("7x5.jpg", [(1, 1)] * 3),
        ("jpeg-grey.jpg", [(6, 8)]),
        ("jpeg-cmyk.jpg", [(6, 8)] * 4),
        ("jpeg-rgb.jpg", [(6, 8)] * 3),
        ("jpeg-progressive.jpg", [(6, 8), (3, 4), (3, 4)]),
        ("jpeg-410.jpg", [(6, 8), (3, 2), (3, 2)]),
    ],
)
def test_one_array_a_component(name: str, shapes: list[tuple[int, int]]):
    coefficients = Image.from_bytes(SPECIAL[name].data).coefficients
    assert [c.shape for c in coefficients] == [(*shape, 8, 8) for shape in shapes]
    assert all(c.dtype == np.int16 and not c.flags.writeable for c in coefficients)


@pytest.mark.parametrize("name", ["jpeg-progressive.jpg", "jpeg-restart.jpg"])
def test_entropy_coding_does_not_change_coefficients(name: str):
    plain = Image.from_bytes(bad_files.jpeg()).coefficients
    other = Image.from_bytes(SPECIAL[name].data).coefficients
    for a, b in zip(plain, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_arithmetic_coding_does_not_change_coefficients():
    plain = Image.from_bytes(bad_files.jpeg_by_jpeglib()).coefficients
    arithmetic = Image.from_bytes(SPECIAL["jpeg-arithmetic.jpg"].data)
    assert arithmetic.jpeg.coding == "arithmetic"
    for a, b in zip(plain, arithmetic.coefficients, strict=True):
        np.testing.assert_array_equal(a, b)


def test_hundreds_of_application_segments_do_no_harm():
    data = bad_files.jpeg()
    flooded = data[:2] + b"\xff\xe5\0\6abcd" * 300 + data[2:]
    for a, b in zip(
        Image.from_bytes(flooded).coefficients, Image.from_bytes(data).coefficients, strict=True
    ):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bad_files.png(), "unsupported"),
        (SPECIAL["jpeg-lossless.jpg"].data, "unsupported"),
        *((s.data, s.pixels) for s in bad_files.broken() if s.pixels and s.name[:4] == "jpeg"),
    ],
)
def test_damaged_and_foreign_data_never_reach_jpeglib(
    data: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
):
    def never(path: str) -> None:
        raise AssertionError("jpeglib was called")

    monkeypatch.setattr(jpeglib, "read_dct", never)
    with pytest.raises(ImageError) as refusal:
        _ = Image.from_bytes(data).coefficients
    assert refusal.value.reason == reason


def test_what_jpeglib_says_of_damage_is_heard(capfd: pytest.CaptureFixture[str]):
    from locard.image.coefficients import read_coefficients

    data = next(s.data for s in bad_files.broken() if s.name == "jpeg-cut-and-ended.jpg")
    structure = Image.from_bytes(data).jpeg
    with pytest.raises(ImageError, match="premature end of data segment"):
        read_coefficients(data, structure)
    assert capfd.readouterr().err == ""


def test_reading_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _ = Image.from_bytes(bad_files.jpeg()).coefficients
    assert list(tmp_path.iterdir()) == []
