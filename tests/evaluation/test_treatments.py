"""Treatments: what they do to pixels, to the truth, and to files of every kind."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from locard import Image
from locard.errors import LocardError
from locard.evaluation.treatments import kinds as treatments
from locard.evaluation.treatments import pixels
from locard.image.quality import CHROMINANCE, LUMINANCE, scaled
from locard.testing import jpeg, samples

NAMES = (*treatments.STANDARD, "crop-3-5", "scale-0.5")


@pytest.fixture(scope="module")
def photograph() -> Image:
    return Image.from_array(skimage.data.astronaut())


def treated(name: str, image: Image) -> Image:
    return Image.from_bytes(treatments.parse(name).apply(image))


@pytest.mark.parametrize("name", NAMES)
def test_same_file_gives_same_copy(name: str, photograph: Image) -> None:
    again = Image.from_bytes(photograph.data)
    treatment = pickle.loads(pickle.dumps(treatments.parse(name)))
    assert treatments.parse(name).apply(photograph) == treatment.apply(again)


@pytest.mark.parametrize("name", NAMES)
def test_names_survive_parsing(name: str) -> None:
    assert treatments.parse(name).name == name
    assert treatments.parse(name).words


def test_equal_factors_are_one_treatment() -> None:
    assert treatments.parse("scale-0.750") == treatments.parse("scale-0.75")


@pytest.mark.parametrize(
    "name", ["", "jpeg", "jpeg-0", "jpeg-101", "jpeg-9o", "scale-0", "scale-5", "scale--1", "Blur"]
)
def test_unknown_names_are_refused_with_the_list(name: str) -> None:
    with pytest.raises(LocardError, match="there is no treatment") as error:
        treatments.parse(name)
    assert "jpeg-Q" in str(error.value)
    assert "noise" in str(error.value)


@given(
    height=st.integers(12, 60),
    width=st.integers(12, 60),
    factor=st.sampled_from([0.75, 0.9, 1.0, 1.25, 2.0]),
    crop=st.tuples(st.integers(0, 4), st.integers(0, 4)),
)
def test_truth_has_the_size_of_the_copy(
    height: int, width: int, factor: float, crop: tuple[int, int]
) -> None:
    image = Image.from_array(samples.photograph(height, width))
    mask = np.zeros((height, width), np.bool_)
    mask[height // 3 :, : width // 2] = True
    for name in ("png", f"scale-{factor:g}", f"crop-{crop[0]}-{crop[1]}", "jpeg-80", "blur"):
        treatment = treatments.parse(name)
        copy = Image.from_bytes(treatment.apply(image))
        assert treatment.truth(mask).shape == (copy.height, copy.width)
        assert abs(treatment.truth(mask).mean() - mask.mean()) < 0.25


def test_scaled_truth_lies_where_the_scaled_content_lies() -> None:
    scene = np.zeros((120, 160, 3), np.uint8)
    scene[40:80, 20:100] = 255
    image = Image.from_array(scene)
    for factor in (0.75, 1.25, 2.0, 0.3):
        treatment = treatments.parse(f"scale-{factor}")
        white = Image.from_bytes(treatment.apply(image)).luma > 127
        assert np.mean(treatment.truth(scene[..., 0] > 0) != white) < 0.01


def test_nearest_agrees_with_pillow() -> None:
    mask = np.random.default_rng(1).random((37, 53)) > 0.5
    for height, width in ((28, 40), (46, 66), (37, 53), (9, 100)):
        expected = np.asarray(Pillow.fromarray(mask).resize((width, height), Pillow.NEAREST))
        assert np.array_equal(pixels.nearest(mask, height, width), expected)


def test_crop_takes_the_pixels_that_are_left(photograph: Image) -> None:
    assert np.array_equal(treated("crop-3-5", photograph).pixels, photograph.pixels[5:, 3:])


@given(quality=st.integers(1, 100))
def test_jpeg_has_the_tables_of_its_quality(quality: int) -> None:
    image = Image.from_array(samples.photograph(40, 56))
    structure = treated(f"jpeg-{quality}", image).jpeg
    assert structure is not None
    assert structure.component_tables[0] == scaled(LUMINANCE, quality)
    assert structure.component_tables[1] == scaled(CHROMINANCE, quality)
    assert structure.subsampling == "4:2:0"
    assert {segment.name for segment in structure.segments}.isdisjoint({"APP1", "COM"})


def test_blur_is_a_gaussian_of_sigma_one() -> None:
    point = np.zeros((41, 41), np.uint8)
    point[20, 20] = 255
    got = pixels.blur(point, 1.0).astype(float)
    y, x = np.mgrid[-20:21, -20:21]
    expected = 255 * np.exp(-(x**2 + y**2) / 2) / (2 * np.pi)
    assert np.abs(got - expected).max() <= 0.6


def test_blur_does_not_mix_channels(photograph: Image) -> None:
    copy = treated("blur", photograph).pixels
    for channel in range(3):
        alone = pixels.blur(np.ascontiguousarray(photograph.pixels[..., channel]), 1.0)
        assert np.array_equal(copy[..., channel], alone)


def test_noise_is_gaussian_of_three_grey_levels() -> None:
    flat = Image.from_array(np.full((256, 256, 3), 128, np.uint8))
    noise = treated("noise", flat).pixels.astype(float) - 128
    assert abs(noise.mean()) < 0.05
    assert noise.std() == pytest.approx(np.sqrt(9 + 1 / 12), rel=0.01)
    assert np.mean(np.abs(noise) > 6.5) == pytest.approx(0.0303, abs=0.003)
    assert np.abs(np.corrcoef(noise.reshape(-1, 3).T) - np.eye(3)).max() < 0.02


def test_noise_is_that_of_the_file() -> None:
    flat = np.full((64, 64, 3), 128, np.uint8)
    other = flat.copy()
    other[0, 0] = 0
    first = treated("noise", Image.from_array(flat)).pixels
    assert not np.array_equal(first[1:], treated("noise", Image.from_array(other)).pixels[1:])


def test_noise_of_a_seed_never_changes() -> None:
    """A figure of yesterday must be had again tomorrow: the stream is pinned."""
    noisy = pixels.add_noise(np.full((2, 3), 100, np.uint8), 3.0, seed=2**200 + 1)
    assert noisy.tolist() == [[96, 101, 98], [104, 97, 101]]


def test_png_keeps_pixels_and_loses_the_header() -> None:
    image = Image.from_bytes(jpeg(skimage.data.astronaut(), 80))
    copy = treated("png", image)
    assert copy.format == "PNG"
    assert copy.jpeg is None
    assert np.array_equal(copy.pixels, image.pixels)


def test_png_keeps_sixteen_bits() -> None:
    values = np.random.default_rng(2).integers(0, 65536, (20, 30), np.uint16)
    assert np.array_equal(treated("png", Image.from_array(values)).native, values)


@pytest.mark.parametrize("name", treatments.STANDARD)
@pytest.mark.parametrize("sample", samples.degenerate(16, 16), ids=lambda sample: sample.name)
def test_any_file_is_treated_or_refused_in_words(name: str, sample: samples.Sample) -> None:
    image = Image.from_bytes(sample.data)
    if min(image.width, image.height) < {"scale-0.75": 10, "scale-1.25": 6}.get(name, 0):
        with pytest.raises(LocardError, match="fewer than 8 pixels"):
            treated(name, image)
    else:
        copy = treated(name, image)
        assert copy.header.channels == (1 if image.header.channels == 1 else 3)
        assert not copy.header.has_alpha


def test_grey_stays_grey_and_cmyk_becomes_rgb() -> None:
    grey = Image.from_array(skimage.data.camera())
    assert treated("jpeg-90", grey).jpeg is not None
    assert treated("jpeg-90", grey).header.channels == 1
    cmyk = Image.from_bytes(samples.encode(samples.photograph(24, 32), "JPEG", "CMYK"))
    assert np.array_equal(treated("png", cmyk).pixels, cmyk.pixels)


def test_a_picture_too_long_for_jpeg_is_refused() -> None:
    long = Image.from_array(np.zeros((1, 65501), np.uint8))
    with pytest.raises(LocardError, match="cannot be saved as JPEG"):
        treatments.parse("jpeg-90").apply(long)


def test_cropping_everything_away_is_refused() -> None:
    image = Image.from_array(samples.photograph(10, 10))
    with pytest.raises(LocardError, match="fewer than 8 pixels"):
        treatments.parse("crop-3-3").apply(image)
