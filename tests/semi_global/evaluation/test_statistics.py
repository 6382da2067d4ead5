"""Statistics of maps, by brute force; treatments and probes of pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image as Pillow
from scipy.ndimage import label

from locard.evaluation.treatments import TreatmentError
from locard.image import Image, read_header
from locard_semi_global.evaluation.networks import Look
from locard_semi_global.evaluation.statistics import NAMES, statistics
from locard_semi_global.evaluation.treating import resaved_like, treatment_of

from .conftest import noise


@settings(deadline=None)
@given(
    logits=arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 14), st.integers(1, 14)),
        elements=st.integers(-40, 40).map(lambda n: n / 8),
    )
)
def test_statistics_are_what_they_say(logits: np.ndarray) -> None:
    found = statistics(Look(logits, 8, 0.0))
    assert tuple(found) == NAMES
    falling = np.sort(logits, axis=None)[::-1].astype(np.float64)
    assert found["maximum"] == falling[0]
    assert found["top-share"] == pytest.approx(falling[: -(-falling.size // 100)].mean())
    assert found["top-cells"] == pytest.approx(falling[:64].mean())
    high, wide = (min(4, side) for side in logits.shape)
    patches = np.lib.stride_tricks.sliding_window_view(logits.astype(np.float64), (high, wide))
    assert found["patch"] == pytest.approx(patches.mean(axis=(2, 3)).max())
    numbers, count = label(logits > 0)
    regions = [logits[numbers == n].astype(np.float64) for n in range(1, count + 1)]
    if not regions:
        assert found["mass"] == found["region-mass"] == found["region-mean"] == falling[0]
        return
    largest = max(region.size for region in regions)
    means = [region.mean() for region in regions if region.size == largest]
    assert any(found["region-mean"] == pytest.approx(mean) for mean in means)
    assert found["region-mass"] == pytest.approx(np.log1p(max(r.sum() for r in regions)))
    assert found["mass"] == pytest.approx(np.log1p(falling[falling > 0].sum()))


def test_areas_count_in_pixels_whatever_the_resolution() -> None:
    coarse = np.random.default_rng(1).normal(size=(20, 24)).astype(np.float32)
    fine = np.kron(coarse, np.ones((2, 2), np.float32))
    one, two = statistics(Look(coarse, 8, 0.0)), statistics(Look(fine, 4, 0.0))
    for name in ("maximum", "top-cells", "region-mass", "mass"):
        assert one[name] == pytest.approx(two[name], rel=1e-5), name


def image_of(pixels: np.ndarray) -> Image:
    return Image.from_array(pixels)


@pytest.mark.parametrize(
    "name", ["border-16", "tiles-32", "crop-3-5", "scale-0.75", "sent-100-90", "none"]
)
def test_truth_and_picture_are_treated_alike(name: str) -> None:
    mask = np.zeros((130, 141), np.bool_)
    mask[30:90, 40:100] = True
    pixels = np.where(mask[:, :, None], 250, 5).astype(np.uint8).repeat(3, axis=2)
    treatment = treatment_of(name)
    if treatment is None:
        assert name == "none"
        return
    treated = Image.from_bytes(treatment.apply(image_of(pixels)))
    assert np.mean((treated.luma > 128) == treatment.truth(mask)) > 0.99


def test_mixed_tiles_are_the_same_tiles() -> None:
    pixels = noise(2)
    treatment = treatment_of("tiles-32")
    assert treatment is not None
    mixed = Image.from_bytes(treatment.apply(image_of(pixels))).pixels

    def tiles(values: np.ndarray) -> list[bytes]:
        return [
            values[y : y + 32, x : x + 32].tobytes()
            for y in range(0, 128, 32)
            for x in range(0, 128, 32)
        ]

    assert sorted(tiles(mixed)) == sorted(tiles(pixels))
    assert tiles(mixed) != tiles(pixels)


def test_small_pictures_are_sent_as_they_are() -> None:
    image = image_of(noise(3))
    sent, saved = (treatment_of(name) for name in ("sent-128-80", "jpeg-80"))
    smaller = treatment_of("sent-100-80")
    assert sent is not None
    assert saved is not None
    assert smaller is not None
    assert sent.apply(image) == saved.apply(image)
    assert Image.from_bytes(smaller.apply(image)).width == 100


def test_grey_pictures_have_no_colours() -> None:
    treatment = treatment_of("grey")
    assert treatment is not None
    grey = Image.from_bytes(treatment.apply(image_of(noise(3)))).pixels
    assert (grey[..., 0] == grey[..., 1]).all()
    assert (grey[..., 0] == grey[..., 2]).all()


def test_probes_that_cannot_be_are_refused() -> None:
    with pytest.raises(TreatmentError, match="fewer than 64"):
        treatment_of("border-40").apply(image_of(noise(1)))  # type: ignore[union-attr]
    for name in ("tiles-0", "tiles-12", "border-0", "sent-100-0", "shuffle"):
        with pytest.raises(TreatmentError, match="no treatment"):
            treatment_of(name)


def tables_of(data: bytes) -> tuple[tuple[int, ...], ...]:
    with Pillow.open(io.BytesIO(data)) as picture:
        return tuple(map(tuple, picture.quantization.values()))  # type: ignore[attr-defined]


def test_pictures_are_saved_again_with_the_tables_of_others(tmp_path: Path) -> None:
    paths = []
    for quality in (60, 85):
        path = tmp_path / f"{quality}.jpg"
        Pillow.fromarray(noise(quality)).save(path, quality=quality, subsampling="4:2:2")
        paths.append(path)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8")
    treatment = resaved_like([*paths, tmp_path / "broken.jpg"])
    assert treatment is not None
    assert len(treatment.choices) == 2
    wanted = {tables_of(path.read_bytes()) for path in paths}
    seen = set()
    for seed in range(8):
        copy = treatment.apply(image_of(noise(seed)))
        seen.add(tables_of(copy))
        first, second = read_header(copy).jpeg.components[:2]  # type: ignore[union-attr]
        assert (first.horizontal, first.vertical) == (2 * second.horizontal, second.vertical)
    assert seen == wanted


def test_files_without_tables_are_no_example(tmp_path: Path) -> None:
    Pillow.fromarray(noise(1)).save(tmp_path / "a.png")
    Pillow.fromarray(noise(1)[..., 0]).save(tmp_path / "grey.jpg")
    assert resaved_like([tmp_path / "a.png", tmp_path / "grey.jpg"]) is None
