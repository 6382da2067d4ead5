"""Probe files: examine them and treated copies of them, and compare what is said.

Nothing here is a case: copies lie in a temporary folder and are removed as soon as they have been
examined.
"""

from __future__ import annotations

import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from locard import __version__
from locard.errors import LocardError
from locard.evaluation.metrics.agreement import correlation, overlap, points, sample
from locard.evaluation.rows import UNTREATED
from locard.evaluation.runs.side_work import SideProcesses, WorkFailedError, outcome_of
from locard.evaluation.treatments import parse
from locard.evaluation.treatments.copies import Copy as MadeCopy
from locard.evaluation.treatments.copies import Refused, make_copy
from locard.image import read_header
from locard.intake import Source, SourceError, sha256_of_file
from locard.service.analyze import Analysis, Keep, SavedMaps, analyze
from locard.stability import COPIES, Copy, Observation, Stability, StepStability, summary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from locard.engine.records import ExhibitResult, FindingRecord
    from locard.engine.run import Summary
    from locard.engine.tasks import Subject
    from locard.evaluation.treatments import Treatment
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue

Report = Callable[[Analysis, "Stability | None"], None]
_Maps = Mapping[str, "NDArray[np.float32]"]


def probe(
    sources: Iterable[Source],
    pipeline: Pipeline,
    *,
    plugins: Catalogue,
    workers: int,
    report: Report,
    keep: Keep | None = None,
    executor: str = "local",
) -> Summary:
    """Examine files and their copies, and report each file in the order in which it was given.

    Args:
        sources: Files, as :func:`locard.intake.find` finds them.
        pipeline: What to run.
        plugins: Where its steps come from.
        workers: Number of worker processes.
        report: Called once a file, in this thread, with None where it cannot be read.
        keep: As for :func:`locard.service.analyze.analyze`; called for the files, not for copies.
        executor: Name of the executor.

    Returns:
        The engine's summary, copies counted.
    """
    with (
        tempfile.TemporaryDirectory(prefix="locard-probe-") as scratch,
        SideProcesses(1) as processes,
    ):
        probes = _Probes(pipeline, Path(scratch), processes, report, keep)
        return analyze(
            probes.sources(sources),
            pipeline,
            plugins=plugins,
            workers=workers,
            report=probes.take,
            keep=probes.keep,
            executor=executor,
        )


@dataclass(slots=True)
class _Probe:
    """A file under way, and what came back of it and its copies.

    Attributes:
        size: Width and height; None where it is no image, and has no copies.
        original: What is said of the file itself.
        copies: Every copy that was to be made.
        examined: What is said of those that were made.
        hashes: SHA-256 of the file and of its copies.
        expected: How many files must come back.
        complete: Whether all copies were handed out.
    """

    size: tuple[int, int] | None
    original: Analysis | None = None
    copies: list[Copy] = field(default_factory=list)
    examined: list[tuple[Treatment, Analysis]] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    expected: int = 1
    complete: bool = False

    @property
    def ready(self) -> bool:
        came = (self.original is not None) + len(self.examined)
        return self.complete and came == self.expected


