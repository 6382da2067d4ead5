"""What a check of the conformance kit is: a small function with a reason to exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import getdoc
from typing import Literal

from locard.blame import describe
from locard.detectors import Step
from locard.testing.bench import Bench, Reaction

_SHOWN = 6


class CheckFailed(Exception):  # noqa: N818  what a check found, not an error of the kit
    """The step does not keep to the contract; the message says how, and what to do."""


class NotApplicable(Exception):  # noqa: N818
    """The check has nothing to look at; the message says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        name: In kebab-case.
        rationale: Why a step must pass.
        kind: What it is about: all steps, or refiners alone.
        function: Raises :class:`CheckFailed` or :class:`NotApplicable`, or returns.
    """

    name: str
    rationale: str
    kind: type[Step]
    function: Callable[[Bench], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What a check says of a step.

    Attributes:
        step: Name of the step, or of the plugin where that does not load.
        check: The check.
        status: ``passed``, ``failed`` or ``not-applicable``.
        reason: Why, unless it passed.
    """

    step: str
    check: Check
    status: Literal["passed", "failed", "not-applicable"]
    reason: str | None = None


REGISTERED: list[Check] = []


def check(kind: type[Step]) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Make a function a check: its name is the check's, its docstring the rationale."""

    def register(function: Callable[[Bench], None]) -> Callable[[Bench], None]:
        name = function.__name__.replace("_", "-")
        rationale = " ".join((getdoc(function) or "").split())
        REGISTERED.append(Check(name, rationale, kind, function))
        return function

    return register


def require(holds: bool, message: str) -> None:
    """Fail the check unless something holds."""
    if not holds:
        raise CheckFailed(message)


def require_none(problems: Iterable[str], advice: str) -> None:
    """Fail the check if there are problems; name the first few, and say what to do."""
    found = list(problems)
    if found:
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise CheckFailed("\n".join([*found[:_SHOWN], *more, advice]))


def run_check(check: Check, bench: Bench) -> Result:
    """Run one check; whatever a plugin raises on the way is a failure with its words."""
    try:
        check.function(bench)
    except NotApplicable as reason:
        return Result(bench.name, check, "not-applicable", str(reason))
    except CheckFailed as failure:
        return Result(bench.name, check, "failed", str(failure))
    except Exception as error:  # noqa: BLE001  from the step's own code: properties, load, …
        return Result(bench.name, check, "failed", describe(error))
    return Result(bench.name, check, "passed")


def raised(reactions: Iterable[Reaction]) -> list[str]:
    """Return a line for each picture on which the step raised."""
    return [f"{r.sample.name}: {describe(r.error)}" for r in reactions if r.error is not None]
