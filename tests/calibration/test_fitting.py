"""Fits against lir, which weighs classes alike as well, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from calibrating import scored
from hypothesis import given, settings
from hypothesis import strategies as st
from lir.algorithms.isotonic_regression import IsotonicCalibrator
from lir.algorithms.logistic_regression import LogitCalibrator
from lir.data.models import LLRData
from lir.metrics import cllr as lir_cllr
from lir.metrics import cllr_min as lir_cllr_min

from locard.calibration.fitting import (
    Scored,
    TooFewError,
    fit,
    fit_logistic,
    fit_steps,
    performance,
)


@pytest.mark.parametrize(("tampered", "authentic"), [(60, 60), (30, 200)])
def test_logistic_is_that_of_lir(tampered, authentic):
    data = scored(tampered, authentic)
    standard = (data.scores - data.scores.mean()) / data.scores.std()
    theirs = LogitCalibrator(tol=1e-10).fit(standard, data.tampered.astype(int)).transform(standard)
    assert fit_logistic(data).log10_lrs(data.scores) == pytest.approx(theirs, abs=1e-5)


def test_logistic_finds_the_likelihood_ratio_of_two_normals():
    # Of equal spread and means 0 and 2 the natural log LR is 2 (x - 1), however many there are.
    mapping = fit_logistic(scored(20_000, 2_000))
    assert mapping.slope * np.log(10) == pytest.approx(2.0, abs=0.1)
    assert -mapping.intercept / mapping.slope == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("tampered", "authentic"), [(60, 60), (30, 200)])
def test_steps_are_those_of_lir_with_one_misleading_score_a_side(tampered, authentic):
    data = scored(tampered, authentic)
    theirs = IsotonicCalibrator(add_misleading=1).fit(data.scores, data.tampered.astype(int))
    expected = theirs.transform(data.scores)
    assert fit_steps(data).log10_lrs(data.scores) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("method", ["logistic", "pav"])
def test_cost_is_that_of_lir(method):
    data = scored(50, 80)
    found = fit(method, data)
    theirs = LLRData(features=found.log10_lrs.copy(), labels=data.tampered.astype(int))
    assert found.performance.cllr == pytest.approx(lir_cllr(theirs), abs=1e-9)
    assert found.performance.cllr_min == pytest.approx(lir_cllr_min(theirs), abs=1e-6)


@pytest.mark.parametrize("method", ["logistic", "pav"])
def test_cost_is_of_images_that_were_left_out(method):
    """Scores that are noise cost a bit or more; on the images that it saw, PAV would gain."""
    data = scored(40, 40, shift=0.0, seed=3)
    seen = fit_steps(data).log10_lrs(data.scores)
    assert performance(seen, data.tampered, 2).cllr < 0.98
    assert fit(method, data).performance.cllr > 0.98


@pytest.mark.parametrize("method", ["logistic", "pav"])
def test_images_of_one_source_are_left_out_together(method):
    # 6 sources, each with a score of its own that has nothing to do with the class.
    generator = np.random.default_rng(5)
    groups = np.repeat(np.arange(12), 10)
    labels = groups % 2 == 0
    scores = generator.normal(size=12)[groups] + generator.normal(0, 0.01, groups.size)
    together = fit(method, Scored(scores, labels, groups.astype(np.str_)))
    apart = fit(method, Scored(scores, labels, np.arange(groups.size).astype(np.str_)))
    assert together.performance.cllr > apart.performance.cllr


@pytest.mark.parametrize("method", ["logistic", "pav"])
def test_separated_classes_are_bounded_by_their_number(method):
    data = scored(40, 40, shift=100.0)
    found = fit(method, data)
    assert 0 < found.bounds.upper <= np.log10(41)
    assert -np.log10(41) <= found.bounds.lower < 0
    assert np.isfinite(found.mapping.log10_lrs([-1e9, 0.0, 1e9])).all()


def test_a_score_that_points_the_wrong_way_says_nothing():
    data = scored(60, 60, shift=-3.0)
    assert fit_logistic(data).log10_lrs([-5.0, 5.0]).tolist() == [0.0, 0.0]


def test_one_score_for_all_says_nothing():
    data = scored(30, 30)
    same = Scored(np.zeros(60), data.tampered, data.groups)
    for method in ("logistic", "pav"):
        assert fit(method, same).log10_lrs == pytest.approx(np.zeros(60), abs=1e-9)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (scored(19, 50), "19 tampered images have a score, and calibration needs 20"),
        (scored(50, 19), "19 authentic images have a score, and calibration needs 20"),
        (scored(0, 50), "0 tampered images"),
        (scored(50, 0), "0 authentic images"),
        (scored(40, 40, sources=4), "come from 4 sources"),
    ],
)
def test_too_few_are_refused(data, words):
    with pytest.raises(TooFewError, match=words):
        fit("pav", data)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), min_size=8, max_size=60).filter(
        lambda pairs: 0 < sum(label for _, label in pairs) < len(pairs)
    )
)
@settings(max_examples=60, deadline=None)
def test_no_mapping_ever_falls(pairs):
    scores, labels = map(np.array, zip(*pairs, strict=True))
    data = Scored(scores.astype(float), labels, np.arange(len(pairs)).astype(np.str_))
    grid = np.linspace(-2e6, 2e6, 101)
    for mapping in (fit_logistic(data), fit_steps(data)):
        values = mapping.log10_lrs(np.sort(np.concatenate([grid, data.scores])))
        assert np.isfinite(values).all()
        assert (np.diff(values) >= 0).all()