class _Probes:
    """Hands out copies after each file, and puts together what comes back in the same order."""

    def __init__(
        self,
        pipeline: Pipeline,
        scratch: Path,
        processes: SideProcesses,
        report: Report,
        keep: Keep | None,
    ) -> None:
        self._pipeline = pipeline
        self._scratch = scratch
        self._processes = processes
        self._report = report
        self._keep = keep
        self._treatments = [parse(name) for name in COPIES]
        self._under_way: deque[_Probe] = deque()
        self._expected: deque[tuple[_Probe, Treatment | None]] = deque()
        self._of_copy: dict[Path, tuple[Treatment, _Probe]] = {}
        self._maps: dict[str, _Maps] = {}
        self._users: Counter[str] = Counter()
        """How many probes under way compare the maps of a file: equal files are examined once."""
        self._made = 0

    def sources(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield each file, and after it its copies."""
        for source in sources:
            probe = _Probe(_size(source))
            self._under_way.append(probe)
            self._expected.append((probe, None))
            if probe.size:
                self._will_compare(probe, _sha256(source))
            yield source
            for treatment in self._treatments if probe.size else ():
                path = self._copy(source, probe, treatment)
                if path is not None:
                    probe.expected += 1
                    self._of_copy[path] = (treatment, probe)
                    self._expected.append((probe, treatment))
                    yield Source(str(path))
            probe.complete = True
            self._finish()

    def _copy(self, source: Source, probe: _Probe, treatment: Treatment) -> Path | None:
        """Make a copy in another process: a decoder may take its process with it."""
        self._made += 1
        path = self._scratch / f"{self._made:06d}"
        copy: MadeCopy | Refused
        try:
            copy = outcome_of(self._processes.submit(make_copy, Path(source.name), treatment, path))
        except WorkFailedError as error:
            copy = Refused(error.message)
        except OSError as error:
            raise LocardError(
                f"a copy of {source.name} cannot be written: {error.strerror or error}",
                "Make room in the folder for temporary files, or set TMPDIR to another.",
            ) from error
        name, words = treatment.name, treatment.words
        if isinstance(copy, Refused):
            probe.copies.append(Copy(treatment=name, words=words, refused=copy.reason))
            return None
        probe.copies.append(Copy(treatment=name, words=words, sha256=copy.sha256))
        self._will_compare(probe, copy.sha256)
        return path

    def _will_compare(self, probe: _Probe, sha256: str | None) -> None:
        if sha256 is not None:
            probe.hashes.append(sha256)
            self._users[sha256] += 1

    def keep(self, subject: Subject, result: ExhibitResult) -> Mapping[str, SavedMaps]:
        """Note what the maps say at points of the picture, while their files are there."""
        treatment, probe = self._of_copy.get(subject.path, (None, None))
        size = (probe.size if probe else None) or (result.width or 0, result.height or 0)
        if self._users[subject.sha256]:
            self._maps[subject.sha256] = dict(_sampled(result, treatment, size))
        if treatment is None and self._keep is not None:
            return self._keep(subject, result)
        return {}

    def take(self, analysis: Analysis) -> None:
        """Take what is said of a file or of a copy; they come in the order of :meth:`sources`."""
        probe, treatment = self._expected.popleft()
        if treatment is None:
            probe.original = analysis
        else:
            probe.examined.append((treatment, analysis))
            path = Path(analysis.file)
            self._of_copy.pop(path, None)
            path.unlink(missing_ok=True)
        self._finish()

    def _finish(self) -> None:
        while self._under_way and self._under_way[0].ready:
            probe = self._under_way.popleft()
            assert probe.original is not None  # noqa: S101  (a probe is ready when it came)
            self._report(probe.original, self._compared(probe))
            for sha256 in probe.hashes:
                self._users[sha256] -= 1
                if not self._users[sha256]:
                    del self._users[sha256]
                    self._maps.pop(sha256, None)

    def _compared(self, probe: _Probe) -> Stability | None:
        original = probe.original
        if original is None or original.result is None or original.sha256 is None:
            return None
        if probe.size is None:
            return None
        return Stability(
            locard=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            pipeline=self._pipeline.name,
            pipeline_version=self._pipeline.version,
            copies=tuple(probe.copies),
            steps=tuple(
                self._step(finding, original.sha256, probe) for finding in original.result.findings
            ),
        )

    def _step(self, finding: FindingRecord, sha256: str, probe: _Probe) -> StepStability:
        own = self._maps.get(sha256, {}).get(finding.step)
        untouched = _observation(UNTREATED, finding)
        copies = tuple(
            self._observed(treatment, analysis, finding.step, own)
            for treatment, analysis in probe.examined
            if analysis.result is not None
        )
        return StepStability(
            step=finding.step,
            plugin=finding.plugin,
            version=finding.plugin_version,
            untouched=untouched,
            copies=copies,
            summary=summary(untouched, copies),
        )

    def _observed(
        self,
        treatment: Treatment,
        analysis: Analysis,
        step: str,
        own: NDArray[np.float32] | None,
    ) -> Observation:
        assert analysis.result is not None  # noqa: S101  (the caller chose those with a result)
        finding = next(one for one in analysis.result.findings if one.step == step)
        other = self._maps.get(analysis.sha256 or "", {}).get(step)
        if own is None or other is None:
            return _observation(treatment.name, finding)
        return _observation(
            treatment.name,
            finding,
            map_correlation=_rounded(correlation(own, other)),
            map_iou=_rounded(overlap(own, other)),
        )


def _size(source: Source) -> tuple[int, int] | None:
    """Return width and height as a file declares them, or None where it is no image."""
    if source.status != "file":
        return None
    try:
        header = read_header(Path(source.name))
    except (LocardError, OSError):
        return None
    return header.width, header.height


def _sha256(source: Source) -> str | None:
    """Return the hash of a file, or None where it cannot be read."""
    try:
        return sha256_of_file(source.name)
    except SourceError:
        return None


def _sampled(
    result: ExhibitResult, treatment: Treatment | None, size: tuple[int, int]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield each step's map, read at points of the untreated picture."""
    from locard.engine.artifacts import read_map

    if result.width is None or result.height is None or 0 in size:
        return
    x, y = points(size[0]), points(size[1])
    if treatment is not None:
        x, y = treatment.places(x, "x", size[0]), treatment.places(y, "y", size[1])
    for finding in result.findings:
        heat = read_map(finding)
        if heat is not None:
            own_size = (result.width, result.height)
            yield finding.step, sample(heat.values, heat.cell, heat.origin, x, y, own_size)


def _observation(treatment: str, finding: FindingRecord, **agreement: float | None) -> Observation:
    return Observation(
        treatment=treatment,
        outcome=finding.outcome,
        score=finding.score,
        reason=finding.reason,
        **agreement,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
