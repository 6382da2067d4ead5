from __future__ import annotations

import bad_files
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageOps

from locard.image import Image
from locard.image.display import oriented, thumbnail


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_that_of_pillow(orientation: int):
    tags = Pillow.Exif()
    tags[274] = orientation
    picture = Pillow.fromarray(bad_files.photograph())
    picture.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(oriented(bad_files.photograph(), orientation), expected)
    grey = oriented(bad_files.photograph()[:, :, 0], orientation)
    np.testing.assert_array_equal(grey, expected[:, :, 0])


@pytest.mark.parametrize("orientation", [0, 9])
def test_unknown_orientation_is_refused(orientation: int):
    with pytest.raises(ValueError, match="1 to 8"):
        oriented(bad_files.photograph(), orientation)


@pytest.mark.parametrize(
    ("name", "shape"), [("png-rgba.png", (22, 30)), ("tiff-turned.tif", (30, 22))]
)
def test_thumbnail_is_small_and_turned(name: str, shape: tuple[int, int]):
    sample = next(s for s in bad_files.special() if s.name == name)
    small = thumbnail(Image.from_bytes(sample.data), 30)
    assert small.shape == (*shape, 3)
    assert small.dtype == np.uint8
    assert small.flags.c_contiguous


def test_small_picture_keeps_its_size():
    image = Image.from_array(bad_files.photograph())
    np.testing.assert_array_equal(thumbnail(image, 500), image.pixels)
