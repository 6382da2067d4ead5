"""Image-level metrics and those of likelihood ratios, against scikit-learn and lir."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lir.data.models import LLRData
from lir.metrics import cllr as lir_cllr
from lir.metrics import cllr_min as lir_cllr_min
from lir.plotting.expected_calibration_error import calculate_ece
from scipy.optimize import brentq
from sklearn import metrics as oracle

from locard.evaluation.metrics import image as image_metrics
from locard.evaluation.metrics import likelihood as likelihood_metrics
from locard.evaluation.metrics.ranking import Ranking
from locard.outcomes import Outcome


def sample(seed: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    tampered = random.random(80) < 0.4
    values = random.normal(tampered * 1.0, 1)
    return (np.round(values * 2) / 2 if ties else values), tampered


CASES = [sample(seed, ties=ties) for seed in range(4) for ties in (False, True)]


@pytest.mark.parametrize(("scores", "tampered"), CASES)
def test_roc_agrees_with_scikit_learn(scores, tampered) -> None:
    expected = oracle.roc_auc_score(tampered, scores)
    assert image_metrics.roc_auc(scores, tampered) == pytest.approx(expected, abs=1e-12)
    false, true, _ = oracle.roc_curve(tampered, scores, drop_intermediate=False)
    np.testing.assert_allclose(image_metrics.roc_points(scores, tampered), (false, true))
    crossing = brentq(lambda x: 1 - x - np.interp(x, false, true), 0, 1)
    assert image_metrics.equal_error_rate(scores, tampered) == pytest.approx(crossing, abs=1e-9)


@pytest.mark.parametrize(("log10_lrs", "tampered"), CASES)
def test_costs_agree_with_lir(log10_lrs, tampered) -> None:
    data = LLRData(features=log10_lrs, labels=tampered.astype(int))
    cost, least = lir_cllr(data), lir_cllr_min(data)
    assert likelihood_metrics.cllr(log10_lrs, tampered) == pytest.approx(cost, abs=1e-12)
    assert likelihood_metrics.min_cllr(log10_lrs, tampered) == pytest.approx(least, abs=1e-9)
    loss = likelihood_metrics.calibration_loss(log10_lrs, tampered)
    assert loss == pytest.approx(cost - least, abs=1e-9)


@pytest.mark.parametrize(("log10_lrs", "tampered"), CASES)
def test_cross_entropy_agrees_with_lir(log10_lrs, tampered) -> None:
    found = likelihood_metrics.cross_entropy(log10_lrs, tampered, np.array([-2.0, 0.0, 1.5]))
    priors = 1 / (1 + 10 ** -np.array([-2.0, 0.0, 1.5]))
    expected = calculate_ece(10**log10_lrs, tampered.astype(int), priors)
    np.testing.assert_allclose(found.given, expected, atol=1e-9)
    assert found.given[1] == pytest.approx(likelihood_metrics.cllr(log10_lrs, tampered))
    assert found.calibrated[1] == pytest.approx(likelihood_metrics.min_cllr(log10_lrs, tampered))
    assert found.neutral[1] == 1
    assert np.all(found.calibrated <= found.given + 1e-12)


BOTH = np.array([True, True, False, False])


@pytest.mark.parametrize(
    "log10_lrs",
    [[np.inf, 1, -1, -np.inf], [-np.inf, 1, -1, 0], [np.inf, 0, np.inf, -1], [-np.inf] * 4],
)
def test_infinite_likelihood_ratios_are_handled_as_lir_does(log10_lrs) -> None:
    values = np.array(log10_lrs, float)
    data = LLRData(features=values, labels=BOTH.astype(int))
    assert likelihood_metrics.cllr(values, BOTH) == pytest.approx(lir_cllr(data))


def test_a_tippett_plot_says_how_many_have_at_least_this_ratio() -> None:
    points = likelihood_metrics.tippett(np.array([2.0, 0.0, 0.0, -1.0]), BOTH)
    assert points.log10_lr.tolist() == [-1, 0, 2]
    assert points.tampered.tolist() == [1, 1, 0.5]
    assert points.authentic.tolist() == [1, 0.5, 0]


@pytest.mark.parametrize("single", [np.zeros(3, np.bool_), np.ones(3, np.bool_)])
def test_one_class_alone_defines_nothing(single) -> None:
    values = np.arange(3.0)
    assert image_metrics.roc_auc(values, single) is None
    assert image_metrics.equal_error_rate(values, single) is None
    assert likelihood_metrics.cllr(values, single) is None
    assert likelihood_metrics.min_cllr(values, single) is None
    assert likelihood_metrics.calibration_loss(values, single) is None
    for points in (image_metrics.roc_points, likelihood_metrics.tippett):
        with pytest.raises(ValueError, match="both needed"):
            points(values, single)


def test_nan_is_refused() -> None:
    values = np.array([0, np.nan, 1, 2])
    for metric in (image_metrics.roc_auc, likelihood_metrics.cllr, likelihood_metrics.min_cllr):
        with pytest.raises(ValueError, match="1 of 4 scores are NaN"):
            metric(values, BOTH)


def test_only_detected_flags_and_every_outcome_is_counted() -> None:
    outcomes = list(Outcome)
    found = image_metrics.verdict_scores(outcomes * 2, [True] * 5 + [False] * 5)
    assert (found.sensitivity, found.false_positive_rate) == (0.2, 0.2)
    assert (found.specificity, found.balanced_accuracy, found.answered) == (0.8, 0.5, 0.4)
    assert set(found.outcomes.values()) == {2}


def test_verdicts_without_a_class_or_a_verdict_are_undefined() -> None:
    found = image_metrics.verdict_scores([Outcome.DETECTED], [True])
    assert (found.sensitivity, found.specificity, found.balanced_accuracy) == (1, None, None)
    silent = image_metrics.verdict_scores([Outcome.INCONCLUSIVE], [True], gives_verdict=False)
    assert (silent.sensitivity, silent.answered) == (None, None)
    assert silent.outcomes[Outcome.INCONCLUSIVE] == 1


@pytest.mark.parametrize(("scores", "tampered"), CASES)
def test_ranking_of_a_resample_is_that_of_the_repeated_images(scores, tampered) -> None:
    random = np.random.default_rng(1)
    weights = random.integers(0, 4, (6, scores.size)).astype(float)
    weights[0] = 1
    weights[1] = tampered  # no authentic image
    missing = random.random(scores.size) < 0.1
    ranking = Ranking.of(np.where(missing, np.nan, scores), tampered)
    found = np.column_stack([ranking.scores(weights), ranking.min_cllr(weights)])
    assert np.isnan(found[1]).all()
    for row in (0, 2, 3, 4, 5):
        times = np.where(missing, 0, weights[row]).astype(int)
        drawn, labels = np.repeat(scores, times), np.repeat(tampered, times)
        expected = (
            image_metrics.roc_auc(drawn, labels),
            image_metrics.equal_error_rate(drawn, labels),
            likelihood_metrics.min_cllr(drawn, labels),
        )
        np.testing.assert_allclose(found[row], expected, atol=1e-9)


IMAGES = st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 2))


@given(st.lists(IMAGES, min_size=1, max_size=12))
def test_ranking_holds_with_ties_and_images_that_were_not_drawn(images) -> None:
    scores, tampered, times = (np.array(column) for column in zip(*images, strict=True))
    scores = scores.astype(float)
    ranking = Ranking.of(scores, tampered)
    weights = times[None, :].astype(float)
    found = [*ranking.scores(weights)[0], ranking.min_cllr(weights)[0]]
    drawn, labels = np.repeat(scores, times), np.repeat(tampered, times)
    if labels.all() or not labels.any():
        assert np.isnan(found).all()
        return
    expected = (
        image_metrics.roc_auc(drawn, labels),
        image_metrics.equal_error_rate(drawn, labels),
        likelihood_metrics.min_cllr(drawn, labels),
    )
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_costs_refuse_nan_rather_than_warn() -> None:
    with pytest.raises(ValueError, match="1 of 4 scores are NaN"):
        likelihood_metrics.costs(np.array([0, np.nan, 1, 2]), BOTH)
