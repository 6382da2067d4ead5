"""Results against requirements: figures by hand."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from locard.evaluation.metrics import METRICS
from locard.evaluation.metrics.summary import summarise
from locard.evaluation.results import Estimate
from locard.evaluation.rows import Row
from locard.evaluation.validation.judging import Observation, judge
from locard.evaluation.validation.record import all_met
from locard.evaluation.validation.requirements import parse
from locard.outcomes import Outcome

from .conftest import HEAD, results, subset


def verdict_of(text, measured=None, observations=None):
    head = '[[requirements]]\nid = "R1"\nstatement = "s"\n'
    found = parse(HEAD + head + text, "R.toml", list(METRICS))
    (verdict,) = judge(found.requirements, measured or results(), "grid", observations or {})
    return verdict


F1 = 'metric = "f1"\nminimum_images = 10\n'


@pytest.mark.parametrize(
    ("criterion", "status"),
    [
        ("at_least = 0.5", "not met"),  # the lower bound is 0.4
        ("at_least = 0.4", "met"),
        ('at_least = 0.5\nbound = "value"', "met"),
        ('at_least = 0.61\nbound = "value"', "not met"),
        ("at_most = 0.7", "not met"),  # the upper bound is 0.8
        ("at_most = 0.8", "met"),
        ('at_most = 0.7\nbound = "value"', "met"),
        ('at_most = 0.5\nbound = "value"', "not met"),
    ],
)
def test_interval_and_value(criterion, status):
    verdict = verdict_of(F1 + criterion)
    assert verdict.status == status
    assert verdict.estimate == Estimate(value=0.6, low=0.4, high=0.8, images=20)
    assert "f1 is 0.6" in verdict.sentence


def test_too_few_images_are_not_assessable_however_good():
    perfect = subset(metrics={"f1": Estimate(value=1.0, low=1.0, high=1.0, images=9)})
    verdict = verdict_of(F1 + 'at_least = 0.1\nbound = "value"', results(perfect))
    assert verdict.status == "not assessable"
    assert "9 images, fewer than the 10" in verdict.sentence


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        ('at_least = 0.1\nsubset = { by = "camera", value = "x" }', "not divided by 'camera'"),
        ('at_least = 0.1\nsubset = { by = "all", value = "x" }', "no image has all = 'x'"),
        ('at_least = 0.1\ntreatment = "jpeg-80"', "nothing was measured under"),
    ],
)
def test_what_was_not_measured_is_not_assessable(criterion, words):
    verdict = verdict_of(F1 + criterion)
    assert (verdict.status, verdict.estimate) == ("not assessable", None)
    assert words in verdict.sentence


@pytest.mark.parametrize(
    "metrics", [{}, {"f1": Estimate(value=None)}, {"f1": Estimate(value=0.9, images=50)}]
)
def test_a_figure_without_value_or_interval_is_not_assessable(metrics):
    verdict = verdict_of(F1 + "at_least = 0.1", results(subset(metrics=metrics)))
    assert verdict.status == "not assessable"


@pytest.mark.parametrize(("images", "sources"), [(10, 10), (59, 59), (200, 200), (200, 12)])
def test_no_false_alarm_among_few_sources_proves_little(images, sources):
    """Resamples of nothing but zeros have no width; the exact bound has, and counts sources."""
    rows = [
        Row(f"{at}.jpg", "", "authentic", "none", "grid", Outcome.NOT_DETECTED, f"{at % sources}")
        for at in range(images)
    ]
    measured = results(*summarise(rows, {"grid": True}, count=100))
    bound = binomtest(0, sources).proportion_ci(0.95, method="exact").high
    text = 'metric = "false_positive_rate"\nminimum_images = 2\nat_most = '
    assert verdict_of(f"{text}{bound * 1.001}", measured).status == "met"
    verdict = verdict_of(f"{text}{bound * 0.999}", measured)
    assert verdict.status == "not met"
    assert f"95 % interval 0 to {bound:.4g}" in verdict.sentence


def test_an_infinite_cost_is_a_requirement_not_met():
    infinite = {"cllr": Estimate(value=None, infinite=True, images=40)}
    text = 'metric = "cllr"\nminimum_images = 2\nat_most = 0.5'
    verdict = verdict_of(text, results(subset(metrics=infinite)))
    assert verdict.status == "not met"
    assert verdict.sentence == "cllr is infinite; inf is not at most 0.5"


def test_checks_that_are_no_metrics():
    observation = Observation(status="met", sentence="3 images, twice the same")
    text = 'check = "repeatability"\nimages = 3'
    found = verdict_of(text, observations={"repeatability": observation})
    assert (found.status, found.sentence) == ("met", "3 images, twice the same")
    assert verdict_of(text).status == "not assessable"


def test_nothing_required_is_nothing_validated():
    assert not all_met([])
