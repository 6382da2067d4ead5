"""Checks of what a step returns, on ordinary and on strange pictures."""

from __future__ import annotations

from collections.abc import Iterator

from locard.engine.contract import check_finding
from locard.findings import HeatMap
from locard.outcomes import Outcome
from locard.testing.bench import Bench, react
from locard.testing.checks import CheckFailed, NotApplicable, check, raised, require, require_none
from locard.testing.fingerprint import differing_parts, fingerprint


@check
def ordinary_pictures(bench: Bench) -> None:
    """What a step meets every day must give a finding, not an exception or a failure."""
    reactions = bench.reactions(bench.photographs)
    require(
        any(reaction.unmet is None for reaction in reactions),
        f"the declared needs {bench.step_class.needs} leave none of the kit's "
        f"{len(reactions)} ordinary pictures to examine",
    )
    failures = [
        f"{reaction.sample.name}: failed ({reaction.finding.reason})"
        for reaction in reactions
        if reaction.finding is not None and reaction.finding.outcome is Outcome.FAILED
    ]
    require_none(raised(reactions) + failures, "Each of these is an ordinary picture.")


@check
def odd_sizes(bench: Bench) -> None:
    """Real pictures have sides that are no multiple of a block, and are seldom square."""
    reactions = bench.reactions(bench.odd_sizes)
    require_none(raised(reactions), "Leave out incomplete blocks at the border, or pad.")


@check
def degenerate_pictures(bench: Bench) -> None:
    """Evidence is not chosen: one colour, one pixel, CMYK or sixteen bits must not raise.

    Where the method has nothing to say, a finding says so.
    """
    require_none(
        raised(bench.reactions(bench.degenerate)),
        "Return Finding.not_applicable(reason, explanation) or Finding.inconclusive(…), or "
        "declare needs, where the method cannot work.",
    )


@check
def no_warnings(bench: Bench) -> None:
    """A division by zero that only warns ends as a figure in a report."""
    reactions = bench.reactions(bench.all_samples)
    require_none(
        [f"{r.sample.name}: {warning}" for r in reactions for warning in sorted(set(r.warnings))],
        "Handle the case that the warning is about; do not silence it.",
    )


@check
def findings_valid(bench: Bench) -> None:
    """The engine refuses a finding that breaks the contract, and records it as failed."""
    _require_examined(bench)
    require_none(_refused(bench), "locard.findings says what each attribute may hold.")


def _refused(bench: Bench) -> Iterator[str]:
    for reaction, finding in bench.examined:
        assert reaction.image is not None  # noqa: S101  there is a finding, so there was an image
        try:
            check_finding(finding, reaction.image, bench.step, input=reaction.input)
        except Exception as error:  # noqa: BLE001
            yield f"{reaction.sample.name}: {error}"


@check
def map_geometry(bench: Bench) -> None:
    """A map that lies beside its picture points at the wrong person's face."""
    maps = 0
    problems = []
    for reaction, finding in bench.examined:
        if finding.map is None or reaction.image is None:
            continue
        maps += 1
        header = reaction.image.header
        problem = misplaced(finding.map, header.height, header.width)
        if problem:
            problems.append(f"{reaction.sample.name} ({header.width}×{header.height}): {problem}")
    if not maps:
        raise NotApplicable("no finding on the kit's pictures has a map")
    require_none(problems, "Rows go down, columns to the right; see locard.HeatMap.")


def misplaced(heat_map: HeatMap, height: int, width: int) -> str | None:
    """Return what is wrong with where a map lies on a picture, or None.

    Each cell must begin on the picture. What no cell covers may be, at each border, as wide as a
    cell or an eighth of the side, whichever is more.
    """
    if heat_map.values.ndim != 2 or 0 in heat_map.values.shape:
        return f"values have shape {heat_map.values.shape}, not (rows, columns)"
    x0, y0 = heat_map.origin
    for axis, first, cells, side in (
        ("rows", y0, heat_map.values.shape[0], height),
        ("columns", x0, heat_map.values.shape[1], width),
    ):
        margin = max(heat_map.cell, side // 8)
        end = first + cells * heat_map.cell
        if first < -heat_map.cell or end - heat_map.cell >= side:
            return f"its {axis} reach from {first} to {end}, beyond the picture's {side} pixels"
        if first > margin or side - end > margin:
            return f"its {axis} reach from {first} to {end} and leave out too much of {side} pixels"
    return None


@check
def deterministic(bench: Bench) -> None:
    """Another expert must get the same finding from the same bytes, to the last bit."""
    _require_examined(bench)
    again = bench.step_class()
    again.load()
    problems = []
    for reaction, finding in bench.examined:
        for label, step in (("a second time", bench.step), ("by a new instance", again)):
            repeated = react(step, reaction.sample).finding
            if repeated is None:
                problems.append(f"{reaction.sample.name}: raises when examined {label}")
            elif parts := differing_parts(fingerprint(finding), fingerprint(repeated)):
                problems.append(
                    f"{reaction.sample.name}: examined {label}, it has another {', '.join(parts)}"
                )
    require_none(
        problems,
        "Keep nothing between examinations; seed random generators with a constant; avoid clocks.",
    )


def _require_examined(bench: Bench) -> None:
    if not bench.examined:
        raise CheckFailed("the step gave no finding on any of the kit's pictures")
