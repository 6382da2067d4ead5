"""Calibrations that detectors bring with them, put where a pipeline's own would stand.

A detector's calibration goes into the text of the pipeline when it is loaded, as one that the
pipeline names does: what runs, is recorded, replayed, reported and cached knows no difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from locard.detectors import Detector
from locard.errors import PipelineError

if TYPE_CHECKING:
    from locard.calibration import Calibration
    from locard.pipelines import Pipeline, PipelineStep
    from locard.plugins import Catalogue


def with_own_calibrations(pipeline: Pipeline, plugins: Catalogue) -> Pipeline:
    """Return a pipeline with its detectors' calibrations, where it names no others.

    A recorded pipeline is not to be completed so: it has what was there when it ran.

    Args:
        pipeline: Complete with parameters.
        plugins: Where its steps come from.

    Raises:
        PipelineError: A detector cannot say what its calibration is, and is not broken otherwise.
    """
    return pipeline.model_copy(
        update={"steps": tuple(_with_own(step, plugins) for step in pipeline.steps)}
    )


def _with_own(step: PipelineStep, plugins: Catalogue) -> PipelineStep:
    plugin = plugins.step(step.plugin)
    if step.calibration is not None or not issubclass(plugin, Detector):
        return step
    if plugin.calibration is Detector.calibration:
        return step
    own = _own(step, plugin)
    if own is None:
        return step
    return step.model_copy(update={"calibration": own.model_dump(mode="json")})


def _own(step: PipelineStep, plugin: type[Detector]) -> Calibration | None:
    from locard.calibration import Calibration

    where = f"step {step.name!r}: the calibration of {step.plugin}"
    try:
        detector = plugin(step.parameters)
        detector.models()
    except Exception:  # noqa: BLE001  whatever a plugin raises, the finding will say it
        return None
    try:
        own = detector.calibration()
    except Exception as error:
        raise PipelineError(f"{where} cannot be read: {error}") from error
    if own is not None and not isinstance(own, Calibration):
        raise PipelineError(f"{where} is of type {type(own).__name__}, not a Calibration")
    return own
