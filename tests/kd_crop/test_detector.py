"""The detector kd-crop, on real photographs, with models that are made on the spot."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import jpeglib
import numpy as np
import pytest
import skimage.data
import tifffile
from crop_models import constant_model, install, saying, zeros_model
from numpy.typing import NDArray
from PIL import Image as Pillow

from locard.engine.contract import checked_finding
from locard.errors import ImageError, LocardError
from locard.findings import Finding
from locard.image import Image
from locard_kd_crop.detector import KdCrop

VERSION = "0.0.1"


def encoded(pixels: NDArray[Any], kind: str = "PNG", mode: str | None = None, **how: Any) -> bytes:
    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    file = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, kind, **how)
    return file.getvalue()


def through_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    with Pillow.open(io.BytesIO(encoded(pixels, "JPEG", quality=quality))) as picture:
        return np.asarray(picture.convert("RGB"))


Use = Callable[..., KdCrop]


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Return what puts a model into a laboratory's folder and gives the detector with it."""

    def make(content: bytes, **changes: Any) -> KdCrop:
        models = tmp_path / "models"
        models.mkdir()
        install(models, content, VERSION, **changes)
        monkeypatch.setenv("LOCARD_MODELS", str(models))
        detector = KdCrop({"model": VERSION})
        detector.load()
        return detector

    return make


def examined(detector: KdCrop, data: bytes) -> Finding:
    image = Image.from_bytes(data)
    return checked_finding(detector.examine(image), image.width, image.height)


ONCE = through_jpeg(skimage.data.astronaut(), 80)


# --- what it finds ---------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "columns"), [(3, 5), (0, 1), (4, 4), (7, 0)])
def test_a_lossless_crop_is_found_with_its_offset(use: Use, rows: int, columns: int):
    found = examined(use(zeros_model()), encoded(ONCE[rows:, columns:]))
    told = found.measurements
    assert found.outcome == "detected"
    assert (told["cut_rows"], told["cut_columns"]) == (rows, columns)
    assert (told["grid_y"], told["grid_x"]) == (-rows % 8, -columns % 8)
    assert told["first_quality"] == pytest.approx(80, abs=2)
    assert set(found.pictures) == {"phase-evidence", "frame"}


def test_the_map_shows_where_the_moved_grid_is(use: Use):
    pixels = ONCE[3:, 5:].copy()
    middle = pixels.shape[1] // 2
    pixels[:, middle:] = skimage.data.astronaut()[3:, 5 + middle :]  # never compressed
    found = examined(use(zeros_model()), encoded(pixels))
    values = found.map.at_pixels(*pixels.shape[:2])
    assert values[:, : middle - 16].mean() > 0.9
    assert values[:, middle + 16 :].mean() < 0.1


def test_an_uncropped_and_an_aligned_picture_are_not_called_anything_else(use: Use):
    detector = use(zeros_model())
    for pixels in (ONCE, ONCE[16:, 8:]):
        found = examined(detector, encoded(pixels))
        assert found.outcome == "not_detected"
        for words in ("1 in 64", "never compressed", "much coarser", "90%"):
            assert words in found.explanation
        assert "authentic" not in found.explanation


def test_a_picture_without_any_grid_is_inconclusive(use: Use):
    found = examined(use(zeros_model()), encoded(skimage.data.astronaut()))
    assert (found.outcome, found.reason) == ("inconclusive", "no-grid")
    assert found.measurements["probability_no_grid"] > 0.9


@pytest.mark.parametrize(
    ("side", "quality", "score", "outcome", "reason"),
    [
        (300, 90, 3.5, "detected", "moved-grid"),
        (300, 90, 2.5, "not_detected", None),
        (100, 90, 3.5, "detected", "moved-grid"),
        (100, 90, 2.5, "inconclusive", "too-small"),
        (300, 60, 2.5, "inconclusive", "coarse-resave"),
        (100, 60, 2.5, "inconclusive", "coarse-resave"),
        (300, 20, 9.9, "inconclusive", "not-validated"),
    ],
)
def test_the_verdict_follows_the_card(
    use: Use, side: int, quality: int, score: float, outcome: str, reason: str | None
):
    data = encoded(ONCE[:side, :side], "JPEG", quality=quality)
    found = examined(use(constant_model(saying(score))), data)
    assert (found.outcome, found.reason) == (outcome, reason)
    assert found.score == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize(("side", "reason"), [(100, "too-small"), (300, None)])
