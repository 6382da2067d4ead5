"""Feeds the engine with an evaluation's files, and takes what it says of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from locard.engine.tasks import Subject
from locard.errors import LocardError
from locard.evaluation.datasets.strata import dividing_facts
from locard.evaluation.runs.measure import Exhibit, Measured, measure, unmeasured
from locard.evaluation.runs.side_work import SideProcesses, WorkFailedError, outcome_of
from locard.evaluation.treatments.copies import Copy, Refused, make_copy
from locard.text import printable

if TYPE_CHECKING:
    from locard.engine.records import ExhibitResult
    from locard.evaluation.datasets import Sample
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.rows import Row
    from locard.evaluation.runs.finding_store import FindingStore
    from locard.evaluation.treatments import Treatment

_UNMEASURED_A_WORKER = 4
"""So many exhibits a worker may wait to be measured before no more are examined."""

_Place = tuple[int, int]
"""Where rows belong: number of the treatment, 0 for none, and number of the sample."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A file that is being examined, and what it was made of."""

    place: _Place
    sample: Sample
    treatment: Treatment | None = None
    copy: Copy | None = None


class Work:
    """Makes treated copies ahead of the engine, and measures behind it, a few at a time.

    Args:
        dataset: What is evaluated on.
        treatments: What is done to its images for further tables.
        store: Where findings are kept.
        processes: Who copies and measures.
        scratch: An existing folder for copies; each is removed when it was examined.
        workers: How many exhibits the engine examines at a time.
    """

    def __init__(
        self,
        dataset: Dataset,
        treatments: Sequence[Treatment],
        store: FindingStore,
        processes: SideProcesses,
        scratch: Path,
        workers: int,
    ) -> None:
        self._refused: list[str] = []
        self._unfit: dict[_Place, str] = {}
        self._samples = dataset.samples
        self._hashes = dataset.hashes
        self._treatments = treatments
        # What travels with every exhibit: how to read the truth, not the list of all images.
        facts = dataset.facts.model_copy(update={"problems": ()})
        self._truth = replace(dataset, samples=(), hashes={}, facts=facts)
        self._dividing = dividing_facts(dataset.samples)
        self._named = dataset.without_truth
        self._store = store
        self._processes = processes
        self._scratch = scratch
        self._ahead = workers
        self._behind = _UNMEASURED_A_WORKER * workers
        self._under_way: dict[Subject, _UnderWay] = {}
        self._measuring: deque[tuple[_Place, Exhibit, Future[Measured]]] = deque()
        self._rows: dict[_Place, tuple[Row, ...]] = {}

    def subjects(self) -> Iterator[Subject]:
        """Yield the files to examine: all images as they are, then under each treatment."""
        for number, sample in enumerate(self._samples):
            subject = Subject(self._hashes[sample.name], sample.path, sample.name)
            self._under_way[subject] = _UnderWay((0, number), sample)
            yield subject
        waiting: deque[tuple[_UnderWay, Future[Copy | Refused]]] = deque()
        for entry, copy in self._copies():
            waiting.append((entry, copy))
            if len(waiting) > self._ahead:
                yield from self._copied(*waiting.popleft())
        for entry, copy in waiting:
            yield from self._copied(entry, copy)

    def deliver(self, subject: Subject, result: ExhibitResult) -> None:
        """Keep the findings of a file and have them measured; the engine's sink.

        Raises:
            LocardError: They cannot be kept, or no process can be started.
        """
        entry = self._under_way.pop(subject)
        findings = tuple(self._store.keep(finding) for finding in result.findings)
        result = replace(result, findings=findings)
        facts = entry.copy.facts if entry.copy else None
        exhibit = Exhibit(entry.sample, result, entry.treatment, facts)
        measured = self._processes.submit(measure, self._truth, exhibit, self._dividing)
        self._measuring.append((entry.place, exhibit, measured))
        if entry.copy is not None:
            entry.copy.path.unlink(missing_ok=True)
        # The engine removes the files of what was not kept as soon as this returns.
        at_most = self._behind if self._all_kept(result) else 0
        while len(self._measuring) > at_most:
            self._take(*self._measuring.popleft())

    def rows(self) -> tuple[Row, ...]:
        """Wait for what is still being measured; return all rows in the samples' order."""
        while self._measuring:
            self._take(*self._measuring.popleft())
        return tuple(row for place in sorted(self._rows) for row in self._rows[place])

    def problems(self) -> tuple[str, ...]:
        """Return what went wrong with single images, one sentence each, in the samples' order.

        To be called when :meth:`rows` has returned: exhibits come back in any order. Of an image
        that cannot be measured under several treatments the first says why.
        """
        first: dict[int, _Place] = {}
        for place in sorted(self._unfit):
            first.setdefault(place[1], place)
        unfit = (f"{self._words(place)}: {self._unfit[place]}" for place in first.values())
        return (*unfit, *self._refused)

    def _words(self, place: _Place) -> str:
        treatment, sample = place
        under = f", under {self._treatments[treatment - 1].name}" if treatment else ""
        return f"{printable(self._samples[sample].name)}{under}"

    def _copies(self) -> Iterator[tuple[_UnderWay, Future[Copy | Refused]]]:
        """Have the copies made, in order."""
        treatments = enumerate(self._treatments, start=1)
        for (major, treatment), (minor, sample) in product(treatments, enumerate(self._samples)):
            target = self._scratch / f"copy-{major}-{minor}"
            copy = self._processes.submit(make_copy, sample.path, treatment, target)
            yield _UnderWay((major, minor), sample, treatment), copy

    def _copied(self, entry: _UnderWay, made: Future[Copy | Refused]) -> Iterator[Subject]:
        """Yield the copy as a subject, or note why there is none."""
        copy = self._made(made)
        if isinstance(copy, Refused):
            treatment = entry.treatment.name if entry.treatment else ""
            name = printable(entry.sample.name)
            self._refused.append(f"{name} is left out of {treatment}: {copy.reason}")
            return
        subject = Subject(copy.sha256, copy.path, entry.sample.name)
        self._under_way[subject] = replace(entry, copy=copy)
        yield subject

    def _made(self, made: Future[Copy | Refused]) -> Copy | Refused:
        try:
            return outcome_of(made)
        except WorkFailedError as error:
            return Refused(error.message)
        except OSError as error:
            raise LocardError(
                f"treated copies cannot be written to {self._scratch}: {error.strerror or error}",
                "Make room there, or set TMPDIR to another folder, and run the command again.",
            ) from error

    def _all_kept(self, result: ExhibitResult) -> bool:
        return all(
            artifact.path.is_relative_to(self._store.folder)
            for finding in result.findings
            for artifact in finding.artifacts
        )

    def _take(self, place: _Place, exhibit: Exhibit, future: Future[Measured]) -> None:
        try:
            measured = outcome_of(future)
        except (WorkFailedError, MemoryError) as error:
            why = error.message if isinstance(error, WorkFailedError) else "not enough memory"
            measured = unmeasured(exhibit, f"its maps could not be measured: {why}")
        self._rows[place] = measured.rows
        if measured.problem is not None and exhibit.sample.name not in self._named:
            self._unfit[place] = measured.problem
