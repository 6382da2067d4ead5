"""From a finding's score to a likelihood ratio, in the process that made the finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from locard.outcomes import Outcome
from locard.plugins import catalogue

if TYPE_CHECKING:
    from locard.calibration import Calibration
    from locard.engine.tasks import PlannedStep
    from locard.findings import Finding
    from locard.image import Header

_LOOKED = frozenset({Outcome.DETECTED, Outcome.NOT_DETECTED, Outcome.INCONCLUSIVE})

_calibrations: dict[str, Calibration] = {}
"""Those that this process has checked, by hash."""


def likelihood(
    step: PlannedStep,
    finding: Finding,
    header: Header,
    models: Sequence[Mapping[str, str]],
) -> Mapping[str, Any] | None:
    """Return the calibrated likelihood ratio of a finding, or its refusal, as records carry it.

    The method is held against the calibration once more: a pipeline that is replayed was loaded
    when other versions were installed.

    Args:
        step: A step with a calibration.
        finding: What it said.
        header: Of the exhibit.
        models: Those that the step used.

    Returns:
        None where the step did not look, which the finding explains itself.

    Raises:
        CalibrationError: The calibration was altered.
    """
    from locard.calibration import Refusal

    if step.calibration is None or finding.outcome not in _LOOKED:
        return None
    calibration = _checked(step)
    differences = calibration.differences(
        step.plugin,
        catalogue().step(step.plugin).version,
        step.parameters,
        [model["sha256"] for model in models],
    )
    if differences:
        words = f"The calibration is for another method: {'; '.join(differences)}."
        return Refusal("other-method", words, calibration.sha256).plain()
    return calibration.for_finding(finding.score, header, finding.measurements).plain()


def _checked(step: PlannedStep) -> Calibration:
    from locard.calibration import Calibration

    plain = dict(step.calibration or {})
    key = str(plain.get("sha256"))
    if key not in _calibrations:
        _calibrations[key] = Calibration.from_plain(plain, f"the calibration of {step.name}")
    return _calibrations[key]
