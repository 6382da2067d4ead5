"""Replay an examination: run its receipts again, and compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locard import pipelines
from locard.engine.comparison import same_content
from locard.engine.tasks import Subject
from locard.errors import LocardError
from locard.service.examine import scratch_folder, subjects_of

if TYPE_CHECKING:
    from locard.engine.records import ArtifactRecord, ExhibitResult, FindingRecord
    from locard.plugins import Catalogue
    from locard.vault.case import Case
    from locard.vault.facts import ExaminationFacts, ExhibitFacts
    from locard.vault.vault import Vault

PAGE = 500
"""Exhibits that are read from the database at a time."""

COMPARED = ("plugin_version", "outcome", "score", "reason", "regions", "measurements")
"""What must be equal besides the artifacts; times and machines may differ."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the replay says something else than the record.

    Attributes:
        exhibit: Label of the exhibit.
        step: Name of the step.
        what: Attribute or artifact that differs.
        recorded: What the vault has.
        replayed: What the replay gave.
    """

    exhibit: str
    step: str
    what: str
    recorded: Any
    replayed: Any


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a replay.

    Attributes:
        examination: Its number.
        exhibits: How many exhibits were examined again.
        findings: How many findings were compared.
        differences: All that differ; empty where everything is the same, to the bit.
        interrupted: Whether the user stopped it.
    """

    examination: int
    exhibits: int
    findings: int
    differences: tuple[Difference, ...]
    interrupted: bool


def replay_case(
    vault: Vault,
    case_name: str,
    number: int | None,
    *,
    plugins: Catalogue,
    workers: int,
    executor: str = "local",
) -> Replay:
    """Run an examination's pipeline again over its exhibits, without the cache, and compare.

    Nothing is written to the case: a replay can be done by anyone who may read the vault.

    Args:
        vault: Where the case is.
        case_name: Its name.
        number: Number of the examination; None for the last.
        plugins: Where the steps come from.
        workers: Number of worker processes.
        executor: Name of the executor.

    Raises:
        LocardError: There is no such examination.
        PipelineError: A plugin of its pipeline is not there any more.
    """
    from locard.engine.run import examine

    case = vault.case(case_name)
    facts = _examination(case, number)
    pipeline = pipelines.resolve(facts.pipeline, f"examination {facts.number}", plugins)
    comparison = _Comparison(case, facts.number)
    with scratch_folder(vault, f"replay-{facts.id}") as scratch:
        summary = examine(
            pipeline,
            comparison.subjects(),
            plugins=plugins,
            sink=comparison.compare,
            scratch=scratch,
            workers=workers,
            executor=executor,
            total=facts.done,
        )
    return Replay(
        facts.number,
        summary.exhibits,
        comparison.findings,
        tuple(comparison.differences),
        summary.interrupted,
    )


class _Comparison:
    """Hands out the exhibits of an examination, and holds what comes back against the record."""

    def __init__(self, case: Case, number: int) -> None:
        self.findings = 0
        self.differences: list[Difference] = []
        self._case = case
        self._number = number
        self._labels: dict[str, str] = {}
        self._recorded: dict[str, dict[str, FindingRecord]] = {}

    def subjects(self) -> Iterator[Subject]:
        return subjects_of(self._case.vault, self._examined(), self._labels)

    def _examined(self) -> Iterator[ExhibitFacts]:
        for exhibit in _exhibits(self._case):
            stored = self._case.findings(examination=self._number, exhibit=exhibit.label)
            findings = {item.finding.step: item.finding for item in stored}
            if findings:
                self._recorded[exhibit.label] = findings
                yield exhibit

    def compare(self, subject: Subject, result: ExhibitResult) -> None:
        label = self._labels.pop(subject.sha256)
        recorded = self._recorded.pop(label)
        self.findings += len(recorded)
        self.differences += compare_exhibit(label, recorded, result.findings)


def compare_exhibit(
    label: str, recorded: Mapping[str, FindingRecord], replayed: tuple[FindingRecord, ...]
) -> list[Difference]:
    """Return every difference between two sets of findings of one exhibit."""
    again = {finding.step: finding for finding in replayed}
    differences = [
        Difference(
            label,
            step,
            "finding",
            "recorded" if step in recorded else None,
            "replayed" if step in again else None,
        )
        for step in sorted(recorded.keys() ^ again.keys())
    ]
    for step in (step for step in recorded if step in again):
        before, after = recorded[step], again[step]
        differences += [
            Difference(label, step, what, value, other)
            for what, value, other in (*_facts(before, after), *_artifacts(before, after))
            if value != other
        ]
    return differences


def _facts(before: FindingRecord, after: FindingRecord) -> Iterator[tuple[str, Any, Any]]:
    for name in COMPARED:
        yield name, getattr(before, name), getattr(after, name)
    yield "likelihood", _figures(before), _figures(after)
    yield "models", before.receipt.get("models", []), after.receipt.get("models", [])


def _figures(finding: FindingRecord) -> dict[str, Any] | None:
    """Return a likelihood ratio without its words, which may change from version to version."""
    if finding.likelihood is None:
        return None
    return {name: value for name, value in finding.likelihood.items() if name != "explanation"}


def _artifacts(before: FindingRecord, after: FindingRecord) -> Iterator[tuple[str, Any, Any]]:
    """Yield artifacts by hash; where files differ, what is in them decides.

    The same values may be packed differently by another version of a compression library.
    """
    files = {(item.kind, item.name): item for item in before.artifacts}
    others = {(item.kind, item.name): item for item in after.artifacts}
    for kind, name in sorted(files.keys() | others.keys()):
        file, other = files.get((kind, name)), others.get((kind, name))
        if file is None or other is None or not _same(file, other):
            yield f"{kind} {name}", file and file.sha256, other and other.sha256


def _same(recorded: ArtifactRecord, replayed: ArtifactRecord) -> bool:
    """Compare what is in two files; a recorded one that is damaged is not the same as any."""
    try:
        return same_content(recorded, replayed)
    except (OSError, ValueError):
        return False


def _exhibits(case: Case) -> Iterator[ExhibitFacts]:
    """Yield a case's exhibits, a page at a time."""
    for offset in range(0, case.exhibit_count(), PAGE):
        yield from case.exhibits(limit=PAGE, offset=offset)


def _examination(case: Case, number: int | None) -> ExaminationFacts:
    examinations = case.examinations()
    if not examinations:
        raise LocardError(
            f"case {case.facts.name} has no examination to replay",
            f"Begin one: locard examine {case.facts.name} --pipeline quick",
        )
    return (examinations[-1] if number is None else case.examination(number)).facts
