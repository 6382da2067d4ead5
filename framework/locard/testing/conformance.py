"""Runs the kit over a step, or over all steps of a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from locard.errors import ExitCode, PluginError
from locard.testing import (  # noqa: F401  each import registers checks, in the order shown
    check_description,
    check_findings,
    check_isolation,
    check_refiners,
)
from locard.testing.bench import Bench
from locard.testing.checks import REGISTERED, Check, Result, run_check

if TYPE_CHECKING:
    from locard.detectors import Step
    from locard.plugins import Catalogue, PluginEntry


@dataclass(frozen=True, slots=True)
class Case:
    """One check of one step.

    Attributes:
        bench: The step under test, shared by its cases.
        check: The check.
    """

    bench: Bench
    check: Check

    def run(self) -> Result:
        """Run the check."""
        return run_check(self.check, self.bench)


@cache
def bench_of(step_class: type[Step]) -> Bench:
    """Return the one bench of a step in this process."""
    return Bench(step_class)


def cases(target: str | type[Step], plugins: Catalogue | None = None) -> Iterator[Case]:
    """Yield every check for a step, or for all steps of a plugin.

    Args:
        target: Name of a step or of a plugin, or a step's class.
        plugins: Where names are looked up; the installed plugins if None.

    Raises:
        PluginError: There is no such step or plugin, it does not load, or it offers no step.
    """
    for step_class in steps_of(target, plugins):
        for check in REGISTERED:
            if issubclass(step_class, check.kind):
                yield Case(bench_of(step_class), check)


def steps_of(target: str | type[Step], plugins: Catalogue | None = None) -> list[type[Step]]:
    """Return the steps that a name stands for; a plugin's name stands for all of its steps.

    Raises:
        PluginError: As for :func:`cases`.
    """
    if isinstance(target, type):
        return [target]
    if plugins is None:
        from locard.plugins import catalogue

        plugins = catalogue()
    steps = plugins.steps
    entry = plugins.entries.get(target)
    if entry is None:
        return [plugins.step(target)]
    _require_loaded(entry)
    names = entry.offered("detector") + entry.offered("refiner")
    if not names:
        raise PluginError(
            f"plugin {target!r} offers no detector or refiner, so there is nothing to check"
        )
    return [steps[name] for name in names]


def _require_loaded(entry: PluginEntry) -> None:
    if entry.status == "blocked":
        raise PluginError(f"plugin {entry.name!r} is blocked by the allow-list LOCARD_PLUGINS")
    if entry.status == "broken":
        error = PluginError(f"plugin {entry.name!r} is broken: {'; '.join(entry.errors)}")
        # The command was right: what it looked at is wrong.
        error.exit_code = ExitCode.ATTENTION
        raise error
