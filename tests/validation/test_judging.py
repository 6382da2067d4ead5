"""Results against requirements: figures by hand."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from locard.evaluation.metrics import METRICS
from locard.evaluation.results import Estimate
from locard.evaluation.validation.judging import Observation, judge
from locard.evaluation.validation.record import all_met
from locard.evaluation.validation.requirements import parse

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


@pytest.mark.parametrize("images", [10, 59, 200, 368])
def test_no_false_alarm_among_few_images_proves_little(images):
    """The bootstrap of nothing but zeros has no width; the exact bound has."""
    none = {"false_positive_rate": Estimate(value=0.0, low=0.0, high=0.0, images=images)}
    measured = results(subset(images=images, tampered=0, metrics=none))
    bound = binomtest(0, images).proportion_ci(0.95, method="exact").high
    text = 'metric = "false_positive_rate"\nminimum_images = 2\nat_most = '
    assert verdict_of(f"{text}{bound * 1.001}", measured).status == "met"
    verdict = verdict_of(f"{text}{bound * 0.999}", measured)
    assert verdict.status == "not met"
    assert "exact 95 % interval" in verdict.sentence


def test_a_perfect_figure_is_bounded_by_the_smaller_class():
    perfect = {"image_auc": Estimate(value=1.0, low=1.0, high=1.0, images=105)}
    measured = results(subset(images=105, tampered=5, metrics=perfect))
    bound = binomtest(5, 5).proportion_ci(0.95, method="exact").low
    text = 'metric = "image_auc"\nminimum_images = 2\nat_least = '
    assert verdict_of(f"{text}{bound * 1.001}", measured).status == "not met"
    assert verdict_of(f"{text}{bound * 0.999}", measured).status == "met"


def test_a_figure_that_never_varies_elsewhere_is_not_assessable():
    """Bounds of a proportion are no bounds of a likelihood-ratio cost, or of the middle."""
    for name, value in (("cllr", 0.0), ("mcc", 1.0), ("f1", 0.5)):
        same = {name: Estimate(value=value, low=value, high=value, images=40)}
        text = f'metric = "{name}"\nminimum_images = 2\nat_least = -1'
        verdict = verdict_of(text, results(subset(metrics=same)))
        assert verdict.status == "not assessable"
        assert "every resample says the same" in verdict.sentence


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
