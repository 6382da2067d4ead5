"""Checks of what a step returns, on ordinary and on strange pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from locard.detectors import Step
from locard.engine.contract import ContractError, check_verdict, checked_finding
from locard.findings import Finding
from locard.outcomes import Outcome
from locard.testing.bench import Bench, Examined, react
from locard.testing.checks import CheckFailed, NotApplicable, check, raised, require, require_none
from locard.testing.fingerprint import differing_parts, fingerprint


@check(Step)
def ordinary_pictures(bench: Bench) -> None:
    """What a step meets every day must give a finding, not an exception or a failure."""
    reactions = bench.reactions(bench.photographs)
    require(
        any(reaction.unmet is None for reaction in reactions),
        f"the declared needs {bench.step_class.needs} leave none of the kit's "
        f"{len(reactions)} ordinary pictures to examine",
    )
    failures = [
        f"{examined.sample.name}: failed ({examined.finding.reason})"
        for examined in bench.findings_on(bench.photographs)
        if examined.finding.outcome is Outcome.FAILED
    ]
    require_none(raised(reactions) + failures, "Each of these is an ordinary picture.")


@check(Step)
def odd_sizes(bench: Bench) -> None:
    """Real pictures have sides that are no multiple of a block, and are seldom square."""
    reactions = bench.reactions(bench.odd_sizes)
    require_none(raised(reactions), "Leave out incomplete blocks at the border, or pad.")


@check(Step)
def degenerate_pictures(bench: Bench) -> None:
    """Evidence is not chosen: one colour, one pixel, CMYK or sixteen bits must not raise.

    Where the method has nothing to say, a finding says so.
    """
    require_none(
        raised(bench.reactions(bench.degenerate)),
        "Return Finding.not_applicable(reason, explanation) or Finding.inconclusive(…), or "
        "declare needs, where the method cannot work.",
    )


@check(Step)
def no_warnings(bench: Bench) -> None:
    """A division by zero that only warns ends as a figure in a report."""
    reactions = bench.reactions(bench.all_samples)
    require_none(
        [f"{r.sample.name}: {warning}" for r in reactions for warning in sorted(set(r.warnings))],
        "Handle the case that the warning is about; do not silence it.",
    )


@check(Step)
def findings_valid(bench: Bench) -> None:
    """The engine refuses a finding that breaks the contract, and records it as failed."""
    _require_examined(bench)
    # The map has a check of its own.
    problems = _refused(bench, lambda finding: finding.with_(map=None))
    require_none(problems, "locard.findings says what each attribute may hold.")


@check(Step)
def map_geometry(bench: Bench) -> None:
    """A map that lies beside its picture points at the wrong part of it."""
    if all(examined.finding.map is None for examined in bench.examined):
        raise NotApplicable("no finding on the kit's pictures has a map")
    problems = _refused(bench, lambda finding: Finding.inconclusive("map", "", map=finding.map))
    require_none(problems, "Rows go down, columns to the right; see locard.HeatMap.")


def _refused(bench: Bench, part: Callable[[Finding], Finding]) -> Iterator[str]:
    """Yield a line for each finding of which the engine refuses a part."""
    for examined in bench.examined:
        try:
            finding = checked_finding(part(examined.finding), *examined.size)
            check_verdict(bench.step_class, finding)
        except ContractError as error:
            yield f"{examined.sample.name}: {error}"


@check(Step)
def deterministic(bench: Bench) -> None:
    """Another expert must get the same finding from the same bytes, to the last bit."""
    _require_examined(bench)
    again = bench.step_class()
    again.load()
    problems = [
        problem
        for label, step in (("a second time", bench.step), ("by a new instance", again))
        for examined in bench.examined
        for problem in _differences(examined, step, label)
    ]
    require_none(
        problems,
        "Keep nothing between examinations; seed random generators with a constant; avoid clocks.",
    )


def _differences(before: Examined, step: Step, label: str) -> Iterator[str]:
    name = before.sample.name
    after = react(step, before.sample).examined
    if after is None:
        yield f"{name}: raises when examined {label}"
    elif parts := differing_parts(fingerprint(before.finding), fingerprint(after.finding)):
        yield f"{name}: examined {label}, it has another {', '.join(parts)}"


def _require_examined(bench: Bench) -> None:
    if not bench.examined:
        raise CheckFailed("the step gave no finding on any of the kit's pictures")
