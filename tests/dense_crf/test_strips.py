"""Large pictures are reduced strip by strip, and nothing depends on the strips."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow

from locard import HeatMap
from locard_dense_crf import refiner


@pytest.mark.parametrize("step", [2, 3, 5, 10])
@pytest.mark.parametrize("shape", [(97, 130), (100, 130), (31, 64)])
def test_strips_give_what_the_whole_gives(
    monkeypatch: pytest.MonkeyPatch, step: int, shape: tuple[int, int]
) -> None:
    random = np.random.default_rng(step)
    pixels = random.integers(0, 256, (*shape, 3), np.uint8)
    rows, columns = (-(-side // 4) for side in shape)
    heat_map = HeatMap(random.random((rows, columns), np.float32), cell=4)
    monkeypatch.setattr(refiner, "_STRIP", 16)
    task = refiner._task(heat_map, pixels, step, 0.999)
    np.testing.assert_array_equal(task.pixels, Pillow.fromarray(pixels).reduce(step))
    whole = np.asarray(Pillow.fromarray(heat_map.at_pixels(*shape)).reduce(step))
    np.testing.assert_allclose(task.probability, np.clip(whole, 0.001, 0.999), atol=1e-6)
