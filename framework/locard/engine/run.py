"""Runs a pipeline over exhibits: plans, hands out tasks, gathers findings."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from operator import length_hint
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from locard.engine.cache import models_of, with_keys
from locard.engine.events import Examined, Finished, Started
from locard.engine.executor import Executor, WorkerDied
from locard.engine.plan import header_of, plan_exhibit
from locard.engine.progress import Cached, Progress
from locard.engine.records import ExhibitResult
from locard.engine.tasks import Subject
from locard.errors import ImageError, LocardError, PluginError
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue

Sink = Callable[[Subject, ExhibitResult], None]

_TASKS_A_WORKER = 2
"""One that runs and one that waits, so that no worker waits for the parent."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a run.

    Attributes:
        exhibits: How many were examined and delivered.
        outcomes: How many findings had each outcome.
        reused: How many findings came from the cache.
        seconds: Wall-clock time.
        interrupted: Whether the user stopped it.
    """

    exhibits: int
    outcomes: Mapping[Outcome, int]
    reused: int
    seconds: float
    interrupted: bool


def check_run(plugins: Catalogue, executor: str, workers: int) -> None:
    """Raise now what would end a run before its first exhibit.

    :func:`examine` begins with it; call it before anything is recorded of a run.

    Raises:
        PluginError: The executor is not there.
        LocardError: It cannot have so many workers, or ``LOCARD_MAX_MEGAPIXELS`` is wrong.
    """
    from locard.image.limits import max_pixels_allowed

    max_pixels_allowed()
    _executor(plugins, executor, workers)


def examine(
    pipeline: Pipeline,
    subjects: Iterable[Subject],
    *,
    plugins: Catalogue,
    sink: Sink,
    scratch: Path,
    workers: int,
    executor: str = "local",
    cached: Cached | None = None,
    total: int | None = None,
) -> Summary:
    """Run a pipeline over exhibits; returns when all are delivered, or Ctrl-C was pressed.

    Args:
        pipeline: A checked pipeline.
        subjects: The exhibits; taken one by one as workers become free.
        plugins: Where steps and executors come from, and who observes.
        sink: Takes each exhibit's findings as soon as all are there, in no fixed order, in the
            calling thread. Artifacts lie in ``scratch`` until it returns, and are removed then;
            those of a finding that was reused lie where the cache has them. What it raises ends
            the run.
        scratch: An existing folder for files under way; emptied of them in the end.
        workers: Number of worker processes.
        executor: Name of the executor.
        cached: Looks up a finding by its cache key.
        total: How many exhibits there are, for observers.

    Raises:
        PluginError: The executor, or a step's plugin, is not there.
        LocardError: As for :func:`check_run`; or the scratch folder cannot be written.
    """
    check_run(plugins, executor, workers)
    began = time.monotonic()
    exhibits = length_hint(subjects) if total is None else total
    plugins.notify(Started(exhibits, len(pipeline.steps), workers))
    run = _Run(pipeline, plugins, scratch, cached)
    outcomes: Counter[Outcome] = Counter()
    done = reused = 0
    interrupted = False
    try:
        with _executor(plugins, executor, workers) as pool:
            for subject, result in run.results(subjects, pool):
                sink(subject, result)
                done += 1
                outcomes.update(finding.outcome for finding in result.findings)
                reused += sum(finding.reused for finding in result.findings)
                plugins.notify(Examined(subject, result))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        run.clean_up()
    seconds = time.monotonic() - began
    plugins.notify(Finished(done, seconds, interrupted))
    return Summary(done, outcomes, reused, seconds, interrupted)


class _Run:
    """The exhibits that are under way: never more than a few, however many there are."""

    def __init__(
        self, pipeline: Pipeline, plugins: Catalogue, scratch: Path, cached: Cached | None
    ) -> None:
        self._pipeline = pipeline
        self._plugins = plugins
        self._scratch = scratch
        self._cached = cached
        self._models = models_of(pipeline, plugins)
        self._under_way: dict[int, Progress] = {}
        self._returned: SimpleQueue[tuple[int, BaseException | None]] = SimpleQueue()

    def results(
        self, subjects: Iterable[Subject], executor: Executor
    ) -> Iterator[tuple[Subject, ExhibitResult]]:
        """Yield each exhibit's findings when they are complete."""
        for number, subject in enumerate(subjects):
            self._under_way[number] = self._planned(number, subject)
            self._go_on(number, executor)
            while len(self._under_way) >= _TASKS_A_WORKER * executor.workers:
                yield from self._next(executor)
        while self._under_way:
            yield from self._next(executor)

    def clean_up(self) -> None:
        """Remove what exhibits that were not finished left in the scratch folder."""
        for progress in self._under_way.values():
            progress.clean_up()

    def _planned(self, number: int, subject: Subject) -> Progress:
        header = header_of(subject.path)
        plan = plan_exhibit(self._pipeline, header, self._plugins)
        plan = with_keys(plan, subject.sha256, self._plugins, self._models)
        spool = self._scratch / f"{number:06d}-{subject.sha256[:12]}"
        readable = None if isinstance(header, ImageError) else header
        progress = Progress(subject, readable, plan, spool, self._plugins)
        if self._cached is not None:
            progress.take_cached(self._cached)
        return progress

    def _go_on(self, number: int, executor: Executor) -> None:
        """Hand out what is still to run of an exhibit."""
        progress = self._under_way[number]
        if not progress.remaining:
            self._returned.put((number, None))
            return
        try:
            task = progress.task()
        except OSError as error:
            raise _scratch_error(self._scratch, error) from error
        executor.submit(task).add_done_callback(partial(self._note_return, number))

    def _note_return(self, number: int, future: Future[None]) -> None:
        self._returned.put((number, future.exception()))

    def _next(self, executor: Executor) -> Iterator[tuple[Subject, ExhibitResult]]:
        """Wait for a task to come back; yield its exhibit if that is complete now."""
        number, error = self._returned.get()
        if isinstance(error, OSError):
            raise _scratch_error(self._scratch, error) from error
        if error is not None and not isinstance(error, WorkerDied):
            raise error
        progress = self._under_way[number]
        progress.collect()
        if error is not None:
            progress.blame(error)
        if progress.remaining:
            self._go_on(number, executor)
            return
        yield progress.subject, progress.result()
        progress.clean_up()
        del self._under_way[number]


def _executor(plugins: Catalogue, name: str, workers: int) -> Executor:
    known = plugins.executors
    if name not in known:
        raise PluginError(
            f"there is no executor {name!r}", f"There are: {', '.join(sorted(known))}."
        )
    return known[name](workers)


def _scratch_error(folder: Path, error: OSError) -> LocardError:
    return LocardError(
        f"findings cannot be written to {folder}: {error.strerror or error}",
        "Make room on that file system, and run the command again: what was recorded is kept.",
    )
