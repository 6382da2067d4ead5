"""The phase evidence against brute force, and on files whose old grid is known."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy.fft import dctn, idctn
from skimage import data as photographs

from locard.image import Image
from locard_kd_crop.phase import symmetry
from locard_kd_crop.phase.activity import BOUNDS, KINDS, classes_of
from locard_kd_crop.phase.evidence import (
    MOST_WINDOWS,
    SHARES,
    STATISTICS,
    STEPS,
    UNIT,
    Counts,
    count,
    evidence_of,
)
from locard_kd_crop.phase.labels import CLASSES, NO_GRID, label_of
from locard_kd_crop.phase.luma import from_coefficients, luma_of, luma_table
from locard_kd_crop.phase.windows import (
    AC_BINS,
    DC_BINS,
    LEFT_OUT,
    ac_edges,
    count_windows,
    dc_edges,
)


def jpeg(pixels: NDArray[np.uint8], quality: int, subsampling: str = "4:4:4") -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def decoded(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Pillow.open(io.BytesIO(data)))


def brute_counts(
    luma: NDArray[np.float32], classes: NDArray[np.uint8], kinds: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ac = np.zeros((64, kinds, 63, AC_BINS), np.int64)
    dc = np.zeros((64, kinds, DC_BINS), np.int64)
    last = AC_BINS - 1
    for y in range(luma.shape[0] - 7):
        for x in range(luma.shape[1] - 7):
            kind = classes[y, x]
            if kind >= kinds:
                continue
            block = dctn(luma[y : y + 8, x : x + 8].astype(np.float64), norm="ortho").ravel()
            phase = 8 * (y % 8) + x % 8
            bins = np.minimum(np.searchsorted(ac_edges(), np.abs(block[1:]), "right") - 1, last)
            ac[phase, kind, np.arange(63), bins] += 1
            place = np.searchsorted(dc_edges(), block[0] - 1024, "right") - 1
            dc[phase, kind, np.clip(place, 0, DC_BINS - 1)] += 1
    return ac, dc


@pytest.mark.parametrize("shape", [(8, 8), (9, 23), (31, 20)])
def test_counts_are_those_of_all_windows(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    luma = random.uniform(0, 255, shape).astype(np.float32)
    classes = random.integers(0, 3, (shape[0] - 7, shape[1] - 7)).astype(np.uint8)
    classes[classes == 2] = LEFT_OUT
    ac, dc = count_windows(luma, classes, 2)
    expected_ac, expected_dc = brute_counts(luma, classes, 2)
    # In single precision a coefficient on the edge of a bin may fall to the other side.
    assert np.abs(ac - expected_ac).sum() <= 0.002 * expected_ac.sum()
    assert np.abs(dc - expected_dc).sum() <= 0.01 * expected_dc.sum()
    assert ac.sum() == expected_ac.sum()
    assert dc.sum() == expected_dc.sum()


def test_counts_do_not_depend_on_threads() -> None:
    import numba

    luma = np.random.default_rng(4).uniform(0, 255, (70, 90)).astype(np.float32)
    before = numba.get_num_threads()
    found = []
    try:
        for threads in (1, before):
            numba.set_num_threads(threads)
            found.append(count(luma))
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(found[0].ac, found[1].ac)
    assert np.array_equal(found[0].dc, found[1].dc)


def test_parts_that_begin_at_multiples_of_8_add_up() -> None:
    luma = np.random.default_rng(5).uniform(5, 250, (64, 120)).astype(np.float32)
    classes = classes_of(luma)
    whole = Counts(*count_windows(luma, classes, KINDS))
    left = Counts(*count_windows(luma[:, : 40 + 7], classes[:, :40], KINDS))
    right = Counts(*count_windows(luma[:, 40:], classes[:, 40:], KINDS))
    assert np.array_equal((left + right).ac, whole.ac)
    assert np.array_equal((left + right).dc, whole.dc)


def test_classes_follow_the_gradient_energy_around_a_window() -> None:
    random = np.random.default_rng(6)
    luma = (128 + random.normal(0, np.linspace(0, 6, 60), (40, 60))).astype(np.float32)
    luma[20, 30] = 255
    classes = classes_of(luma)
    dx = np.diff(luma, axis=1, append=luma[:, -1:]) ** 2
    dy = np.diff(luma, axis=0, append=luma[-1:]) ** 2
    for y, x in ((0, 0), (5, 17), (12, 40), (32, 52), (2, 30)):
        around = (slice(max(0, y - 4), y + 12), slice(max(0, x - 4), x + 12))
        energy = float((dx + dy)[around].mean())
        assert classes[y, x] == np.searchsorted(BOUNDS, energy, "right")
    assert (classes[13:21, 23:31] == LEFT_OUT).all()
    assert classes[12, 30] != LEFT_OUT
    assert set(np.unique(classes)) <= {0, 1, 2, 3, LEFT_OUT}


def test_the_evidence_is_the_mean_cosine_in_standard_errors() -> None:
    random = np.random.default_rng(7)
    luma = (128 + random.normal(0, 6, (48, 48))).astype(np.float32)
    counts = count(luma)
    found = evidence_of(counts)
    classes = classes_of(luma)
    kind = int(np.bincount(classes[classes < KINDS]).argmax())
    blocks: dict[int, list[NDArray[np.float64]]] = {phase: [] for phase in range(64)}
    for y, x in zip(*np.nonzero(classes == kind), strict=True):
        block = dctn(luma[y : y + 8, x : x + 8].astype(np.float64), norm="ortho")
        blocks[8 * (y % 8) + x % 8].append(block.ravel())
    everything = np.concatenate([np.array(some) for some in blocks.values()])
    for band, place in ((1, STEPS.index(4)), (10, STEPS.index(9)), (0, STEPS.index(6))):
        cosine = np.cos(2 * np.pi * (everything[:, band] - 1024 * (band == 0)) / STEPS[place])
        mean, spread = cosine.mean(), cosine.std()
        for phase in (0, 9, 63):
            of = np.array(blocks[phase])[:, band] - 1024 * (band == 0)
            deviation = np.cos(2 * np.pi * of / STEPS[place]).mean() - mean
            expected = deviation * np.sqrt(len(of)) / spread
            assert found.terms[phase, kind, band, place] * UNIT == pytest.approx(expected, abs=0.45)
    share = np.abs(everything[:, 12]) < SHARES[3]
    of = np.abs(np.array(blocks[5])[:, 12]) < SHARES[3]
    expected = (of.mean() - share.mean()) * np.sqrt(len(of)) / share.std()
    found_share = found.terms[5, kind, 12, len(STEPS) + 3] * UNIT
    assert found_share == pytest.approx(expected, abs=UNIT)


def test_evidence_of_pure_noise_is_of_unit_size() -> None:
    luma = (128 + np.random.default_rng(8).normal(0, 6, (400, 400))).astype(np.float32)
    terms = evidence_of(count(luma)).terms.astype(np.float64) * UNIT
    busiest = terms[:, 3, 1:, : len(STEPS)]
    assert busiest.std() == pytest.approx(1, abs=0.1)
    assert abs(busiest.mean()) < 0.01


def test_large_pictures_count_as_a_megapixel() -> None:
    luma = (128 + np.random.default_rng(9).normal(0, 6, (200, 200))).astype(np.float32)
    once = count(luma)
    often = Counts(once.ac * np.uint32(100), once.dc * np.uint32(100))
    found = evidence_of(often)
    assert float(found.windows.sum()) == pytest.approx(MOST_WINDOWS, rel=1e-3)
    plain = evidence_of(once)
    factor = np.sqrt(MOST_WINDOWS / float(plain.windows.sum()))
    expected = np.clip(plain.terms * factor, -127, 127)
    assert np.abs(found.terms - expected).max() <= 1 + factor / 2


@pytest.mark.parametrize(("x", "y"), [(3, 5), (0, 4), (7, 1)])
@pytest.mark.parametrize("quality", [75, 92])
def test_the_old_grid_stands_out_in_a_lossless_crop(x: int, y: int, quality: int) -> None:
    pixels = decoded(jpeg(photographs.astronaut(), quality))[y : y + 256, x : x + 256]
    terms = evidence_of(count(luma_of(Image.from_array(pixels)))).terms.astype(np.float32)
    strength = np.maximum(terms[:, :, 1:, 1 : len(STEPS)], 0).sum(axis=(1, 2, 3))
    assert strength.argmax() == 8 * (-y % 8) + (-x % 8)


def test_the_luma_of_a_jpeg_is_not_rounded() -> None:
    file = jpeg(photographs.coffee()[:117, :203], 90, "4:2:0")
    image = Image.from_bytes(file)
    table = luma_table(image)
    luma = luma_of(image)
    assert luma.shape == (117, 203)
    assert table is not None
    blocks = image.coefficients[0]
    block = idctn(blocks[3, 5].astype(np.float64) * table, norm="ortho") + 128
    assert np.allclose(luma[24:32, 40:48], block, atol=1e-3)
    assert np.abs(luma - image.luma).max() < 12
    assert np.abs(luma - image.luma).mean() < 1
    # The coefficients of the file's own blocks are whole multiples of its steps.
    own = dctn(luma[24:32, 40:48].astype(np.float64) - 128, norm="ortho") / table
    assert np.allclose(own, np.round(own), atol=1e-3)


def test_the_transform_of_many_blocks_is_that_of_each() -> None:
    random = np.random.default_rng(10)
    blocks = random.integers(-20, 20, (70, 3, 8, 8)).astype(np.int16)
    table = random.integers(1, 40, (8, 8))
    luma = from_coefficients(blocks, table, 557, 21)
    assert luma.shape == (557, 21)
    block = idctn(blocks[66, 1].astype(np.float64) * table, norm="ortho") + 128
    assert np.allclose(luma[528:536, 8:16], block, atol=1e-3)


def test_other_files_have_the_luma_of_their_pixels() -> None:
    image = Image.from_array(photographs.coffee()[:64, :80])
    assert luma_table(image) is None
    assert np.array_equal(luma_of(image), image.luma)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_symmetries_are_those_of_the_picture(turn: int, seed: int) -> None:
    luma = (128 + np.random.default_rng(seed).normal(0, 7, (64, 48))).astype(np.float32)
    picture = luma.T if symmetry.transposes(turn) else luma
    picture = picture[:, ::-1] if turn & 1 else picture
    picture = picture[::-1] if turn & 2 else picture
    # A window that is mirrored lies one window to the other side, so phases need no shift.
    classes = np.zeros((luma.shape[0] - 7, luma.shape[1] - 7), np.uint8)
    turned = np.zeros((picture.shape[0] - 7, picture.shape[1] - 7), np.uint8)
    plain = Counts(*count_windows(luma, classes, KINDS))
    image = Counts(*count_windows(np.ascontiguousarray(picture), turned, KINDS))
    found = symmetry.applied(evidence_of(plain).terms, turn)
    assert np.abs(found.astype(int) - evidence_of(image).terms).max() <= 12
    differs = found != evidence_of(image).terms
    assert differs.mean() < 0.02


@given(arrays(np.float32, 65), st.integers(0, 7))
def test_classes_are_permuted_as_phases_are(values: NDArray[np.float32], turn: int) -> None:
    classes = symmetry.applied_to_classes(turn)
    assert sorted(classes) == list(range(CLASSES))
    assert classes[0] == 0
    assert classes[NO_GRID] == NO_GRID
    assert np.array_equal(values[classes][:64], values[:64][symmetry.sources(turn)], equal_nan=True)


def test_classes_of_pictures() -> None:
    assert label_of({"grid": "3,5", "last_tables": "ijg-90"}) == 43
    assert label_of({"grid": "0,0", "last_tables": ""}) == 0
    assert label_of({"grid": "", "last_tables": ""}) == NO_GRID
    assert label_of({"grid": "", "last_tables": "ijg-75"}) == 0


def test_there_are_so_many_statistics() -> None:
    luma = np.full((16, 16), 99, np.float32)
    evidence = evidence_of(count(luma))
    assert evidence.terms.shape == (64, KINDS, 64, STATISTICS)
    assert not evidence.terms.any()  # one colour: all phases are alike
