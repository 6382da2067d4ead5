"""Validate a method: evaluate it, run the checks, judge, and keep the record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.canonical import sha256_of
from locard.evaluation.rows import UNTREATED
from locard.evaluation.validation.judging import judge
from locard.evaluation.validation.methods import Method, calibration_hash, installed_methods
from locard.evaluation.validation.record import MethodStatement, ValidationRecord, make
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.results import Results
    from locard.evaluation.validation.requirements import Requirements
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue
    from locard.vault.vault import Vault

RECORD = "record.json"
PAGE = "record.html"


def method_pipeline(
    name: str,
    plugins: Catalogue,
    *,
    parameters: Mapping[str, Any] | None = None,
    on: str | None = None,
    input_parameters: Mapping[str, Any] | None = None,
    calibration: Path | None = None,
) -> Pipeline:
    """Return the pipeline by which a method is validated: itself, and what it refines.

    Args:
        name: Name of a detector or refiner; also of its step.
        plugins: Where it comes from.
        parameters: Its parameters, where they are not the defaults.
        on: For a refiner, the detector whose map it refines.
        input_parameters: That detector's parameters.
        calibration: File of a calibration that makes likelihood ratios of its scores; None for the
            one that the detector brings with it, if it does.

    Raises:
        LocardError: There is no such step, a refiner has no ``on`` or a detector has one, a
            parameter is wrong, or the calibration is another method's.
    """
    from locard.calibration import Calibration
    from locard.detectors import Refiner
    from locard.errors import PipelineError
    from locard.own_calibration import with_own_calibrations
    from locard.own_refinement import with_own_refinements
    from locard.pipelines import resolve

    step: dict[str, Any] = {"name": name, "plugin": name, "parameters": dict(parameters or {})}
    theirs = None if calibration is None else Calibration.load(calibration)
    if theirs is not None:
        step["calibration"] = theirs.model_dump(mode="json")
    steps = [step]
    if on is not None:
        step["input"] = on
        steps.insert(0, {"name": on, "plugin": on, "parameters": dict(input_parameters or {})})
    elif issubclass(plugins.step(name), Refiner):
        raise PipelineError(
            f"{name} is a refiner: it is validated on a detector, whose map it refines",
            "Name the detector with --input.",
        )
    raw = {"name": f"validation-of-{name}"[:60].rstrip("-"), "version": "1", "steps": steps}
    pipeline = resolve(raw, f"validation of {name}", plugins)
    pipeline = with_own_refinements(pipeline, {name: parameters or {}}, plugins)
    if theirs is not None:
        method = installed_methods(pipeline, plugins)[name]
        models = [model.sha256 for model in method.models]
        different = theirs.differences(name, method.version, method.parameters, models)
        if different:
            raise PipelineError(
                f"{calibration}: {'; '.join(different)}",
                "Give the calibration of the method that is validated.",
            )
    return with_own_calibrations(pipeline, plugins)


def validate(
    vault: Vault,
    pipeline: Pipeline,
    dataset: Dataset,
    requirements: Requirements,
    requirements_text: str,
    *,
    plugins: Catalogue,
    workers: int,
    actor: str,
    folder: Path,
    command: Mapping[str, Any],
    executor: str = "local",
) -> ValidationRecord:
    """Validate the last step of a pipeline, and keep the record in a vault.

    Args:
        vault: Where the record is kept.
        pipeline: As :func:`method_pipeline` returns it.
        dataset: What it is measured on.
        requirements: What it must fulfil.
        requirements_text: The file in which they stand.
        plugins: Where the steps come from.
        workers: Number of worker processes.
        actor: Who validates.
        folder: Where ``results.json``, ``cases.csv``, ``record.json`` and ``record.html`` go.
        command: What the record says of how it was asked for.
        executor: Name of the executor.

    Raises:
        LocardError: The run cannot begin, or the folder or vault cannot be written.
        KeyboardInterrupt: The user stopped it; no record is made.
    """
    from locard.evaluation.runs import output
    from locard.evaluation.treatments import parse
    from locard.evaluation.validation.html import write_page
    from locard.report.atomic import write_whole
    from locard.service.evaluate import evaluate
    from locard.service.validation_checks import observe

    treatments = [parse(name) for name in requirements.treatments[1:]]
    output.check_place(folder, pipeline, dataset)
    evaluation = evaluate(
        pipeline,
        dataset,
        plugins=plugins,
        workers=workers,
        treatments=treatments,
        findings=folder / output.FINDINGS,
        executor=executor,
        command=command,
    )
    observations = observe(
        requirements, pipeline, dataset, plugins=plugins, workers=workers, executor=executor
    )
    step = pipeline.steps[-1].name
    results = evaluation.results
    results_text = output.results_json(results)
    record = make(
        vault=vault.validations.vault_id,
        actor=printable(actor),
        method=_measured(pipeline, Method.measured(results.steps, step)),
        statement=_statement(pipeline.steps[-1].plugin, plugins),
        requirements=requirements,
        requirements_text=requirements_text,
        results=results,
        results_sha256=sha256_of(results_text),
        verdicts=judge(requirements.requirements, results, step, observations),
        outcomes=_outcomes(results, step),
    )
    output.write(results, evaluation.rows, folder)
    write_whole(folder / RECORD, [record.text.encode()])
    write_page(record, folder / PAGE)
    vault.validations.add(record, results_text)
    return record


def _outcomes(results: Results, step: str) -> Mapping[str, int]:
    """Return how many findings of the untreated images had each outcome."""
    for subset in results.subsets:
        if (subset.step, subset.treatment, subset.by) == (step, UNTREATED, "all"):
            return subset.outcomes
    return {}


def _measured(pipeline: Pipeline, method: Method) -> Method:
    calibration = pipeline.steps[-1].calibration
    return method.model_copy(update={"calibration": calibration_hash(calibration)})


def _statement(plugin: str, plugins: Catalogue) -> MethodStatement:
    from locard.detectors import Refiner

    step, owner = plugins.step(plugin), plugins.owner_of(plugin)
    return MethodStatement(
        kind="refiner" if issubclass(step, Refiner) else "detector",
        distribution=f"{owner.distribution} {owner.version}",
        summary=step.summary,
        method=step.method,
        limits=step.limits,
    )