def test_a_small_lossless_picture_is_too_small(use: Use, side: int, reason: str | None):
    found = examined(use(constant_model(saying(-5.0))), encoded(ONCE[:side, :side]))
    assert found.reason == reason


def test_a_threshold_of_unstated_power_supports_no_verdict(use: Use):
    from crop_models import threshold

    row = threshold("all", 2.0, None, formats=("lossless",))
    found = examined(use(constant_model(saying(-5.0)), thresholds=(row,)), encoded(ONCE))
    assert (found.outcome, found.reason) == ("inconclusive", "no-power")


def test_a_far_coarser_resave_is_said_to_be_weak(use: Use):
    data = encoded(through_jpeg(ONCE, 98)[2:, 3:], "JPEG", quality=60)
    found = examined(use(constant_model(saying(9.0, 8 * 6 + 5))), data)
    assert found.outcome == "detected"
    weak = found.measurements["step_ratio"] > 3
    assert weak == ("another to support it" in found.explanation)


def test_a_place_that_is_not_sure_is_said_to_be_so(use: Use):
    logits = saying(6.0)
    logits[12] = 5.9
    found = examined(use(constant_model(logits)), encoded(ONCE))
    assert "not certain" in found.explanation
    assert 0.4 < found.measurements["offset_probability"] < 0.6


# --- files of every kind ---------------------------------------------------------------------


def arithmetic(tmp_path: Path) -> bytes:
    with jpeglib.version("turbo210"):
        path = tmp_path / "arithmetic.jpg"
        jpeglib.from_spatial(ONCE[3:, 5:].copy()).write_spatial(
            str(path), qt=95, flags=["+ARITH_CODE"]
        )
        return path.read_bytes()


def tables(step: int) -> bytes:
    return encoded(ONCE, "JPEG", qtables=[[step] * 64, [step] * 64])


def steps_above_255() -> bytes:
    """Return a JPEG whose luma table has 16-bit steps, 300 each, and whose pixels are few."""
    data = tables(255)
    start = data.index(b"\xff\xdb")
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    table = b"\x10" + (300).to_bytes(2, "big") * 64
    segment = b"\xff\xdb" + (2 + len(table)).to_bytes(2, "big") + table
    return data[:start] + segment + data[start + 2 + length :]


KINDS: dict[str, tuple[Callable[[Path], bytes], str, str | None]] = {
    "grey JPEG": (
        lambda _: encoded(ONCE[3:, 5:], "JPEG", "L", quality=90),
        *("not_detected", None),
    ),
    "grey PNG": (lambda _: encoded(ONCE[3:, 5:], mode="L"), "not_detected", None),
    "16-bit TIFF": (lambda _: sixteen_bits(), "not_detected", None),
    "progressive": (
        lambda _: encoded(ONCE, "JPEG", quality=90, progressive=True),
        *("not_detected", None),
    ),
    "arithmetic": (arithmetic, "not_detected", None),
    "steps of 1": (lambda _: tables(1), "not_detected", None),
    "steps above 255": (lambda _: steps_above_255(), "inconclusive", "not-validated"),
    "CMYK": (lambda _: encoded(ONCE, "JPEG", "CMYK"), "not_applicable", "jpeg-colours"),
    "RGB JPEG": (
        lambda _: encoded(ONCE, "JPEG", keep_rgb=True),
        *("not_applicable", "jpeg-colours"),
    ),
    "12 bits": (
        lambda _: bytes(imagecodecs.jpeg_encode(ONCE.astype(np.uint16) << 4, bitspersample=12)),
        *("not_applicable", "jpeg-coding"),
    ),
    "lossless JPEG": (
        lambda _: bytes(imagecodecs.jpeg_encode(ONCE, lossless=True)),
        *("not_applicable", "jpeg-coding"),
    ),
    "WebP": (lambda _: encoded(ONCE, "WEBP", quality=90), "not_applicable", "webp"),
    "one colour": (
        lambda _: encoded(np.full_like(ONCE, 99)),
        *("inconclusive", "nothing-to-see"),
    ),
    "one colour, JPEG": (
        lambda _: encoded(np.full_like(ONCE, 99), "JPEG"),
        *("inconclusive", "nothing-to-see"),
    ),
    "saturated": (
        lambda _: encoded(np.where(ONCE[..., 1] > 128, 255, 0).astype(np.uint8)),
        *("inconclusive", "nothing-to-see"),
    ),
}


