"""Pipelines: named, versioned steps in a TOML file.

A file says::

    name = "quick"
    version = "1"
    description = "Traces that need no training"
    validated = true              # optional; `locard examine` runs it only as it was validated

    [[steps]]
    name = "grid"                 # what findings are filed under
    plugin = "jpeg-grid"          # detector or refiner
    parameters = { window = 9 }   # optional; checked against the plugin's schema
    limits = { seconds = 30, mebibytes = 1000 }   # optional
    calibration = "grid.json"     # optional; beside this file: makes scores likelihood ratios,
                                  # in place of a calibration that the detector brings with it

    [[steps]]
    name = "refined"
    plugin = "dense-crf"
    input = "grid"                # refiners need one: the step whose map they refine; parameters
                                  # that its detector brings for the refiner fill up those named
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from locard.detectors import Refiner
from locard.errors import PipelineError, PluginError
from locard.own_calibration import with_own_calibrations
from locard.own_refinement import with_own_refinements

if TYPE_CHECKING:
    from locard.calibration import Calibration
    from locard.detectors import Step
    from locard.plugins import Catalogue

_LATER_KEYS = ("calibration",)
"""Keys of a step that are left out of its text where they are unset: they came later, and pipelines
without them keep the text and hash that they had."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class LimitsTable(BaseModel):
    """Limits that replace those from the plugin's declared budget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float | None = Field(None, gt=0, description="wall-clock time before it is killed")
    mebibytes: int | None = Field(None, gt=0, description="memory before it is refused more")


class PipelineStep(BaseModel):
    """One step as the file has it; complete once :func:`load` returned it.

    Parameters are filled up with defaults then, and ``calibration`` is no longer the path of a
    file but all that is in it, so that a recorded pipeline replays without the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    plugin: Name
    input: Name | None = None
    parameters: Mapping[str, Any] = {}
    limits: LimitsTable = LimitsTable()
    calibration: Mapping[str, Any] | None = None

    @model_serializer(mode="wrap")
    def _without_unset(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = plain(self)
        return {
            name: value
            for name, value in said.items()
            if name not in _LATER_KEYS or value is not None
        }


class Pipeline(BaseModel):
    """Named, versioned steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    version: str = Field(min_length=1, max_length=40)
    description: str = ""
    validated: bool = Field(False, strict=True)
    """Whether it may be examined with only where each step is validated as it would run."""
    steps: tuple[PipelineStep, ...] = Field(min_length=1)

    @model_serializer(mode="wrap")
    def _without_unset(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = plain(self)
        # The key came later: pipelines without it keep the text and hash that they had.
        return said if self.validated else {n: v for n, v in said.items() if n != "validated"}

    def to_json(self) -> str:
        """Return the canonical text that receipts store and hash."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)

    @property
    def sha256(self) -> str:
        """Hash of the canonical text."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def load(name_or_path: str | Path, plugins: Catalogue) -> Pipeline:
    """Load a pipeline by name or file, and check it against the plugins that are there.

    Args:
        name_or_path: Name of a pipeline that a plugin ships, or path of a TOML file.
        plugins: Where its steps are looked up.

    Returns:
        The pipeline, every step's parameters complete with defaults, and with the calibrations and
        the refiners' parameters that detectors bring with them where the file names no others.

    Raises:
        PipelineError: No such pipeline, or the file is wrong; names file, step and key.
    """
    path = _find(str(name_or_path), plugins)
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except OSError as error:
        raise PipelineError(f"cannot read pipeline {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        # Besides TOMLDecodeError: bytes that are not UTF-8, endless numbers, endless nesting.
        raise PipelineError(
            f"{path} is not valid TOML: {error}",
            "Correct the file there, and check it with `locard pipeline show FILE`.",
        ) from None
    pipeline = resolve(_with_calibrations(raw, path), str(path), plugins)
    for step in pipeline.steps:
        if step.calibration is not None:
            _check_method(f"{path}: step {step.name!r}", step, plugins.step(step.plugin))
    named = {step["name"]: step.get("parameters", {}) for step in raw["steps"]}
    return with_own_calibrations(with_own_refinements(pipeline, named, plugins), plugins)


def resolve(raw: Mapping[str, Any], source: str, plugins: Catalogue) -> Pipeline:
    """Check a pipeline that was already parsed; ``source`` names it in errors.

    It gets no calibration that it has not: a recorded pipeline is run again as it ran.

    Raises:
        PipelineError: As for :func:`load`.
    """
    try:
        pipeline = Pipeline.model_validate(raw)
    except ValidationError as error:
        raise PipelineError(f"{source}: {_explain(error, raw)}") from None
    steps: list[PipelineStep] = []
    for step in pipeline.steps:
        where = f"{source}: step {step.name!r}"
        if any(step.name == earlier.name for earlier in steps):
            raise PipelineError(f"{where}: there are two steps of this name")
        try:
            plugin = plugins.step(step.plugin)
        except PluginError as error:
            raise PipelineError(f"{where}: key 'plugin': {error.message}", error.hint) from None
        _check_input(where, step, plugin, [earlier.name for earlier in steps])
        if step.calibration is not None:
            _calibration(where, step.calibration)
        steps.append(_complete(where, step, plugin))
    return pipeline.model_copy(update={"steps": tuple(steps)})


def _find(name_or_path: str, plugins: Catalogue) -> Path:
    if name_or_path in plugins.pipelines:
        return Path(plugins.pipelines[name_or_path])
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.is_file():
        return path
    known = sorted(plugins.pipelines)
    near = get_close_matches(name_or_path, known, n=1)
    hints = [f"Did you mean {near[0]}?"] if near else []
    hints.append(f"There are: {', '.join(known) or 'none'}; or give the path of a .toml file.")
    raise PipelineError(
        f"there is no pipeline {name_or_path!r}", " ".join([*hints, *plugins.unavailable()])
    )


def _check_input(where: str, step: PipelineStep, plugin: type[Step], earlier: list[str]) -> None:
    is_refiner = issubclass(plugin, Refiner)
    if is_refiner and step.input is None:
        raise PipelineError(
            f"{where}: key 'input' is missing: {step.plugin} refines another step's map",
            f'Add input = "…", one of: {", ".join(earlier) or "(no earlier step)"}.',
        )
    if not is_refiner and step.input is not None:
        raise PipelineError(f"{where}: key 'input': {step.plugin} is a detector and takes none")
    if step.input is not None and step.input not in earlier:
        raise PipelineError(
            f"{where}: key 'input': there is no earlier step {step.input!r}",
            f"Earlier steps: {', '.join(earlier) or 'none'}.",
        )


def _with_calibrations(raw: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Put the content of calibration files in place of their names, which are relative to ``path``.

    What is wrong with the rest of the file is left for the check that follows.
    """
    steps = raw.get("steps")
    if not isinstance(steps, list):
        return raw
    return {**raw, "steps": [_with_calibration(step, path) for step in steps]}


def _with_calibration(step: Any, path: Path) -> Any:
    if not isinstance(step, Mapping) or "calibration" not in step:
        return step
    from locard.calibration import Calibration, CalibrationError

    where, named = f"{path}: step {step.get('name')!r}", step["calibration"]
    if not isinstance(named, str):
        raise PipelineError(
            f"{where}: key 'calibration' is no text",
            "Give the path of a file that `locard calibration fit` wrote.",
        )
    try:
        content = Calibration.load(path.parent / named)
    except CalibrationError as error:
        raise PipelineError(f"{where}: key 'calibration': {error.message}", error.hint) from None
    return {**step, "calibration": content.model_dump(mode="json")}


def _calibration(where: str, plain: Mapping[str, Any]) -> Calibration:
    from locard.calibration import Calibration, CalibrationError

    try:
        return Calibration.from_plain(dict(plain), "the calibration")
    except CalibrationError as error:
        raise PipelineError(f"{where}: key 'calibration': {error.message}", error.hint) from None


def _check_method(where: str, step: PipelineStep, plugin: type[Step]) -> None:
    """Refuse a calibration of another method than the step runs."""
    calibration = _calibration(where, step.calibration or {})
    if issubclass(plugin, Refiner):
        raise PipelineError(
            f"{where}: key 'calibration': {step.plugin} is a refiner, and leaves the score alone",
            f"Calibrate {step.input!r}, whose score it is.",
        )
    try:
        models = [model.sha256 for model in plugin(step.parameters).models()]
    except Exception as error:  # whatever a plugin raises, the user must hear of it here
        raise PipelineError(
            f"{where}: key 'calibration': {step.plugin} cannot say which models it uses: {error}"
        ) from error
    if different := calibration.differences(step.plugin, plugin.version, step.parameters, models):
        raise PipelineError(
            f"{where}: key 'calibration': {'; '.join(different)}",
            "Calibrate the method that the step runs, or take the calibration out.",
        )


def _complete(where: str, step: PipelineStep, plugin: type[Step]) -> PipelineStep:
    """Return the step with validated parameters and defaults filled in."""
    try:
        parameters = plugin.Parameters.model_validate(dict(step.parameters))
    except ValidationError as error:
        known = ", ".join(plugin.Parameters.model_fields) or "none"
        raise PipelineError(
            f"{where}: parameters: {_explain(error, step.parameters)}",
            f"Parameters of {step.plugin}: {known}. `locard plugin show {step.plugin}` has more.",
        ) from None
    return step.model_copy(update={"parameters": parameters.model_dump(mode="json")})


def _explain(error: ValidationError, raw: Any) -> str:
    """Say what is wrong in the words of the file: step by name, key by name."""
    sentences = []
    problems = error.errors()
    # Of steps that are wrong pydantic says as well that there are too few that are right.
    wrong = {problem["loc"][:1] for problem in problems if len(problem["loc"]) > 1}
    for problem in problems:
        if problem["type"] == "too_short" and problem["loc"] in wrong:
            continue
        place, where = raw, []
        for part in problem["loc"]:
            try:
                place = place[part]
            except (KeyError, IndexError, TypeError):
                place = None
            named = isinstance(part, int) and isinstance(place, Mapping) and "name" in place
            where.append(f"step {place['name']!r}" if named and place else f"key {part!r}")
        if where and where[0] == "key 'steps'" and len(where) > 1:
            where = where[1:]
        sentences.append(f"{', '.join(where)}: {problem['msg']}")
    return "; ".join(sentences)
