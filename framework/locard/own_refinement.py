"""Parameters that detectors bring with them for the refiners of their maps.

How far a map is to be believed depends on the model that drew it, so parameters of a refiner that
were tuned on a model's maps belong to that model. They go into the text of the pipeline when it is
loaded, as parameters that the pipeline names do, which go first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from locard.detectors import Detector
from locard.errors import PipelineError, words_of

if TYPE_CHECKING:
    from locard.pipelines import Pipeline, PipelineStep
    from locard.plugins import Catalogue


def with_own_refinements(
    pipeline: Pipeline, named: Mapping[str, Mapping[str, Any]], plugins: Catalogue
) -> Pipeline:
    """Return a pipeline whose refiners have what the detectors of their maps bring for them.

    A recorded pipeline is not to be completed so: it has what was there when it ran.

    Args:
        pipeline: Complete with parameters.
        named: For each step by its name, the parameters that the pipeline's author named.
        plugins: Where its steps come from.

    Raises:
        PipelineError: A detector cannot say what it brings, or it does not fit the refiner.
    """
    steps = {step.name: step for step in pipeline.steps}
    return pipeline.model_copy(
        update={
            "steps": tuple(
                step
                if step.input is None
                else _with_own(step, steps[step.input], named.get(step.name, {}), plugins)
                for step in pipeline.steps
            )
        }
    )


def _with_own(
    step: PipelineStep, source: PipelineStep, named: Mapping[str, Any], plugins: Catalogue
) -> PipelineStep:
    plugin = plugins.step(source.plugin)
    if not issubclass(plugin, Detector) or plugin.refinement is Detector.refinement:
        return step
    own = _own(step, source, plugin)
    if not own:
        return step
    try:
        parameters = plugins.step(step.plugin).Parameters.model_validate({**own, **named})
    except ValidationError as error:
        raise PipelineError(
            f"step {step.name!r}: the parameters that {source.plugin} brings for {step.plugin} do "
            f"not fit: {words_of(error)}",
            "Use the version of the model that was made for this Locard.",
        ) from None
    return step.model_copy(update={"parameters": parameters.model_dump(mode="json")})


def _own(step: PipelineStep, source: PipelineStep, plugin: type[Detector]) -> Mapping[str, Any]:
    try:
        detector = plugin(source.parameters)
        detector.models()
    except Exception:  # noqa: BLE001  whatever a plugin raises, the finding will say it
        return {}
    try:
        return dict(detector.refinement(step.plugin))
    except Exception as error:
        raise PipelineError(
            f"step {step.name!r}: {source.plugin} cannot say what it brings for {step.plugin}: "
            f"{error}"
        ) from error
