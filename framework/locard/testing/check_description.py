"""Checks of what a step says about itself: text, parameters, glossary."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from locard.detectors import Detector, Step
from locard.testing.bench import Bench
from locard.testing.checks import NotApplicable, check, require, require_none


@check(Step)
def described(bench: Bench) -> None:
    """A report prints, beside each outcome, how the method works and when it is wrong.

    An outcome without its limits misleads a court.
    """
    step = bench.step_class
    texts = ("name", "version", "summary", "method", "limits", "score_meaning")
    missing = [text for text in texts if not str(getattr(step, text, "")).strip()]
    require(
        not missing,
        f"{step.__name__} has no {', '.join(missing)}: set "
        f"{'these class attributes' if len(missing) > 1 else 'this class attribute'} to a text "
        "that an examiner understands.",
    )
    require(
        len(step.summary.splitlines()) == 1,
        f"{step.__name__}.summary must be one line; move the rest to .method",
    )


@check(Step)
def needs_and_budget_sane(bench: Bench) -> None:
    """The plan and the limits are computed from what a step declares."""
    needs, budget = bench.step_class.needs, bench.step_class.budget
    require(needs.min_side >= 1, f"needs.min_side is {needs.min_side}; the smallest is 1")
    pixels = needs.min_side**2
    require(
        needs.max_megapixels is None or needs.max_megapixels * 1e6 >= pixels,
        f"needs.max_megapixels ({needs.max_megapixels}) leaves no picture of {needs.min_side} "
        "pixels a side",
    )
    require(
        budget.seconds_for(pixels) > 0 and budget.mebibytes_for(pixels) > 0,
        "the budget declares no time or no memory for the smallest picture",
    )


@check(Step)
def parameters_documented(bench: Bench) -> None:
    """Who sets a parameter must know what it does, and who does not gets a working default."""
    fields = bench.step_class.Parameters.model_fields
    if not fields:
        raise NotApplicable("the step has no parameters")
    require_none(
        [f"{name}: no description" for name, field in fields.items() if not field.description]
        + [f"{name}: no default" for name, field in fields.items() if field.is_required()],
        'Declare each as: name: int = Field(3, ge=1, description="what it does").',
    )


@check(Step)
def parameters_validated(bench: Bench) -> None:
    """A misspelt parameter in a pipeline must be an error, never a silent default."""
    parameters = bench.step_class.Parameters
    parameters.model_json_schema()
    defaults = parameters().model_dump()
    _require_valid(bench, defaults)
    try:
        parameters.model_validate({**defaults, "no-such-parameter": 1})
    except ValidationError:
        return
    require(False, "an unknown parameter is accepted: derive Parameters from locard.Parameters")


def _require_valid(bench: Bench, defaults: dict[str, Any]) -> None:
    """Pydantic does not validate defaults by itself, but a pipeline's complete parameters."""
    try:
        bench.step_class.Parameters.model_validate(defaults)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        require(False, f"the default of {key} is not valid: {problem['msg']}")


@check(Detector)
def own_calibration_fits(bench: Bench) -> None:
    """A calibration of another version, parameter or model makes no likelihood ratio."""
    step = bench.step_class
    detector = step()
    own = detector.calibration() if isinstance(detector, Detector) else None
    if own is None:
        raise NotApplicable("the detector brings no calibration along")
    parameters = detector.parameters.model_dump(mode="json")
    models = [model.sha256 for model in detector.models()]
    require_none(
        list(own.differences(step.name, step.version, parameters, models)),
        "Calibrate the detector as it is now, with its default parameters.",
    )


@check(Step)
def glossary_complete(bench: Bench) -> None:
    """A figure in a report that nobody explains is noise, and cannot be challenged."""
    glossary = bench.step_class.glossary
    used = {name for examined in bench.examined for name in examined.finding.measurements}
    if not used:
        raise NotApplicable("no finding on the kit's pictures has measurements")
    require_none(
        [name for name in sorted(used) if not glossary.get(name, "").strip()],
        "Explain each of these measurements in a sentence in the class attribute glossary.",
    )
