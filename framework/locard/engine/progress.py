"""How far one exhibit has come: what is found, what is to run, what a dead worker left."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from locard.engine.cache import reuse
from locard.engine.executor import WorkerDied
from locard.engine.plan import ExhibitPlan, Skip
from locard.engine.receipts import receipt
from locard.engine.records import ExhibitResult, FindingRecord
from locard.engine.spool import Spool
from locard.engine.tasks import PlannedStep, Subject, Task
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from locard.image import Header
    from locard.plugins import Catalogue

Cached = Callable[[str], FindingRecord | None]

_TRIES_WITHOUT_PROGRESS = 3
"""So often a task may lose its worker before the first step began."""


class Progress:
    """One exhibit on its way through the engine.

    Args:
        subject: The exhibit.
        header: Its header, None where it cannot be read.
        plan: Its plan, with cache keys.
        spool: A folder of its own; made when there is something to run.
        plugins: For versions.
    """

    def __init__(
        self,
        subject: Subject,
        header: Header | None,
        plan: ExhibitPlan,
        spool: Path,
        plugins: Catalogue,
    ) -> None:
        self.subject = subject
        self._header = header
        self._plan = plan
        self._spool = Spool(spool)
        self._plugins = plugins
        self._tries = 0
        self._records = {skip.name: self._skipped(skip) for skip in plan.skips}

    @property
    def remaining(self) -> tuple[PlannedStep, ...]:
        """Steps that have no finding yet."""
        return tuple(step for step in self._plan.planned if step.name not in self._records)

    def take_cached(self, cached: Cached) -> None:
        """Take findings from the cache."""
        for step in self.remaining:
            record = cached(step.cache_key) if step.cache_key else None
            if record and (reused := reuse(record, step)):
                self._records[step.name] = reused

    def task(self) -> Task:
        """Return what is to run now."""
        self._spool.folder.mkdir(parents=True, exist_ok=True)
        self._spool.forget_progress()
        steps = self.remaining
        names = {step.name for step in steps}
        wanted = {step.input for step in steps if step.input} - names
        inputs = {name: self._records[name] for name in wanted}
        return Task(self.subject, steps, self._spool.folder, inputs)

    def collect(self) -> None:
        """Take the findings that a worker left, dead or alive."""
        for step in self.remaining:
            if record := self._spool.finished(step.name):
                self._records[step.name] = record
                self._tries = 0

    def blame(self, death: WorkerDied) -> None:
        """Lay a worker's death at the door of the step that was running.

        Where none was, the task is tried again; not for ever.
        """
        current = self._spool.in_progress()
        self._tries += 1
        for step in self.remaining:
            if step.name == current or self._tries >= _TRIES_WITHOUT_PROGRESS:
                self._records[step.name] = self._failed(step, death)
        if current is not None:
            self._tries = 0

    def result(self) -> ExhibitResult:
        """Return the findings, in the pipeline's order."""
        header = self._header
        return ExhibitResult(
            sha256=self.subject.sha256,
            width=header.width if header else None,
            height=header.height if header else None,
            findings=tuple(self._records[step.name] for step in self._plan.steps),
        )

    def clean_up(self) -> None:
        """Remove the spool."""
        shutil.rmtree(self._spool.folder, ignore_errors=True)

    def _failed(self, step: PlannedStep, death: WorkerDied) -> FindingRecord:
        explanation = death.detail
        if death.reason == "timeout":
            explanation += f" ({step.limits.seconds:g} s)"
        record = self._without_run(step.name, step.plugin)
        return replace(
            record,
            outcome=Outcome.FAILED,
            reason=death.reason,
            explanation=explanation,
            receipt=receipt(step, self._plugins),
        )

    def _skipped(self, skip: Skip) -> FindingRecord:
        return replace(
            self._without_run(skip.name, skip.plugin),
            outcome=skip.outcome,
            reason=skip.reason,
            explanation=skip.explanation,
        )

    def _without_run(self, name: str, plugin: str) -> FindingRecord:
        version = self._plugins.step(plugin).version
        return FindingRecord(name, plugin, version, Outcome.NOT_APPLICABLE)
