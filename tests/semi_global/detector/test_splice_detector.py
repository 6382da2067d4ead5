"""The detector semi-global on real photographs, with models whose reasons are known."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import skimage.data
import tifffile
from numpy.typing import NDArray
from PIL import Image as Pillow

from locard.detectors import Needs
from locard.engine.contract import checked_finding
from locard.errors import ImageError
from locard.findings import Finding
from locard.image import Image
from locard.image.file_facts import FileFacts
from locard.onnx_file import ModelError
from locard.pipelines import load as load_pipeline
from locard.plugins import catalogue
from locard_semi_global.detector import SemiGlobal
from locard_semi_global.evidence.channels import IDENTITY
from locard_semi_global.kind_of_source import NEVER_COMPRESSED

from .conftest import Use
from .linear_models import install, jpeg_files, linear_model, never_compressed

BRIGHT = {"content-luma": 40.0}
"""Marks what is brighter than 0.85: known places, if for no good reason."""
BRIGHT_BIAS = -34.0
HEIGHT, WIDTH = 200, 280
SQUARE = slice(64, 128), slice(96, 176)


def encoded(pixels: NDArray[Any], kind: str = "PNG", mode: str | None = None, **how: Any) -> bytes:
    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    file = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, kind, **how)
    return file.getvalue()


def noise(level: float, shape: tuple[int, int] = (HEIGHT, WIDTH), seed: int = 1) -> NDArray[Any]:
    values = np.random.default_rng(seed).normal(level, 10, (*shape, 3))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def with_square() -> NDArray[np.uint8]:
    pixels = noise(90)
    pixels[SQUARE] = noise(235, seed=2)[SQUARE]
    return pixels


def examined(detector: SemiGlobal, data: bytes) -> Finding:
    image = Image.from_bytes(data)
    return checked_finding(detector.examine(image), image.width, image.height)


@pytest.fixture
def bright(use: Use) -> SemiGlobal:
    return use(linear_model(BRIGHT, BRIGHT_BIAS))


# --- what it says ----------------------------------------------------------------------------


def test_a_foreign_part_is_found_placed_and_explained(bright: SemiGlobal) -> None:
    found = examined(bright, encoded(with_square()))
    assert found.outcome == "detected"
    assert found.reason == "foreign-region"
    (region,) = found.regions
    assert (region.x, region.y, region.width, region.height) == (96, 64, 80, 64)
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    expected[SQUARE] = True
    np.testing.assert_array_equal(found.mask, expected)
    assert found.map is not None
    assert found.map.cell == 4
    np.testing.assert_array_equal(found.map.at_pixels(HEIGHT, WIDTH) > 0.5, expected)
    assert region.measurements["pixels"] == 64 * 80
    assert region.measurements["carried_by"] == ["content"]
    assert region.measurements["lost_without"]["content"] == 1.0
    assert region.label.startswith("stands out by its brightness, colour and contrast (100%), not")
    assert "needs another to support it" in (found.explanation or "")
    assert "80×64 pixels at (96, 64)" in (found.explanation or "")


def test_nothing_that_stands_out_is_not_detected_without_regions(bright: SemiGlobal) -> None:
    found = examined(bright, encoded(noise(90)))
    assert found.outcome == "not_detected"
    assert found.regions == ()
    assert found.mask is None
    assert found.map is not None
    assert "90%" in (found.explanation or "")


def test_a_pasted_part_stands_out_by_its_quantisation_history(use: Use) -> None:
    """The host went through JPEG twice, the pasted part once."""
    host = Pillow.open(io.BytesIO(encoded(skimage.data.astronaut(), "JPEG", quality=60)))
    pixels = np.array(host)
    pixels[160:352, 160:352] = skimage.data.coffee()[100:292, 200:392]
    # Pooled over 7×7 cells the host has more than −16, the pasted part less.
    model = linear_model({"first-compression-pooled-7": -0.5}, bias=-8.0)
    detector = use(model, thresholds=(jpeg_files(1.0),))
    found = examined(detector, encoded(pixels, "JPEG", quality=92))
    assert found.outcome == "detected"
    region = found.regions[0]
    assert region.measurements["carried_by"] == ["quantisation"]
    assert "by its quantisation history (100%), not by traces of the camera" in region.label
    assert found.measurements["luma_quality"] == 92
    assert found.measurements["steps_estimated"] is False
    inside = np.zeros((512, 512), np.bool_)
    inside[160:352, 160:352] = True
    assert (found.mask & inside).sum() > 0.7 * inside.sum()
    assert (found.mask & ~inside).sum() < 0.3 * inside.sum()


@pytest.mark.parametrize("explained", [0, 1, 5])
def test_so_many_regions_are_explained_as_were_asked_for(use: Use, explained: int) -> None:
    pixels = noise(90)
    for left in (16, 112, 208):
        pixels[64:112, left : left + 48] = noise(235, seed=2)[64:112, left : left + 48]
    detector = use(linear_model(BRIGHT, BRIGHT_BIAS), {"explained": explained})
    found = examined(detector, encoded(pixels))
    assert len(found.regions) == 3
    told = ["lost_without" in region.measurements for region in found.regions]
    assert told == [place < explained for place in range(3)]


# --- thresholds ------------------------------------------------------------------------------


def test_thresholds_hold_for_one_kind_of_source(use: Use) -> None:
    """The same picture: never compressed, as JPEG, and decoded from it without a header."""
    detector = use(
        linear_model(BRIGHT, BRIGHT_BIAS), thresholds=(never_compressed(-9), jpeg_files(99))
    )
    pixels = with_square()
    lossless = examined(detector, encoded(pixels))
    assert (lossless.outcome, lossless.measurements["threshold"]) == ("detected", -9)
    assert lossless.measurements["mean_luma_step"] <= NEVER_COMPRESSED
    assert lossless.measurements["luma_quality"] is None
    file = encoded(pixels, "JPEG", quality=85)
    compressed = examined(detector, file)
    assert (compressed.outcome, compressed.measurements["threshold"]) == ("not_detected", 99)
    decoded = examined(detector, encoded(Image.from_bytes(file).pixels))
    assert (decoded.outcome, decoded.reason) == ("inconclusive", "not-validated")
    assert decoded.measurements["steps_estimated"] is True
    assert decoded.measurements["luma_quality"] == pytest.approx(85, abs=3)
    assert decoded.score == pytest.approx(compressed.score, abs=1)
    assert len(decoded.regions) == 1


@pytest.mark.parametrize("power", [None, 0.3])
def test_where_too_few_splices_are_found_nothing_follows(use: Use, power: float | None) -> None:
    detector = use(linear_model(BRIGHT, BRIGHT_BIAS), thresholds=(never_compressed(0, power),))
    found = examined(detector, encoded(noise(90)))
    assert (found.outcome, found.reason) == ("inconclusive", "no-power")
    assert found.regions == ()
    assert examined(detector, encoded(with_square())).outcome == "detected"


def test_a_kind_of_file_that_was_not_validated_is_inconclusive(bright: SemiGlobal) -> None:
    found = examined(bright, encoded(with_square(), "WEBP", quality=90))
    assert (found.outcome, found.reason) == ("inconclusive", "not-validated")
    low = examined(bright, encoded(with_square(), "JPEG", quality=40))
    assert (low.outcome, low.reason) == ("inconclusive", "not-validated")
    assert "quality about 40" in (low.explanation or "")


def test_figures_are_in_the_glossary(bright: SemiGlobal) -> None:
    found = examined(bright, encoded(with_square()))
    assert set(found.measurements) <= set(SemiGlobal.glossary)
    assert set(SemiGlobal.glossary) - set(found.measurements) == set()


# --- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(8, 200), (200, 8), (63, 200), (1, 1), (64, 63)])
def test_below_64_pixels_it_is_not_applicable(bright: SemiGlobal, shape: tuple[int, int]) -> None:
    image = Image.from_bytes(encoded(noise(90, shape)))
    unmet = bright.needs.unmet(image.header)
    assert unmet is not None
    assert unmet.reason == "too-small"
    found = bright.examine(image)
    assert (found.outcome, found.reason) == ("not_applicable", "too-small")
    assert bright.needs == Needs(min_side=64)


@pytest.mark.parametrize("shape", [(64, 64), (65, 71), (71, 65), (64, 1200)])
def test_from_64_pixels_on_it_looks_and_its_map_covers_the_picture(
    bright: SemiGlobal, shape: tuple[int, int]
) -> None:
    assert examined(bright, encoded(noise(90, shape))).outcome == "not_detected"


BLACK = np.zeros((96, 128, 3), np.uint8)
NOISY = noise(128, (96, 128))


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (BLACK, "one-colour"),
        (BLACK + 255, "one-colour"),
        (BLACK + np.array([200, 120, 40], np.uint8), "one-colour"),
        (np.where(NOISY > 128, 255, 0).astype(np.uint8), "clipped"),
        (np.where(np.arange(128)[None, :, None] < 120, BLACK + 9, NOISY)[:8].repeat(12, 0), "flat"),
    ],
    ids=["black", "white", "one colour", "all clipped", "nearly flat"],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pictures_without_anything_to_compare(
    bright: SemiGlobal, pixels: NDArray[np.uint8], reason: str, kind: str
) -> None:
    how = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    found = examined(bright, encoded(pixels, kind, **how))
    if kind == "JPEG" and reason != "one-colour":
        # JPEG moves values off the ends of the scale: whatever it says, it gives a finding.
        assert found.outcome in ("not_applicable", "not_detected", "detected", "inconclusive")
        return
    assert (found.outcome, found.reason) == ("not_applicable", reason)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["L", None])
def test_grey_pictures_are_looked_at_and_not_judged(
    bright: SemiGlobal, kind: str, mode: str | None
) -> None:
    grey = with_square()[..., 1]
    pixels = grey if mode == "L" else np.dstack([grey] * 3)
    found = examined(bright, encoded(pixels, kind))
    assert (found.outcome, found.reason) == ("inconclusive", "grey")
    assert found.score is not None
    assert len(found.regions) == 1


@pytest.mark.parametrize("mode", ["P", "1"])
def test_few_colours_are_looked_at_and_not_judged(bright: SemiGlobal, mode: str) -> None:
    found = examined(bright, encoded(with_square(), mode=mode))
    assert found.outcome in ("inconclusive", "not_applicable")
    assert found.reason in ("few-colours", "clipped")


def test_sixteen_bits_are_looked_at_as_eight(bright: SemiGlobal) -> None:
    pixels = with_square()
    file = io.BytesIO()
    tifffile.imwrite(file, pixels.astype(np.uint16) * 256 + 77, photometric="rgb")
    deep, flat = examined(bright, file.getvalue()), examined(bright, encoded(pixels))
    assert deep.outcome == flat.outcome == "detected"
    assert deep.score == flat.score
    np.testing.assert_array_equal(deep.map.values, flat.map.values)  # type: ignore[union-attr]


def test_inks_are_not_applicable(bright: SemiGlobal) -> None:
    found = examined(bright, encoded(with_square(), "JPEG", "CMYK"))
    assert (found.outcome, found.reason) == ("not_applicable", "jpeg-colours")
    found = examined(bright, encoded(with_square(), "TIFF", "CMYK"))
    assert (found.outcome, found.reason) == ("not_applicable", "cmyk")


def test_transparency_changes_nothing(bright: SemiGlobal) -> None:
    pixels = with_square()
    alpha = np.broadcast_to(np.arange(WIDTH, dtype=np.uint8), (HEIGHT, WIDTH))
    clear = examined(bright, encoded(np.dstack([pixels, alpha])))
    assert clear.score == examined(bright, encoded(pixels)).score


def test_a_cut_file_is_an_error_with_a_reason(bright: SemiGlobal) -> None:
    whole = encoded(with_square(), "JPEG", quality=90)
    with pytest.raises(ImageError) as failed:
        bright.examine(Image.from_bytes(whole[: len(whole) // 2]))
    assert failed.value.reason == "truncated"


# --- the model -------------------------------------------------------------------------------


def test_a_model_for_other_evidence_is_refused_by_its_card_and_by_its_file(
    use: Use, tmp_path: Any
) -> None:
    other = {**IDENTITY, "evidence_version": "0"}
    detector = use(linear_model(BRIGHT), requires=other)
    with pytest.raises(ModelError, match="trained with other code"):
        detector.load()
    install(tmp_path / "models", linear_model(BRIGHT, metadata=other), "0.0.2-lab")
    with pytest.raises(ModelError, match="made for other evidence"):
        SemiGlobal({"model": "0.0.2-lab"}).load()


def test_the_receipt_names_the_model_and_there_is_no_calibration_without_one(use: Use) -> None:
    detector = use(linear_model(BRIGHT))
    (model,) = detector.models()
    assert (model.name, model.version) == ("semi-global", "0.0.1-lab")
    assert detector.calibration() is None


def test_the_pipeline_refines_with_what_the_model_s_card_brings(use: Use) -> None:
    detector = use(linear_model(BRIGHT), refinement={"dense-crf": {"sigma_beta": 7.5}})
    assert detector.refinement("dense-crf") == {"sigma_beta": 7.5}
    assert detector.refinement("another") == {}
    pipeline = load_pipeline("splice", catalogue())
    assert [step.plugin for step in pipeline.steps] == ["semi-global", "dense-crf"]
    assert pipeline.steps[1].input == "semi-global"


def test_conditions_ask_what_findings_have(bright: SemiGlobal) -> None:
    data = encoded(with_square())
    found = examined(bright, data)
    file = FileFacts.of(Image.from_bytes(data).header)
    assert never_compressed().conditions.unmet(file, found.measurements) == ()
