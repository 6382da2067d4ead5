"""The plan says what will run, and why the rest does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from locard.detectors import Budget
from locard.engine.plan import ExhibitPlan, Skip, limits_for, plan_exhibit
from locard.engine.tasks import Limits, PlannedStep
from locard.errors import ImageError
from locard.image import Header
from locard.outcomes import Outcome
from locard.pipelines import Pipeline, PipelineStep
from locard.plugins import Catalogue

MakePipeline = Callable[..., Pipeline]


def header(**changes: Any) -> Header:
    facts = {"format": "PNG", "width": 1000, "height": 500, "channels": 3, "bits": 8}
    return Header(**(facts | changes))


def refined(name: str, of: str) -> dict[str, str]:
    return {"name": name, "plugin": "acme-invert", "input": of}


def by_name(plan: ExhibitPlan) -> dict[str, PlannedStep | Skip]:
    return {step.name: step for step in plan.steps}


def test_steps_that_apply_are_planned_in_order(pipeline: MakePipeline, plugins: Catalogue) -> None:
    made = pipeline(
        {"name": "bright", "plugin": "acme-mean", "parameters": {"weight": 2}},
        refined("dark", "bright"),
    )
    plan = plan_exhibit(made, header(), plugins)
    assert [step.name for step in plan.planned] == ["bright", "dark"]
    assert plan.skips == ()
    bright, dark = plan.planned
    assert (bright.plugin, bright.parameters, bright.input) == ("acme-mean", {"weight": 2.0}, None)
    assert (dark.plugin, dark.input) == ("acme-invert", "bright")


def test_unmet_needs_do_not_apply_and_take_refiners_along(
    pipeline: MakePipeline, plugins: Catalogue
) -> None:
    made = pipeline(
        "acme-jpeg-only",
        "acme-large",
        "acme-mean",
        refined("a", "acme-jpeg-only"),
        refined("b", "a"),
        refined("c", "acme-mean"),
    )
    plan = plan_exhibit(made, header(), plugins)
    skips = {skip.name: (skip.outcome, skip.reason) for skip in plan.skips}
    assert skips == {
        "acme-jpeg-only": (Outcome.NOT_APPLICABLE, "not-jpeg"),
        "acme-large": (Outcome.NOT_APPLICABLE, "too-small"),
        "a": (Outcome.NOT_APPLICABLE, "input-not-applicable"),
        "b": (Outcome.NOT_APPLICABLE, "input-not-applicable"),
    }
    assert [step.name for step in plan.planned] == ["acme-mean", "c"]
    assert "'acme-jpeg-only'" in by_name(plan)["a"].explanation  # type: ignore[union-attr]


def test_an_unreadable_file_fails_every_step_with_its_reason(
    pipeline: MakePipeline, plugins: Catalogue
) -> None:
    made = pipeline("acme-mean", "acme-large", refined("c", "acme-mean"))
    plan = plan_exhibit(made, ImageError("truncated", "it ends early"), plugins)
    assert [(skip.outcome, skip.reason, skip.explanation) for skip in plan.skips] == [
        (Outcome.FAILED, "truncated", "it ends early")
    ] * 3


def test_why_and_what_to_do_are_two_sentences(pipeline: MakePipeline, plugins: Catalogue) -> None:
    error = ImageError("truncated", "it ends early", "Get the whole file.")
    (skip,) = plan_exhibit(pipeline("acme-mean"), error, plugins).skips
    assert skip.explanation == "it ends early. Get the whole file."


BUDGET = Budget(seconds=2, seconds_per_megapixel=3, mebibytes=100, mebibytes_per_megapixel=200)


@pytest.mark.parametrize(
    ("pixels", "limits", "expected"),
    [
        # 10 × (2 + 12) s; 2 × (100 + 800) MiB, and 122.07 for 32 bytes a pixel
        (4_000_000, {}, Limits(140, 1923)),
        (1, {}, Limits(60, 512)),  # the least that is allowed
        (4_000_000, {"seconds": 0.5}, Limits(0.5, 1923)),
        (4_000_000, {"mebibytes": 5}, Limits(140, 5)),
    ],
)
def test_limits_come_from_the_budget_unless_the_pipeline_has_them(
    pixels: int, limits: dict[str, float], expected: Limits
) -> None:
    step = PipelineStep.model_validate({"name": "a", "plugin": "b", "limits": limits})
    assert limits_for(step, BUDGET, pixels) == expected
