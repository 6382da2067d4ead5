"""The refiner as the engine calls it."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from locard import Finding, HeatMap, Image
from locard.errors import PluginError
from locard.outcomes import Outcome
from locard_dense_crf.refiner import DenseCrf

BACKENDS = ("lattice", "pydensecrf")


@pytest.fixture(scope="module")
def image(photograph):
    return Image.from_array(photograph("astronaut", 240, 320))


def detected(values, cell=1):
    return Finding.detected(
        3.5, "a trace", map=HeatMap(values, cell=cell), measurements={"of_the_detector": 1}
    )


def refine(image, values, cell=1, **parameters):
    return DenseCrf(parameters).refine(image, detected(values, cell))


def assert_unchanged(finding, values, why):
    assert finding.map.values is values
    assert finding.mask is None
    assert finding.regions == ()
    assert finding.measurements["refinement"] == why


@pytest.mark.parametrize("backend", BACKENDS)
def test_refined_finding(image, unary, backend):
    if backend == "pydensecrf":
        pytest.importorskip("pydensecrf", reason="pydensecrf2 is not installed")
    before = unary("noisy", 240, 320)
    after = refine(image, before, backend=backend)
    assert (after.outcome, after.score, after.explanation) == (Outcome.DETECTED, 3.5, "a trace")
    assert after.map.values.dtype == np.float32
    assert after.map.values.shape == (240, 320)
    assert 0 <= after.map.values.min() <= after.map.values.max() <= 1
    assert np.array_equal(after.mask, after.map.values > 0.5)
    assert 0 < after.mask.mean() < 1
    said = after.measurements
    assert said["refinement"] == "refined"
    assert said["backend"] == backend
    assert said["iterations"] == 5
    assert said["share_before"] == pytest.approx((before > 0.5).mean())
    assert said["share_after"] == pytest.approx(after.mask.mean())
    assert set(said) == set(DenseCrf.glossary)


def test_backends_agree(image, unary):
    pytest.importorskip("pydensecrf", reason="pydensecrf2 is not installed")
    ours, theirs = (refine(image, unary("noisy", 240, 320), backend=name) for name in BACKENDS)
    assert np.mean(ours.mask != theirs.mask) <= 0.02


def test_the_border_of_a_map_moves_to_the_edge_of_the_picture():
    """A grey square on white, and evidence that is right in three cells of four."""
    pixels = np.full((160, 160, 3), 240, np.uint8)
    truth = np.zeros((160, 160), bool)
    truth[43:117, 37:123] = True
    pixels[truth] = 90
    cells = truth[4::8, 4::8] ^ (np.random.default_rng(0).random((20, 20)) < 0.25)
    after = refine(Image.from_array(pixels), cells.astype(np.float32), cell=8)
    assert np.mean(np.kron(cells, np.ones((8, 8), bool)) != truth) > 0.15
    assert np.mean(after.mask != truth) < 0.01
    (region,) = after.regions
    assert (region.x, region.y, region.width, region.height) == (37, 43, 86, 74)


def test_regions_are_boxes_of_the_mask(image, unary):
    after = refine(image, unary("noisy", 240, 320))
    assert after.regions
    for region in after.regions:
        part = after.mask[region.y :, region.x :][: region.height, : region.width]
        assert part.shape == (region.height, region.width)
        assert part.any(axis=0)[[0, -1]].all()
        assert part.any(axis=1)[[0, -1]].all()
        assert part.sum() >= region.measurements["pixels"] >= 16


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1, width=32), st.sampled_from([(1, 1), (7, 5), (1, 50), (60, 80)]))
def test_a_flat_map_stays_flat(level, shape):
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    values = np.full(shape, level, np.float32)
    assert_unchanged(refine(Image.from_array(pixels), values), values, "no-contrast")


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.05, 0.95),
    st.floats(0, 0.3),
    st.sampled_from([1, 8]),
)
def test_noise_gives_no_detection(image, seed, level, amplitude, cell):
    """Whatever its level and strength, noise around one level has no area that stands out."""
    random = np.random.default_rng(seed)
    shape = (240 // cell, 320 // cell)
    values = np.clip(random.normal(level, amplitude, shape), 0, 1).astype(np.float32)
    after = refine(image, values, cell=cell)
    assert after.measurements["refinement"] in ("no-contrast", "unsupported")
    assert after.map.values is values


def test_a_confident_map_of_one_level_has_no_contrast(image):
    """Beyond the confidence, values are all the same."""
    values = np.linspace(0.92, 1, 240 * 320, dtype=np.float32).reshape(240, 320)
    assert_unchanged(refine(image, values), values, "no-contrast")


def test_evidence_that_is_swallowed_leaves_the_map(image):
    values = np.full((240, 320), 0.05, np.float32)
    values[100:104, 100:104] = 0.9
    assert_unchanged(refine(image, values), values, "unsupported")


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24).map(lambda s: (*s, 3))
    ),
    st.data(),
)
def test_any_picture_and_any_map(pixels, data):
    height, width = pixels.shape[:2]
    values = data.draw(hnp.arrays(np.float32, (height, width), elements=st.floats(0, 1, width=32)))
    after = refine(Image.from_array(pixels), values)
    assert after.map.values.shape == (height, width)
    assert after.map.values.min() >= 0
    assert after.map.values.max() <= 1
    assert after.mask is None or after.mask.shape == (height, width)


def test_a_large_picture_is_refined_at_a_fraction(image, unary):
    before = unary("noisy", 240, 320)
    whole = refine(image, before)
    third = refine(image, before, working_megapixels=0.01)
    assert third.measurements["pixels_a_cell"] == 3
    assert third.map.cell == 3
    assert third.map.values.shape == (80, 107)
    assert third.mask.shape == (240, 320)
    assert np.array_equal(third.mask, third.map.at_pixels(240, 320) > 0.5)
    assert np.mean(third.mask != whole.mask) < 0.05
    assert max(region.x + region.width for region in third.regions) <= 320


def test_squares_of_pixels_are_refined_as_one(image, unary):
    before = unary("noisy", 240, 320)
    whole = refine(image, before)
    halved = refine(image, before, pixels_a_cell=2)
    assert halved.measurements["pixels_a_cell"] == halved.map.cell == 2
    assert halved.mask.shape == (240, 320)
    assert np.mean(halved.mask != whole.mask) < 0.05
    assert refine(image, before, pixels_a_cell=2, working_megapixels=0.01).map.cell == 3


@pytest.mark.parametrize("step", [2, 4])
def test_a_map_in_cells_need_not_be_laid_over_the_pixels_first(image, unary, step):
    """The squares lie in its cells, at the border as well."""
    cells = unary("blocky", 59, 79)
    sparse = refine(image, cells, cell=4, pixels_a_cell=step)
    laid = HeatMap(cells, cell=4).at_pixels(240, 320)
    whole = refine(image, laid, pixels_a_cell=step)
    assert np.allclose(sparse.map.values, whole.map.values, atol=1e-4)
    assert sparse.regions == whole.regions


def test_a_stronger_map_gives_its_neighbours_more_weight(image):
    """Just above the smallest contrast a map is hardly altered: no cliff beside the flat map."""
    values = np.full((240, 320), 0.45, np.float32)
    values[60:180, 80:240] = 0.56
    after = refine(image, values)
    assert after.measurements["refinement"] == "refined"
    assert after.map.values.min() > 0.2
    assert after.map.values.max() < 0.8


def test_missing_pydensecrf_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydensecrf", None)
    with pytest.raises(PluginError, match="pydensecrf") as caught:
        DenseCrf({"backend": "pydensecrf"}).load()
    assert "pip install" in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [{"sigma_beta": 0}, {"iterations": 0}, {"backend": "gpu"}, {"confidence": 0.5}, {"x": 1}],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        DenseCrf(wrong)
