"""Pixel metrics against scikit-learn, brute force and cases made by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as oracle

from locard.evaluation.metrics import pixel as pixel_metrics
from locard.evaluation.metrics.pixel import CURVE, pixel_scores

LEVELS = st.sampled_from([0.0, 0.05, 0.25, 0.5, 0.75, 1.0])
MAPS = arrays(np.float32, (4, 5), elements=LEVELS)
TRUTHS = arrays(np.bool_, (4, 5))


@pytest.fixture(params=[0, 8, 2], ids=["many values", "eighths", "two values"])
def case(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    truth = np.zeros((60, 70), np.bool_)
    truth[10:30, 20:50] = True
    values = (0.6 * random.random(truth.shape) + 0.3 * truth).astype(np.float32)
    return (np.round(values * request.param) / request.param if request.param else values), truth


def test_agrees_with_scikit_learn(case: tuple[np.ndarray, np.ndarray]) -> None:
    values, truth = case
    flat, marked = truth.ravel(), (values > 0.5).ravel()
    scores = pixel_scores(values, truth, marked.reshape(truth.shape))
    assert scores.f1 == pytest.approx(oracle.f1_score(flat, marked), abs=1e-12)
    assert scores.mask_f1 == scores.f1
    assert scores.mcc == pytest.approx(oracle.matthews_corrcoef(flat, marked), abs=1e-12)
    assert scores.iou == pytest.approx(oracle.jaccard_score(flat, marked), abs=1e-12)
    assert scores.auc == pytest.approx(oracle.roc_auc_score(flat, values.ravel()), abs=1e-12)
    assert scores.marked == marked.mean()
    for sign, best in ((1, scores.best_f1), (-1, None)):
        precision, recall, _ = oracle.precision_recall_curve(flat, sign * values.ravel())
        expected = np.max(2 * precision * recall / np.maximum(precision + recall, 1e-300))
        if best is None:
            assert scores.flipped == (expected > scores.best_f1 + 1e-12)
        else:
            assert best == pytest.approx(expected, abs=1e-12)
    for threshold, f1 in zip(CURVE, scores.f1_curve, strict=True):
        expected = oracle.f1_score(flat, (values > threshold).ravel(), zero_division=0)
        assert f1 == pytest.approx(expected, abs=1e-12)


def brute(values: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    tried = [
        (2 * np.sum((values >= t) & truth) / (np.sum(values >= t) + truth.sum()), float(t))
        for t in np.unique(values)
    ]
    return max(tried)


@given(MAPS, TRUTHS)
def test_best_f1_is_that_of_brute_force(values: np.ndarray, truth: np.ndarray) -> None:
    scores = pixel_scores(values, truth)
    if not truth.any():
        assert scores.best_f1 is None
        return
    assert (scores.best_f1, scores.best_threshold) == brute(values, truth)
    if not truth.all():
        assert scores.flipped == (brute(-values, truth)[0] > scores.best_f1)


@given(MAPS, TRUTHS)
def test_bounds_and_inversion(values: np.ndarray, truth: np.ndarray) -> None:
    scores = pixel_scores(values, truth)
    assert 0 <= scores.marked <= 1
    if not truth.any():
        return
    assert 0 <= scores.iou <= scores.f1 <= scores.best_f1 <= 1
    assert scores.everything_f1 <= scores.best_f1
    if truth.all():
        return
    assert -1 <= scores.mcc <= 1
    # A level halfway would be on neither side of 0.5 after inversion.
    values = np.where(values == 0.5, np.float32(0.75), values)
    there, back = pixel_scores(values, truth), pixel_scores(1 - values, truth)
    assert there.mcc == pytest.approx(-back.mcc, abs=1e-12)
    assert there.auc == pytest.approx(1 - back.auc, abs=1e-12)
    assert not (there.flipped and back.flipped)


@given(MAPS, TRUTHS, st.randoms(use_true_random=False))
def test_the_order_of_pixels_does_not_matter(values, truth, random) -> None:
    order = list(range(values.size))
    random.shuffle(order)
    shuffled = pixel_scores(
        values.ravel()[order].reshape(values.shape), truth.ravel()[order].reshape(truth.shape)
    )
    assert shuffled == pixel_scores(values, truth)


def test_blocks_of_thresholds_change_nothing(monkeypatch, case) -> None:
    whole = pixel_scores(*case)
    monkeypatch.setattr(pixel_metrics, "_BLOCK", 3)
    assert pixel_scores(*case) == whole


HALF = np.array([[True, True, False, False]])


def test_empty_mask_defines_the_marked_share_alone() -> None:
    values = np.array([[0.0, 0.5, 0.6, 1.0]], np.float32)
    scores = pixel_scores(values, np.zeros((1, 4), np.bool_), HALF)
    assert scores == pixel_metrics.PixelScores(marked=0.5)


def test_full_mask_has_no_second_class() -> None:
    scores = pixel_scores(np.array([[0.0, 1.0]], np.float32), np.ones((1, 2), np.bool_))
    assert (scores.mcc, scores.auc, scores.flipped) == (None, None, None)
    assert (scores.best_f1, scores.everything_f1, scores.iou) == (1.0, 1.0, 0.5)


def test_empty_prediction_scores_zero_and_chance() -> None:
    scores = pixel_scores(np.zeros((1, 4), np.float32), HALF, np.zeros((1, 4), np.bool_))
    assert (scores.f1, scores.mcc, scores.iou, scores.mask_f1) == (0, 0, 0, 0)
    assert (scores.auc, scores.flipped) == (0.5, False)
    assert scores.best_f1 == scores.everything_f1 == pytest.approx(2 / 3)
    assert scores.f1_curve == (0.0,) * 21


def test_inverted_map_is_counted_as_flipped_and_not_repaired() -> None:
    scores = pixel_scores(1 - HALF.astype(np.float32), HALF)
    assert (scores.f1, scores.mcc, scores.auc, scores.flipped) == (0, -1, 0, True)
    right = pixel_scores(HALF.astype(np.float32), HALF)
    assert (right.f1, right.mcc, right.auc, right.flipped) == (1, 1, 1, False)


def test_large_counts_do_not_overflow() -> None:
    truth = np.zeros((1500, 2000), np.bool_)
    truth[:700] = True
    values = np.roll(truth, 100, axis=0).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = pixel_scores(values, truth)
    assert scores.mcc == pytest.approx(np.corrcoef(values.ravel(), truth.ravel())[0, 1])


@pytest.mark.parametrize(
    ("values", "truth", "mask", "words"),
    [
        (np.zeros((2, 2)), np.zeros((2, 3), np.bool_), None, "truth"),
        (np.zeros((2, 2)), np.zeros((2, 2), np.bool_), np.zeros((1, 2), np.bool_), "mask"),
        (np.zeros((2, 2)), np.zeros((2, 2), np.uint8), None, "must be bool"),
        (np.zeros((0, 2)), np.zeros((0, 2), np.bool_), None, "with pixels"),
        (np.array([[0, np.nan]]), np.zeros((1, 2), np.bool_), None, "NaN. at 1 of 2"),
    ],
)
def test_what_cannot_be_scored_is_refused(values, truth, mask, words) -> None:
    with pytest.raises(ValueError, match=words):
        pixel_scores(values.astype(np.float32), truth, mask)
