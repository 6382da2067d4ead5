"""Progress bars on standard error: an observer of the engine like any other, and plain counts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from locard.engine.events import Event, Examined, Started
from locard.hookspecs import hookimpl
from locard.outcomes import Outcome
from locard.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from locard.plugins import Catalogue


class ProgressBar:
    """Shows how far an examination is, how long it will take, and how many findings failed."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar = progress.add_task("examining", total=None, failed="")
        self._failed = 0

    @hookimpl
    def observe(self, event: Event) -> None:
        """Move the bar."""
        if isinstance(event, Started):
            self._progress.update(self._bar, total=event.exhibits)
        elif isinstance(event, Examined):
            findings = event.result.findings
            self._failed += sum(finding.outcome is Outcome.FAILED for finding in findings)
            failed = f"{self._failed} failed" if self._failed else ""
            name = printable(event.subject.name)[-40:]
            self._progress.update(self._bar, advance=1, failed=failed, description=name)


@contextmanager
def progress_bar(plugins: Catalogue, *, quiet: bool) -> Iterator[None]:
    """Show a progress bar while the block runs, if somebody is there to see it."""
    with _bars("{task.fields[failed]}", quiet=quiet) as progress:
        if progress is None:
            yield
            return
        bar = ProgressBar(progress)
        plugins.manager.register(bar, name="progress-bar")
        try:
            yield
        finally:
            plugins.manager.unregister(bar)


@contextmanager
def counting_bars(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each kind of work, on standard error, if somebody is there to see it.

    Yields:
        To be called with what is being done, how many are done, and of how many.
    """
    with _bars(quiet=quiet) as progress:
        bars: dict[str, TaskID] = {}

        def advance(words: str, done: int, total: int) -> None:
            if progress is None:
                return
            if words not in bars:
                bars[words] = progress.add_task(words, total=total)
            progress.update(bars[words], completed=done, total=total)

        yield advance


@contextmanager
def _bars(*warnings: str, quiet: bool) -> Iterator[Progress | None]:
    """Give bars on standard error; None where nobody is there to see them.

    Args:
        *warnings: Templates of further columns, in red.
        quiet: Whether the user asked for none.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        *(TextColumn(template, style="red") for template in warnings),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress
