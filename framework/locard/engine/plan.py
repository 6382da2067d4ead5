"""Says, before anything runs, which steps apply to an exhibit and why the others do not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard.detectors import Unmet
from locard.engine.tasks import Limits, PlannedStep
from locard.errors import ImageError, LocardError
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from locard.detectors import Budget, Step
    from locard.image import Header
    from locard.pipelines import Pipeline, PipelineStep
    from locard.plugins import Catalogue

TIME_ALLOWANCE = 10.0
MINIMUM_SECONDS = 60.0
MEMORY_ALLOWANCE = 2.0
MINIMUM_MEBIBYTES = 512
DECODING_BYTES_A_PIXEL = 32
"""Pixels, luma, coefficients and what decoders need on the way; whichever step is first to look
pays for them, and no plugin declares them."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A step that will not run.

    Attributes:
        name: Name of the step in its pipeline.
        plugin: Name of the detector or refiner.
        outcome: ``not_applicable``, or ``failed`` where the file cannot be read.
        reason: Machine-readable.
        explanation: In words.
        input: Name of the step that this one would refine.
    """

    name: str
    plugin: str
    outcome: Outcome
    reason: str
    explanation: str
    input: str | None = None


@dataclass(frozen=True, slots=True)
class ExhibitPlan:
    """What will be done with one exhibit.

    Attributes:
        steps: One entry a step of the pipeline, in its order.
    """

    steps: tuple[PlannedStep | Skip, ...]

    @property
    def planned(self) -> tuple[PlannedStep, ...]:
        """The steps that will run."""
        return tuple(step for step in self.steps if isinstance(step, PlannedStep))

    @property
    def skips(self) -> tuple[Skip, ...]:
        """The steps that will not."""
        return tuple(step for step in self.steps if isinstance(step, Skip))


def header_of(path: Path) -> Header | ImageError:
    """Return a file's header, or why there is none; no pixel is decoded."""
    from locard.image import read_header

    try:
        return read_header(path)
    except ImageError as error:
        return error
    except LocardError as error:
        return ImageError("unreadable", f"the file cannot be read: {error.message}", error.hint)
    except OSError as error:
        return ImageError("unreadable", f"the file cannot be read: {error}")


def plan_exhibit(
    pipeline: Pipeline, header: Header | ImageError, plugins: Catalogue
) -> ExhibitPlan:
    """Plan one exhibit from its header; no pixel is decoded.

    Args:
        pipeline: A checked pipeline, as :func:`locard.pipelines.load` returns it.
        header: The exhibit's header, or why it has none: then every step fails with that reason.
        plugins: Where the steps are looked up.

    Raises:
        PluginError: A step's plugin is not there.
    """
    entries: dict[str, PlannedStep | Skip] = {}
    for step in pipeline.steps:
        plugin = plugins.step(step.plugin)
        if isinstance(header, ImageError):
            entries[step.name] = _skip(step, Outcome.FAILED, header.reason, header.sentences)
        elif unmet := plugin.needs.unmet(header) or _skipped_input(step, entries):
            entries[step.name] = _skip(
                step, Outcome.NOT_APPLICABLE, unmet.reason, unmet.explanation
            )
        else:
            entries[step.name] = _planned(step, plugin, header)
    return ExhibitPlan(tuple(entries.values()))


def limits_for(step: PipelineStep, budget: Budget, pixels: int) -> Limits:
    """Return what a step may take of a picture of so many pixels.

    What the pipeline says goes before the allowance over the plugin's declared budget.
    """
    seconds = max(MINIMUM_SECONDS, TIME_ALLOWANCE * budget.seconds_for(pixels))
    decoding = DECODING_BYTES_A_PIXEL * pixels / 2**20
    declared = MEMORY_ALLOWANCE * budget.mebibytes_for(pixels)
    mebibytes = max(MINIMUM_MEBIBYTES, math.ceil(declared + decoding))
    return Limits(step.limits.seconds or seconds, step.limits.mebibytes or mebibytes)


def unusable_input(name: str, outcome: Outcome, *, has_map: bool) -> Unmet | None:
    """Return why a finding cannot be refined, or None where it can.

    Args:
        name: Name of the step that the finding comes from.
        outcome: The finding's outcome.
        has_map: Whether there is a map to refine.
    """
    if outcome is Outcome.FAILED:
        return Unmet("input-failed", f"there is nothing to refine: the step {name!r} failed")
    if outcome is Outcome.NOT_APPLICABLE:
        return Unmet(
            "input-not-applicable",
            f"there is nothing to refine: the step {name!r} does not apply",
        )
    if not has_map:
        return Unmet("input-without-map", f"the step {name!r} gave no map to refine")
    return None


def _skipped_input(step: PipelineStep, earlier: Mapping[str, PlannedStep | Skip]) -> Unmet | None:
    entry = earlier.get(step.input or "")
    if not isinstance(entry, Skip):
        return None
    return unusable_input(entry.name, entry.outcome, has_map=False)


def _skip(step: PipelineStep, outcome: Outcome, reason: str, explanation: str) -> Skip:
    return Skip(step.name, step.plugin, outcome, reason, explanation, step.input)


def _planned(step: PipelineStep, plugin: type[Step], header: Header) -> PlannedStep:
    return PlannedStep(
        name=step.name,
        plugin=step.plugin,
        parameters=step.parameters,
        limits=limits_for(step, plugin.budget, header.width * header.height),
        input=step.input,
        calibration=step.calibration,
    )