def sixteen_bits() -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, ONCE.astype(np.uint16) * 257, photometric="rgb")
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_has_its_outcome(use: Use, tmp_path: Path, kind: str):
    make, outcome, reason = KINDS[kind]
    found = examined(use(constant_model(saying(-9.0))), make(tmp_path))
    assert (found.outcome, found.reason) == (outcome, reason)
    assert found.explanation
    assert set(found.measurements) <= set(KdCrop.glossary)


def test_small_pictures_are_left_out_by_the_plan():
    image = Image.from_bytes(encoded(ONCE[:63, :200]))
    assert KdCrop.needs.unmet(image.header).reason == "too-small"
    assert KdCrop.needs.unmet(Image.from_bytes(encoded(ONCE[:64, :64])).header) is None


def test_a_broken_stream_says_that_it_is_broken(use: Use):
    data = encoded(ONCE, "JPEG", quality=90)
    with pytest.raises(ImageError) as raised:
        examined(use(zeros_model()), data[: len(data) // 2])
    assert raised.value.reason == "truncated"


# --- models ----------------------------------------------------------------------------------


def test_a_model_that_gives_no_numbers_is_refused(use: Use):
    logits = saying(1.0)
    logits[7] = np.nan
    with pytest.raises(LocardError, match="did not give 65 finite numbers"):
        examined(use(constant_model(logits)), encoded(ONCE))


def test_receipts_name_the_model_and_its_card(use: Use):
    (reference,) = use(zeros_model()).models()
    assert (reference.name, reference.version) == ("kd-crop", VERSION)
    assert len(reference.card_sha256) == 64


def test_a_model_for_other_evidence_is_refused(use: Use):
    with pytest.raises(LocardError, match="other code"):
        use(zeros_model(), requires={"phase_evidence": "0"})


def test_without_its_model_the_detector_says_so():
    with pytest.raises(LocardError, match=r"there is no model kd-crop 9\.9\.9"):
        KdCrop({"model": "9.9.9"}).load()


def test_the_phase_network_runs_in_the_detector(use: Use):
    torch = pytest.importorskip("torch")
    from locard.training.onnx_export import compare, export_onnx
    from locard_kd_crop.phase.network import PhaseNetwork, Size

    torch.manual_seed(1)
    torch.set_num_threads(1)
    network = PhaseNetwork(Size(hidden=4, free=2, maps=4))
    names = ("evidence", "table", "windows")
    sample = [
        torch.randint(-40, 40, (2, 64, 4, 64, 41), dtype=torch.int8),
        torch.randint(0, 9, (2, 64)).float(),
        torch.full((2, 4), 60.0),
    ]
    content = export_onnx(
        network,
        sample,
        inputs=names,
        outputs=["logits"],
        dynamic={name: {0: "N"} for name in (*names, "logits")},
    )
    assert compare(network, content, [sample, [part[:1] for part in sample]])["logits"] < 1e-3
    found = examined(use(content), encoded(ONCE, "JPEG", quality=90))
    assert found.outcome in ("detected", "not_detected")
    assert 0 <= found.measurements["offset_probability"] <= 1


def test_the_calibration_that_came_with_the_model_is_handed_on(use: Use):
    detector = use(zeros_model(), calibrated=True)
    own = detector.calibration()
    assert own is not None
    found = examined(detector, encoded(ONCE[3:, 5:]))
    models = [reference.sha256 for reference in detector.models()]
    assert not own.differences("kd-crop", KdCrop.version, {"model": VERSION}, models)
    ratio = own.for_finding(found.score, Image.from_bytes(encoded(ONCE)).header, {})
    assert ratio.plain()["log10_lr"] == 1.0  # its upper bound


def test_a_model_without_a_calibration_hands_none_on(use: Use):
    assert use(zeros_model()).calibration() is None
