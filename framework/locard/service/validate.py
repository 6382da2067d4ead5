"""Validate a method: evaluate it, run the checks, judge, and keep the record."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.canonical import canonical_json, sha256_of
from locard.engine.tasks import Subject
from locard.evaluation.rows import UNTREATED
from locard.evaluation.validation.judging import Observation, judge
from locard.evaluation.validation.methods import Method, calibration_hash, installed_methods
from locard.evaluation.validation.record import MethodStatement, ValidationRecord, make
from locard.outcomes import Outcome
from locard.text import printable

if TYPE_CHECKING:
    from locard.engine.records import ExhibitResult, FindingRecord
    from locard.evaluation.loading import Dataset
    from locard.evaluation.results import Results
    from locard.evaluation.validation.requirements import Check, Requirements
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue
    from locard.vault.vault import Vault

RECORD = "record.json"
PAGE = "record.html"

CRASHES = frozenset({"contract", "crash", "error", "memory", "timeout"})
"""Reasons of findings that the engine made because the method did not end in one of its own."""


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
        calibration: File of a calibration that makes likelihood ratios of its scores.

    Raises:
        LocardError: There is no such step, a refiner has no ``on`` or a detector has one, a
            parameter is wrong, or the calibration is another method's.
    """
    from locard.calibration import Calibration
    from locard.detectors import Refiner
    from locard.errors import PipelineError
    from locard.pipelines import resolve

    step: dict[str, Any] = {"name": name, "plugin": name, "parameters": dict(parameters or {})}
    if calibration is not None:
        step["calibration"] = Calibration.load(calibration).model_dump(mode="json")
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
    if calibration is not None:
        method = installed_methods(pipeline, plugins)[name]
        models = [model.sha256 for model in method.models]
        theirs = Calibration.load(calibration)
        different = theirs.differences(name, method.version, method.parameters, models)
        if different:
            raise PipelineError(
                f"{calibration}: {'; '.join(different)}",
                "Give the calibration of the method that is validated.",
            )
    return pipeline


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
    from locard.evaluation import output
    from locard.evaluation.treatments import parse
    from locard.evaluation.validation.html import write_page
    from locard.report.atomic import write_whole
    from locard.service.evaluate import evaluate

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
    observations = _observations(
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


# --- checks that are no metrics ------------------------------------------------------------------

_Examine = Callable[[list[Subject]], dict[str, "FindingRecord"]]


def _observations(
    requirements: Requirements,
    pipeline: Pipeline,
    dataset: Dataset,
    *,
    plugins: Catalogue,
    workers: int,
    executor: str,
) -> dict[Check, Observation]:
    """Run the checks that the requirements ask for, each once."""

    def examine(subjects: list[Subject]) -> dict[str, FindingRecord]:
        return _findings(pipeline, subjects, plugins, workers, executor)

    wanted = {requirement.check for requirement in requirements.requirements}
    observations: dict[Check, Observation] = {}
    if "repeatability" in wanted:
        count = max(r.repeated for r in requirements.requirements if r.check == "repeatability")
        observations["repeatability"] = _repeatability(dataset, count, examine)
    if "bad-input" in wanted:
        observations["bad-input"] = _bad_input(examine)
    if "conformance" in wanted:
        observations["conformance"] = _conformance(pipeline.steps[-1].plugin, plugins)
    return observations


def _findings(
    pipeline: Pipeline, subjects: list[Subject], plugins: Catalogue, workers: int, executor: str
) -> dict[str, FindingRecord]:
    """Examine files afresh, without any cache; return the last step's findings by the files' hash.

    The artifacts' files are gone afterwards; their hashes stand in the records.
    """
    from locard.engine.run import examine

    found: dict[str, FindingRecord] = {}

    def keep(subject: Subject, result: ExhibitResult) -> None:
        found[subject.sha256] = result.findings[-1]

    with tempfile.TemporaryDirectory(prefix="locard-") as scratch:
        summary = examine(
            pipeline,
            subjects,
            plugins=plugins,
            sink=keep,
            scratch=Path(scratch),
            workers=workers,
            executor=executor,
            total=len(subjects),
        )
    if summary.interrupted:
        raise KeyboardInterrupt
    return found


def _repeatability(dataset: Dataset, count: int, examine: _Examine) -> Observation:
    from locard.evaluation.loading import spread

    by_hash = {
        dataset.hashes[sample.name]: Subject(dataset.hashes[sample.name], sample.path, sample.name)
        for sample in spread(dataset.samples, count)
    }
    subjects = list(by_hash.values())
    first, second = examine(subjects), examine(subjects)
    other = [s.name for s in subjects if said(first[s.sha256]) != said(second[s.sha256])]
    failed = [s.name for s in subjects if first[s.sha256].outcome is Outcome.FAILED]
    if len(subjects) < count:
        return Observation(
            status="not assessable",
            sentence=f"the data set has {len(subjects)} different images, fewer than the {count} "
            "to be examined twice",
        )
    if other or failed:
        what = f"{len(other)} of {count} images gave another finding" if other else ""
        failures = f"{len(failed)} findings failed" if failed else ""
        named = ", ".join((other or failed)[:3])
        return Observation(
            status="not met", sentence=f"{'; '.join(filter(None, (what, failures)))}: {named}"
        )
    return Observation(
        status="met",
        sentence=f"{count} images, examined twice in fresh processes, gave the same outcome, "
        "score, measurements, regions, maps and masks, to the bit",
    )


def said(finding: FindingRecord) -> str:
    """Return all that a finding says, without times and machines, as text to be compared."""
    return canonical_json(
        {
            "outcome": finding.outcome,
            "score": finding.score,
            "reason": finding.reason,
            "explanation": finding.explanation,
            "regions": [dict(region) for region in finding.regions],
            "measurements": dict(finding.measurements),
            "artifacts": sorted((item.kind, item.name, item.sha256) for item in finding.artifacts),
        }
    )


def _bad_input(examine: _Examine) -> Observation:
    from locard.testing.bad_files import bad_files

    with tempfile.TemporaryDirectory(prefix="locard-") as folder:
        subjects = []
        for name, data in bad_files().items():
            path = Path(folder, name)
            path.write_bytes(data)
            subjects.append(Subject(hashlib.sha256(data).hexdigest(), path, name))
        findings = examine(subjects)
    named = {subject.name: findings[subject.sha256] for subject in subjects}
    crashed = [f"{name} ({found.reason})" for name, found in named.items() if is_crash(found)]
    if crashed:
        return Observation(status="not met", sentence=f"it crashed on {', '.join(crashed)}")
    counts = Counter(found.outcome.words for found in named.values())
    summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    return Observation(
        status="met",
        sentence=f"none of {len(named)} files that are damaged or no images crashed it: {summary}",
    )


def is_crash(finding: FindingRecord) -> bool:
    """Return whether the engine made a finding because the method did not end in one of its own."""
    return finding.outcome is Outcome.FAILED and finding.reason in CRASHES


def _conformance(plugin: str, plugins: Catalogue) -> Observation:
    from locard.testing.conformance import cases

    results = [case.run() for case in cases(plugins.step(plugin), plugins)]
    failed = [result.check.name for result in results if result.status == "failed"]
    passed = sum(result.status == "passed" for result in results)
    if failed:
        return Observation(
            status="not met",
            sentence=f"{len(failed)} of {len(results)} checks failed: {', '.join(failed)}",
        )
    return Observation(
        status="met",
        sentence=f"{passed} checks passed, {len(results) - passed} do not apply to it",
    )
