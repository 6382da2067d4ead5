"""Checks of a method that are no metrics: repeatability, bad input, conformance."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from locard.canonical import canonical_json
from locard.engine.tasks import Subject
from locard.evaluation.validation.judging import Observation
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from locard.engine.records import ExhibitResult, FindingRecord
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.validation.requirements import Check, Requirements
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue

CRASHES = frozenset({"contract", "crash", "error", "memory", "timeout"})
"""Reasons of findings that the engine made because the method did not end in one of its own."""

_Examine = Callable[[list[Subject]], dict[str, "FindingRecord"]]


def observe(
    requirements: Requirements,
    pipeline: Pipeline,
    dataset: Dataset,
    *,
    plugins: Catalogue,
    workers: int,
    executor: str,
) -> dict[Check, Observation]:
    """Run the checks that the requirements ask for, each once.

    Args:
        requirements: Which say what to check.
        pipeline: Its last step is validated.
        dataset: Whose images are examined twice, for the repeatability.
        plugins: Where the steps come from.
        workers: Number of worker processes.
        executor: Name of the executor.

    Raises:
        KeyboardInterrupt: The user stopped it.
        LocardError: A run cannot begin, or findings cannot be written.
    """

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
    from locard.evaluation.datasets.loading import spread

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
