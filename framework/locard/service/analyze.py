"""Examine files without a case."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from locard.engine.tasks import Subject
from locard.intake import SourceError, sha256_of_file
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from locard.engine.records import ExhibitResult
    from locard.engine.run import Summary
    from locard.intake import Source
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue


@dataclass(frozen=True, slots=True)
class SavedMaps:
    """Files that were kept of one finding; None where the finding has no such thing."""

    map: Path | None = None
    mask: Path | None = None


@dataclass(slots=True)
class Analysis:
    """What is said of one file.

    Attributes:
        file: The path as it was given.
        sha256: Of its bytes; None where it could not be read.
        result: Findings; None where it could not be read, or was not reached.
        error: Why it could not be read.
        saved: Files that were kept, by step.
    """

    file: str
    sha256: str | None = None
    result: ExhibitResult | None = None
    error: str | None = None
    saved: Mapping[str, SavedMaps] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether there is something to report."""
        return self.result is not None or self.error is not None

    @property
    def needs_attention(self) -> bool:
        """Whether the file, or one of its steps, could not be examined."""
        return self.result is None or any(
            finding.outcome is Outcome.FAILED for finding in self.result.findings
        )


Report = Callable[[Analysis], None]
Keep = Callable[[Subject, "ExhibitResult"], Mapping[str, SavedMaps]]


def analyze(
    sources: Iterable[Source],
    pipeline: Pipeline,
    *,
    plugins: Catalogue,
    workers: int,
    report: Report,
    keep: Keep | None = None,
    executor: str = "local",
) -> Summary:
    """Examine files, and report each in the order in which it was given.

    Args:
        sources: Files, as :func:`locard.intake.find` finds them.
        pipeline: What to run.
        plugins: Where its steps come from.
        workers: Number of worker processes.
        report: Called once a path, in this thread.
        keep: Called as soon as a file is examined, to keep what it wants of the artifacts: their
            files are gone afterwards.
        executor: Name of the executor.

    Returns:
        The engine's summary.
    """
    from locard.engine.run import examine

    queue = _InOrder(report, keep)
    with tempfile.TemporaryDirectory(prefix="locard-") as scratch:
        summary = examine(
            pipeline,
            queue.subjects(sources),
            plugins=plugins,
            sink=queue.deliver,
            scratch=Path(scratch),
            workers=workers,
            executor=executor,
        )
    queue.flush()
    return summary


class _InOrder:
    """Reports files in the order in which they came, however their results arrive.

    Equal files that are under way at the same time are examined once. What was reported is
    forgotten, so that a run over many files needs no more memory than one over a few.
    """

    def __init__(self, report: Report, keep: Keep | None) -> None:
        self._report = report
        self._keep = keep
        self._waiting: deque[Analysis] = deque()

    def subjects(self, sources: Iterable[Source]) -> Iterator[Subject]:
        for source in sources:
            analysis = Analysis(source.name, error=source.message)
            if source.status == "file":
                self._hash(analysis)
            twin = self._twin(analysis.sha256)
            if twin is not None:
                analysis.result, analysis.saved = twin.result, twin.saved
            self._waiting.append(analysis)
            if analysis.sha256 is not None and twin is None:
                yield Subject(analysis.sha256, Path(source.name), source.name)
            self.flush()

    @staticmethod
    def _hash(analysis: Analysis) -> None:
        try:
            analysis.sha256, analysis.error = sha256_of_file(analysis.file), None
        except SourceError as error:
            analysis.error = str(error)

    def _twin(self, sha256: str | None) -> Analysis | None:
        same = (other for other in self._waiting if sha256 and other.sha256 == sha256)
        return next(same, None)

    def deliver(self, subject: Subject, result: ExhibitResult) -> None:
        saved = self._keep(subject, result) if self._keep else {}
        for analysis in self._waiting:
            if analysis.sha256 == subject.sha256:
                analysis.result, analysis.saved = result, saved
        self.flush()

    def flush(self) -> None:
        while self._waiting and self._waiting[0].ready:
            self._report(self._waiting.popleft())
