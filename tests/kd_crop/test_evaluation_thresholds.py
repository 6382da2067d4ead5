"""Thresholds and calibration from validation pictures, by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from locard.calibration.calibration import CalibrationError, DetectorFacts
from locard.evaluation.metrics.conformal import conformal
from locard.image.file_facts import FileFacts
from locard_kd_crop.evaluation.measuring import measured
from locard_kd_crop.evaluation.older_grids import older_grids, pictures_of
from locard_kd_crop.evaluation.pictures import Pictures
from locard_kd_crop.evaluation.thresholds import LEAST, LEAST_OWN, RATE, thresholds

from .made_pictures import answers, line, many, pictures

DETECTOR = DetectorFacts(plugin="kd-crop", version="1", parameters={"model": None})


def both(*some: Pictures) -> Pictures:
    return Pictures(
        [facts for one in some for facts in one.facts], np.concatenate([o.labels for o in some])
    )


@settings(deadline=None)
@given(
    scores=arrays.arrays(np.float64, 30, elements=st.integers(-9, 9).map(float)),
    moved=arrays.arrays(np.bool_, 30),
)
def test_no_other_threshold_has_a_better_balanced_accuracy(
    scores: np.ndarray, moved: np.ndarray
) -> None:
    if moved.all():
        return
    found = thresholds(answers(scores), many(30, 6, moved)).jpeg
    if not moved.any():
        assert found == 0
        return

    def balanced(cut: float) -> float:
        return float(np.mean(scores[moved] >= cut) + np.mean(scores[~moved] < cut))

    assert balanced(found) == pytest.approx(max(balanced(cut) for cut in np.arange(-10, 11, 0.5)))


def test_strata_that_hide_the_grid_set_no_decision_threshold() -> None:
    seen = np.arange(40) < 20
    scores = np.where(seen, 3.0, -3.0)
    hidden = many(40, 8, np.ones(40, np.bool_), stratum="D", ratio="3-6")
    together = both(many(40, 8, seen), hidden)
    found = thresholds(answers(np.concatenate([scores, np.full(40, -8.0)])), together)
    assert found.jpeg == 0
    assert found.lossless == 0


@settings(max_examples=40, deadline=None)
@given(
    scores=arrays.arrays(np.float64, st.integers(1, 400), elements=st.floats(-9, 9)),
    rate=st.sampled_from([0.01, 0.05, 0.2]),
)
def test_conformal_score_has_few_above_it(scores: np.ndarray, rate: float) -> None:
    found = conformal(scores, rate)
    assert found in scores
    above = int((scores > found).sum())
    # Of the n + 1 places that another score may take, at most the share lies above.
    assert above <= max(0, math.floor(rate * (scores.size + 1)))
    lower = scores[scores < found]
    if lower.size:
        assert (scores > lower.max()).sum() + 1 > rate * (scores.size + 1)


def test_one_per_cent_holds_on_average_for_pictures_that_were_not_seen() -> None:
    random = np.random.default_rng(0)
    exceeded = [
        np.mean(random.normal(size=500) > conformal(random.normal(size=LEAST), RATE))
        for _ in range(400)
    ]
    assert 0.005 < np.mean(exceeded) <= RATE + 3 * np.std(exceeded) / 20


def test_a_cell_with_many_pictures_keeps_to_one_per_cent_itself() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=LEAST)
    found = thresholds(answers(scores), many(LEAST, 20, np.zeros(LEAST, np.bool_)))
    assert [one.name for one in found.alarms] == ["JPEG 90-94, 256-511 px"]
    only = found.alarms[0]
    assert (only.own, only.pooled, only.power, only.crops) == (LEAST, LEAST, None, 0)
    assert only.false_alarms is not None
    assert only.false_alarms <= RATE
    assert np.mean(scores >= only.value) == only.false_alarms
    # Another picture, with equal chance at each of the n + 1 places, is above or at the value.
    assert math.floor((LEAST + 1) * RATE) == int((scores >= only.value).sum()) + 1


def test_a_cell_with_few_pictures_takes_in_its_neighbours_sizes_first() -> None:
    random = np.random.default_rng(2)
    few = many(30, 10, np.zeros(30, np.bool_))
    near = many(LEAST, 20, np.zeros(LEAST, np.bool_), width="200")
    far = many(LEAST, 20, np.zeros(LEAST, np.bool_), last_quality="75")
    lossless = many(LEAST, 20, np.zeros(LEAST, np.bool_), last_tables="", last_quality="")
    together = both(few, near, far, lossless)
    scores = np.concatenate(
        [random.normal(size=30), random.normal(size=LEAST), np.full(LEAST, 90), np.full(LEAST, 95)]
    )
    by_name = {one.name: one for one in thresholds(answers(scores), together).alarms}
    cell = by_name["JPEG 90-94, 256-511 px"]
    assert (cell.own, cell.pooled) == (30, 30 + LEAST)
    assert cell.value < 90
    # What no picture was seen of, beside what was, has a threshold from its neighbours.
    assert by_name["JPEG 70-79, 128-255 px"].own == 0
    assert by_name["lossless, 256-511 px"].value > 95


def test_own_pictures_raise_a_threshold_that_neighbours_set_too_low() -> None:
    strange = np.zeros(LEAST_OWN, np.bool_)
    quiet = np.zeros(5 * LEAST, np.bool_)
    together = both(many(LEAST_OWN, 10, strange), many(quiet.size, 10, quiet, width="200"))
    scores = np.concatenate([np.full(LEAST_OWN, 5.0), np.zeros(quiet.size)])
    by_name = {one.name: one for one in thresholds(answers(scores), together).alarms}
    assert by_name["JPEG 90-94, 256-511 px"].value > 5
    assert by_name["JPEG 90-94, 256-511 px"].false_alarms == 0
    assert by_name["JPEG 90-94, 128-255 px"].value < 5


def test_power_is_that_of_strata_in_which_something_is_to_be_seen() -> None:
    others = many(LEAST, 20, np.zeros(LEAST, np.bool_))
    crops = many(40, 20, np.ones(40, np.bool_))
    hidden = many(40, 20, np.ones(40, np.bool_), stratum="D", ratio="3-6")
    scores = np.concatenate([np.zeros(LEAST), np.repeat([-1.0, 1.0], [10, 30]), np.full(40, -9)])
    only = thresholds(answers(scores), both(others, crops, hidden)).alarms[0]
    assert (only.power, only.crops) == (30 / 40, 40)


def test_cuts_are_those_of_the_picture_s_kind_and_size() -> None:
    lossless = {"last_tables": "", "last_quality": ""}
    known = both(
        many(LEAST, 20, np.zeros(LEAST, np.bool_)),
        many(LEAST, 20, np.zeros(LEAST, np.bool_), **lossless),
    )
    scores = np.concatenate([np.full(LEAST, 1.0), np.full(LEAST, 2.0)])
    found = thresholds(answers(scores), known)
    asked = pictures(
        line(), line(**lossless), line(width="9000", height="9000"), line(width="200"),
        line(last_quality="94"), line(last_quality="50"), line(last_quality="97"),
    )  # fmt: skip
    assert np.isfinite(found.cuts(asked).alarm).tolist() == [
        True,
        True,
        True,
        False,
        True,
        False,
        False,
    ]
    np.testing.assert_allclose(found.cuts(asked).alarm[:3], [1, 2, 1])


def test_nothing_but_crops_sets_no_threshold() -> None:
    with pytest.raises(ValueError, match="no picture without"):
        thresholds(answers([1.0, 2.0]), many(2, 2, np.ones(2, np.bool_)))


def test_a_photograph_that_was_cropped_before_is_found_and_set_aside() -> None:
    uncropped = np.zeros(12, np.bool_)
    found = many(12, 3, uncropped)
    scores, phases = np.full(12, -3.0), np.arange(12)
    photograph = found.column("photograph_sha256") == "photograph 1"
    scores[photograph], phases[photograph] = 8.0, 24
    said = answers(scores)
    said.phases[:] = phases
    only = older_grids(said, found)
    assert [(one.photograph, one.phase, one.agree, one.images) for one in only] == [
        ("photograph 1", 24, 4, 4)
    ]
    assert pictures_of(only, found).tolist() == photograph.tolist()
    # Phases that do not agree are noise, and so are two that do.
    said.phases[photograph] = [1, 2, 3, 4]
    assert older_grids(said, found) == ()
    said.scores[np.flatnonzero(photograph)[:2]] = -1
    said.phases[photograph] = 24
    assert older_grids(said, found) == ()


def scored(crops: int, others: int) -> tuple[np.ndarray, Pictures]:
    random = np.random.default_rng(3)
    moved = np.arange(crops + others) < crops
    scores = random.normal(np.where(moved, 2.0, -2.0), 1.5)
    return scores, many(moved.size, 25, moved, life="earlier")


def test_measured_thresholds_and_calibration_fit_the_card_and_the_detector_s_findings() -> None:
    scores, found = scored(150, 250)
    result = measured(answers(scores), found, name="made", detector=DETECTOR)
    assert result.set_aside == ()
    assert result.calibrated is not None
    calibration = result.calibrated.calibration
    file = FileFacts("JPEG", 300, 400, 92)
    stratum = calibration.stratum_for(file, {"shorter_side": 300})
    assert stratum is not None
    assert stratum.name == "JPEG 90-94, 256-511 px"
    ratios = stratum.log10_lrs(np.array([-6.0, 0.0, 6.0]))
    # Two normal distributions 4 apart with a deviation of 1.5: LR = exp(4 s / 1.5²).
    assert ratios[0] < -1 < abs(ratios[1]) < 1 < ratios[2]
    assert stratum.performance.cllr < 0.5
    assert calibration.stratum_for(FileFacts("PNG", 300, 400), {"shorter_side": 300}) is None
    assert calibration.stratum_for(FileFacts("JPEG", 300, 400, 50), {"shorter_side": 300}) is None
    (row,) = result.card_rows()
    threshold = result.thresholds.alarms[0]
    assert (row.value, row.images, row.power, row.positives) == (
        threshold.value, 250, threshold.power, 150,
    )  # fmt: skip
    assert not row.conditions.unmet(file, {"shorter_side": 4000})
    assert row.conditions.unmet(file, {"shorter_side": 255})
    assert row.conditions.unmet(FileFacts("JPEG", 300, 400, 95), {"shorter_side": 300})


def test_kinds_of_files_with_few_pictures_have_no_likelihood_ratio() -> None:
    scores, found = scored(150, 250)
    few = many(4, 4, np.array([True, False, True, False]), last_quality="75")
    together = both(found, few)
    said = answers(np.concatenate([scores, [3.0, -3.0, 3.0, -3.0]]))
    result = measured(said, together, name="made", detector=DETECTOR).calibrated
    assert result is not None
    assert any("JPEG 70-79" in note for note in result.notes)
    assert not any("JPEG 70-79" in stratum.name for stratum in result.calibration.strata)
    with pytest.raises(CalibrationError, match="too few"):
        measured(answers([3.0, -3.0, 3.0, -3.0]), few, name="made", detector=DETECTOR)
