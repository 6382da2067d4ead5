"""Scores, columns, parts and figures of crop models, against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import softmax
from scipy.stats import binomtest

from locard.evaluation.metrics.image import roc_auc
from locard_kd_crop.decision import phases_of
from locard_kd_crop.evaluation.answers import UNKNOWN, Answers, cropped_log_odds, likeliest_phase
from locard_kd_crop.evaluation.figures import Cuts, figures
from locard_kd_crop.evaluation.parts import ALARMS, LARGE, STRATA, parts
from locard_kd_crop.evaluation.pictures import FILE_BANDS, SIZE_BANDS

from .made_pictures import answers, line, many, pictures

LOGITS = arrays.arrays(np.float64, (3, 65), elements=st.floats(-20, 20, allow_nan=False, width=32))


@given(logits=LOGITS)
def test_score_is_the_log_odds_of_the_63_moved_grids_and_the_detector_s(
    logits: np.ndarray,
) -> None:
    likely = softmax(logits, axis=1)
    moved, rest = likely[:, 1:64].sum(axis=1), likely[:, 0] + likely[:, 64]
    np.testing.assert_allclose(cropped_log_odds(logits), np.log(moved / rest), atol=1e-9)
    told = [phases_of(row) for row in logits]
    np.testing.assert_allclose(cropped_log_odds(logits), [one.score for one in told], atol=1e-12)
    assert list(likeliest_phase(logits)) == [one.best for one in told]


@given(logits=LOGITS, shift=st.floats(-50, 50))
def test_score_does_not_change_when_all_logits_do(logits: np.ndarray, shift: float) -> None:
    np.testing.assert_allclose(
        cropped_log_odds(logits + shift), cropped_log_odds(logits), atol=1e-9
    )


def test_a_network_of_two_classes_has_a_score_and_no_phase() -> None:
    said = Answers.of(np.array([[1.0, 3.5], [2.0, -1.0]]))
    np.testing.assert_allclose(said.scores, [2.5, -3.0])
    assert set(said.phases) == {UNKNOWN}


@pytest.mark.parametrize("wrong", [np.zeros((2, 64)), np.zeros(65), np.full((1, 65), np.nan)])
def test_what_are_no_logits_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="logit"):
        cropped_log_odds(wrong)


def test_columns_of_pictures() -> None:
    found = pictures(
        line(grid="3,5"),
        line(grid="", last_tables="", last_quality="", width="64", height="2000"),
        line(grid="", last_quality="70", height="128"),
        line(last_quality="69", width="1024", height="1024"),
        line(last_quality="100"),
    )
    assert list(found.labels) == [43, 64, 0, 0, 0]
    assert list(found.moved) == [True, False, False, False, False]
    assert [FILE_BANDS[band] for band in found.file_bands] == [
        *("JPEG 90-94", "lossless", "JPEG 70-79", "JPEG below 70", "JPEG 98-100"),
    ]
    assert [SIZE_BANDS[band] for band in found.size_bands] == [
        *("256-511 px", "64-127 px", "128-255 px", "1024 px and more", "256-511 px"),
    ]
    part = found.part(np.array([False, True, False, False, True]))
    assert list(part.labels) == [64, 0]


def test_figures_are_those_counted_by_hand() -> None:
    moved = np.array([True, True, True, True, False, False, False, False, False])
    said = answers([5.0, 2.0, 0.5, -1.0, 3.0, 0.1, -0.5, -2.0, -3.0])
    said.phases[1] = 7
    cuts = Cuts(np.full(9, 0.0), np.full(9, 1.0))
    found = figures(said, many(9, 3, moved), cuts)
    expected = {
        "sensitivity": (3 / 4, 4),
        "called_cropped": (2 / 5, 5),
        "balanced_accuracy": ((3 / 4 + 3 / 5) / 2, 9),
        "exact_offset": (3 / 4, 4),
        "detected": (2 / 4, 4),
        "exact_offset_detected": (1 / 2, 2),
        "false_alarms": (1 / 5, 5),
        # Pairs in which the crop scores higher: 5 + 4 + 4 + 2 of 20.
        "auc": (15 / 20, 9),
    }
    assert {name: (one.value, one.images) for name, one in found.items()} == {
        name: (pytest.approx(value), images) for name, (value, images) in expected.items()
    }
    assert found["false_alarms"].groups == 3


def test_a_score_at_the_threshold_is_above_it() -> None:
    moved = np.array([True, False])
    found = figures(answers([1.0, 1.0]), many(2, 2, moved), Cuts(np.ones(2), np.ones(2)))
    assert found["detected"].value == found["false_alarms"].value == 1


def test_without_errors_the_interval_is_that_of_so_many_cameras() -> None:
    moved = np.arange(40) % 2 == 0
    scores = np.where(moved, 4.0, -4.0)
    crops = many(40, 40, moved)
    found = figures(answers(scores), crops, Cuts(np.zeros(40), np.zeros(40)))
    exact = binomtest(20, 20).proportion_ci(0.95, "exact")
    assert found["detected"].low == pytest.approx(exact.low)
    assert found["false_alarms"].high == pytest.approx(1 - exact.low)
    assert found["auc"].value == 1
    assert found["auc"].low is not None
    assert 0.8 < found["auc"].low < 1
    # As many pictures of fewer cameras tell less.
    fewer = figures(answers(scores), many(40, 5, moved), Cuts(np.zeros(40), np.zeros(40)))
    assert fewer["detected"].low is not None
    assert fewer["detected"].low < exact.low


def test_a_single_camera_has_no_interval() -> None:
    found = figures(answers([1.0, -1.0]), many(2, 1, np.array([True, False])), _cuts(2))
    assert (found["detected"].low, found["detected"].high) == (None, None)


def test_a_class_that_is_absent_has_no_figure() -> None:
    found = figures(answers([1.0, -1.0]), many(2, 2, np.zeros(2, np.bool_)), _cuts(2))
    assert set(found) == {"called_cropped", "false_alarms"}
    assert figures(answers([]), many(0, 1, np.zeros(0, np.bool_)), _cuts(0)) == {}


def test_unknown_phases_have_no_offset() -> None:
    found = figures(answers([1.0, 2.0], UNKNOWN), many(2, 2, np.ones(2, np.bool_)), _cuts(2))
    assert set(found) == {"sensitivity", "detected"}


def test_as_many_answers_as_pictures() -> None:
    with pytest.raises(ValueError, match="3 answers"):
        figures(answers([1.0, 2.0, 3.0]), many(2, 2, np.ones(2, np.bool_)), _cuts(2))


@settings(max_examples=25, deadline=None)
@given(
    scores=arrays.arrays(np.float64, 24, elements=st.integers(-6, 6).map(float)),
    moved=arrays.arrays(np.bool_, 24),
    cut=st.integers(-6, 6),
)
def test_figures_lie_in_their_intervals(scores: np.ndarray, moved: np.ndarray, cut: int) -> None:
    cuts = Cuts(np.full(24, float(cut)), np.full(24, float(cut)))
    found = figures(answers(scores), many(24, 6, moved), cuts, count=200)
    for name, one in found.items():
        assert 0 <= one.value <= 1
        if one.low is not None and one.high is not None:
            assert 0 <= one.low <= one.value <= one.high <= 1, name
    if "auc" in found:
        assert found["auc"].value == pytest.approx(roc_auc(scores, moved))
    if moved.any():
        assert found["detected"].value == pytest.approx(np.mean(scores[moved] >= cut))


def test_parts_are_the_rows_of_the_table() -> None:
    found = pictures(
        line(stratum="A", last_tables="", last_quality=""),
        line(stratum="B"),
        line(stratum="C", width="256", height="256", first_quality="98"),
        line(stratum="C", width="301", height="700"),
        line(stratum="D", ratio="1.15-1.5", width="100"),
        line(stratum="D", ratio="1.5-2"),
        line(stratum="D", ratio="2-3", grid="1,0"),
        line(stratum="D", ratio="3-6", width="255"),
        line(stratum="E", variant="aligned to MCUs", tool="jpegtran"),
        line(stratum="E", variant="never compressed", grid=""),
    )
    by_name = {(p.table, p.size, p.name): np.flatnonzero(p.chosen).tolist() for p in parts(found)}
    assert by_name[STRATA, LARGE, "A"] == [0]
    assert by_name[STRATA, LARGE, "B"] == [1]
    assert by_name[STRATA, LARGE, "C"] == [2, 3]
    assert by_name[STRATA, LARGE, "C, 256 to 300 px"] == [2]
    assert by_name[STRATA, LARGE, "C, first quality 98 or 99"] == [2]
    assert by_name[STRATA, LARGE, "D, step ratio 1.15-2"] == [5]
    assert by_name[STRATA, "64-127 px", "D, step ratio 1.15-1.5"] == [4]
    assert by_name[STRATA, LARGE, "D, step ratio 2-3"] == [6]
    assert by_name[STRATA, "128-255 px", "D, step ratio 3-6"] == [7]
    assert by_name[STRATA, LARGE, "E"] == [8, 9]
    assert by_name[STRATA, LARGE, "E, never compressed"] == [9]
    assert by_name[ALARMS, "any size", "jpegtran"] == [8]
    assert by_name[ALARMS, "any size", "all"] == [0, 1, 2, 3, 4, 5, 7, 8, 9]
    assert by_name[ALARMS, "any size", "lossless"] == [0]
    assert (STRATA, "64-127 px", "A") not in by_name


def _cuts(count: int) -> Cuts:
    return Cuts(np.zeros(count), np.zeros(count))
