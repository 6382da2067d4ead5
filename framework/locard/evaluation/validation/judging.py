"""Holds results against requirements. What cannot be judged is never met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from locard.evaluation.metrics import METRICS
from locard.evaluation.results import Estimate
from locard.evaluation.rows import UNTREATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from locard.evaluation.results import Results, SubsetResult
    from locard.evaluation.validation.requirements import Check, Requirement

Status = Literal["met", "not met", "not assessable"]


class Observation(BaseModel):
    """What a check that is no metric found.

    Attributes:
        status: What it says of the requirement.
        sentence: What was looked at, and what was found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status
    sentence: str


class Verdict(BaseModel):
    """The result of one requirement.

    Attributes:
        id: Of the requirement.
        statement: What the end user needs.
        criterion: The acceptance criterion in words.
        status: Whether it is met.
        sentence: Why.
        estimate: The figure, of a metric, with the interval that it is judged by.
        meaning: What the metric is, and what it cannot say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    statement: str
    criterion: str
    status: Status
    sentence: str
    estimate: Estimate | None = None
    meaning: str = ""


def judge(
    requirements: Iterable[Requirement],
    results: Results,
    step: str,
    observations: Mapping[Check, Observation],
) -> tuple[Verdict, ...]:
    """Judge every requirement.

    Args:
        requirements: What the end user needs.
        results: What was measured.
        step: Name of the step that is validated.
        observations: What the checks found that are no metrics.

    Returns:
        One verdict a requirement, in their order.
    """
    return tuple(
        _verdict(requirement, *_judged(requirement, results, step, observations))
        for requirement in requirements
    )


def _verdict(
    requirement: Requirement, observation: Observation, estimate: Estimate | None
) -> Verdict:
    return Verdict(
        id=requirement.id,
        statement=requirement.statement,
        criterion=requirement.criterion,
        status=observation.status,
        sentence=observation.sentence,
        estimate=estimate,
        meaning=_meaning(requirement.metric),
    )


def _meaning(name: str | None) -> str:
    metric = METRICS.get(name or "")
    return "" if metric is None else f"{metric.title}: {metric.definition} {metric.limit}"


def _judged(
    requirement: Requirement,
    results: Results,
    step: str,
    observations: Mapping[Check, Observation],
) -> tuple[Observation, Estimate | None]:
    if requirement.check != "metric":
        missing = _unknown(f"the check {requirement.check} was not run")
        return observations.get(requirement.check, missing), None
    subset = _subset(requirement, results, step)
    if isinstance(subset, Observation):
        return subset, None
    estimate = subset.metrics.get(str(requirement.metric))
    if estimate is None:
        words = f"{requirement.metric} is not defined on {_what(requirement)}"
        return _unknown(words), None
    return _held(requirement, estimate), estimate


def _subset(requirement: Requirement, results: Results, step: str) -> SubsetResult | Observation:
    by, value = requirement.subset.by, requirement.subset.value
    of_step = [subset for subset in results.subsets if subset.step == step]
    treated = [subset for subset in of_step if subset.treatment == requirement.treatment]
    if not treated:
        return _unknown(f"nothing was measured under the treatment {requirement.treatment}")
    divided = [subset for subset in treated if subset.by == by]
    if not divided:
        known = ", ".join(sorted({subset.by for subset in treated}))
        return _unknown(f"the data set is not divided by {by!r}; it is by: {known}")
    for subset in divided:
        if subset.value == value:
            return subset
    known = ", ".join(sorted(subset.value for subset in divided))
    return _unknown(f"no image has {by} = {value!r}; there are: {known}")


def _held(requirement: Requirement, estimate: Estimate) -> Observation:
    """Hold a figure against its criterion."""
    name, value = requirement.metric, estimate.value
    if estimate.infinite:
        return _compared(requirement, float("inf"), f"{name} is infinite")
    if value is None:
        what = _what(requirement)
        return _unknown(f"{name} has no figure on {what}: it is defined by none of them")
    needed = requirement.minimum_images or 0
    if estimate.images < needed:
        return _unknown(
            f"{name} rests on {estimate.images} images, fewer than the {needed} that the "
            "requirement asks for"
        )
    if requirement.bound == "value":
        return _compared(requirement, value, f"{name} is {value:.4g}")
    low, high = estimate.low, estimate.high
    if low is None or high is None:
        return _unknown(
            f"{name} is {value:.4g}, without an interval: too few images or sources define it, or "
            "all say the same"
        )
    words = f"{name} is {value:.4g}, 95 % interval {low:.4g} to {high:.4g}"
    return _compared(requirement, low if requirement.at_least is not None else high, words)


def _compared(requirement: Requirement, figure: float, words: str) -> Observation:
    if requirement.at_least is not None:
        met, limit = figure >= requirement.at_least, f"at least {requirement.at_least:g}"
    else:
        at_most = requirement.at_most if requirement.at_most is not None else float("-inf")
        met, limit = figure <= at_most, f"at most {at_most:g}"
    return Observation(
        status="met" if met else "not met",
        sentence=f"{words}; {figure:.4g} is {'' if met else 'not '}{limit}",
    )


def _what(requirement: Requirement) -> str:
    treated = "" if requirement.treatment == UNTREATED else f", after {requirement.treatment}"
    return f"{requirement.subset}{treated}"


def _unknown(words: str) -> Observation:
    return Observation(status="not assessable", sentence=words)
