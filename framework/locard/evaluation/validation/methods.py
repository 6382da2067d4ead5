"""What a validation is valid for: a plugin at a version, with parameters and models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict

from locard.canonical import canonical_json, sha256_of
from locard.errors import LocardError

if TYPE_CHECKING:
    from locard.evaluation.results import StepFacts
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue


class ModelFacts(BaseModel):
    """A model file that a method uses, and the model's card where it has one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    sha256: str
    card_sha256: str | None = None


class Method(BaseModel):
    """A method as it was measured, or as a pipeline would run it.

    Two of them are the same method only if they are equal: plugin, version, every parameter, every
    model file, and the same of the method whose map is refined.

    Attributes:
        plugin: Name of the detector or refiner.
        version: Its version.
        parameters: All of them, defaults filled in.
        models: In the order of name and version.
        calibration: Hash of the calibration that makes likelihood ratios of its scores, or None.
        input: For a refiner, the method that it refines, whose calibration is no matter here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    plugin: str
    version: str
    parameters: Mapping[str, Any]
    models: tuple[ModelFacts, ...] = ()
    calibration: str | None = None
    input: Method | None = None

    @classmethod
    def measured(cls, steps: Sequence[StepFacts], name: str) -> Self:
        """Return the method that an evaluation measured as the step ``name``.

        Args:
            steps: All steps of the evaluation.
            name: Which one.

        Raises:
            LocardError: The evaluation has no such step.
        """
        by_name = {step.name: step for step in steps}
        if name not in by_name:
            raise LocardError(f"the evaluation has no step {name!r}")
        step = by_name[name]
        return cls(
            plugin=step.plugin,
            version=step.version,
            parameters=dict(step.parameters),
            models=_sorted(ModelFacts.model_validate(dict(model)) for model in step.models),
            input=None if step.input is None else cls.measured(steps, step.input),
        )


def installed_methods(pipeline: Pipeline, plugins: Catalogue) -> dict[str, Method]:
    """Return, by step, the methods that a pipeline would run as the plugins are installed now.

    Args:
        pipeline: As :func:`locard.pipelines.load` returns it: parameters complete.
        plugins: Where its steps come from.

    Raises:
        LocardError: A step cannot say which models it uses.
    """
    from locard.engine.cache import models_of

    models = models_of(pipeline, plugins)
    methods: dict[str, Method] = {}
    for step in pipeline.steps:
        references = models[step.name]
        if references is None:
            raise LocardError(
                f"step {step.name!r}: {step.plugin} cannot say which models it uses",
                f"`locard plugin check {step.plugin}` finds out why.",
            )
        methods[step.name] = Method(
            plugin=step.plugin,
            version=plugins.step(step.plugin).version,
            # Through JSON, as results and records hold them: a tuple there is a list.
            parameters=json.loads(json.dumps(dict(step.parameters))),
            models=_sorted(ModelFacts.model_validate(model.plain()) for model in references),
            calibration=calibration_hash(step.calibration),
            input=None if step.input is None else _uncalibrated(methods[step.input]),
        )
    return methods


def calibration_hash(calibration: Mapping[str, Any] | None) -> str | None:
    """Return the hash of a step's calibration, or None where it has none."""
    return None if calibration is None else sha256_of(canonical_json(dict(calibration)))


def _uncalibrated(method: Method) -> Method:
    return method.model_copy(update={"calibration": None})


def changes(validated: Method, present: Method) -> tuple[str, ...]:
    """Return what is different now from what was validated, one phrase each; empty if nothing is.

    Args:
        validated: What the record speaks of.
        present: What would run.
    """
    if validated.plugin != present.plugin:
        return (f"it was {validated.plugin}, and is {present.plugin}",)
    return tuple(_changes(validated, present))


def _changes(validated: Method, present: Method) -> Iterator[str]:
    if validated.version != present.version:
        yield f"version was {validated.version}, is {present.version}"
    for name in sorted(validated.parameters.keys() | present.parameters.keys()):
        before, now = (_value(method.parameters, name) for method in (validated, present))
        if before != now:
            yield f"parameter {name} was {before}, is {now}"
    before_models = {(model.name, model.version): model.sha256 for model in validated.models}
    now_models = {(model.name, model.version): model.sha256 for model in present.models}
    for key in sorted(before_models.keys() | now_models.keys()):
        was, is_ = before_models.get(key), now_models.get(key)
        if was != is_:
            yield f"model {key[0]} {key[1]} was {_short(was)}, is {_short(is_)}"
    yield from _card_changes(validated, present)
    if validated.calibration != present.calibration:
        yield f"calibration was {_short(validated.calibration)}, is {_short(present.calibration)}"
    if (validated.input is None) != (present.input is None):
        yield "one of them refines another method's map, and the other does not"
    elif validated.input is not None and present.input is not None:
        for change in changes(validated.input, present.input):
            yield f"in its input {present.input.plugin}: {change}"


def _card_changes(validated: Method, present: Method) -> Iterator[str]:
    """Yield a phrase for each model whose file is the same, and its card is not."""
    was = {(model.name, model.version): model for model in validated.models}
    for model in present.models:
        before = was.get((model.name, model.version))
        if before is None or before.sha256 != model.sha256:
            continue
        if before.card_sha256 != model.card_sha256:
            yield (
                f"the card of model {model.name} {model.version} was "
                f"{_short(before.card_sha256)}, is {_short(model.card_sha256)}"
            )


def in_words(method: Method) -> str:
    """Return a method on one line: ``jpeg-grid version 2 with window = 9``."""
    parameters = ", ".join(
        f"{name} = {_value(method.parameters, name)}" for name in sorted(method.parameters)
    )
    models = ", ".join(f"{model.name} {model.version}" for model in method.models)
    return (
        f"{method.plugin} version {method.version}"
        + (f" with {parameters}" if parameters else "")
        + (f", model {models}" if models else "")
        + (f", calibration {_short(method.calibration)}" if method.calibration else "")
        + (f", on {in_words(method.input)}" if method.input else "")
    )


def _value(parameters: Mapping[str, Any], name: str) -> str:
    return json.dumps(parameters[name], ensure_ascii=True) if name in parameters else "absent"


def _short(sha256: str | None) -> str:
    return "absent" if sha256 is None else sha256[:16]


def _sorted(models: Iterable[ModelFacts]) -> tuple[ModelFacts, ...]:
    return tuple(sorted(models, key=lambda model: (model.name, model.version, model.sha256)))
