"""Tables of paired differences: ``locard compare``, and what refiners gain in an evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from locard.cli.common import print_table
from locard.evaluation.metrics import METRICS
from locard.evaluation.rows import UNTREATED
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.comparison_results import (
        ComparedEvaluation,
        Comparison,
        StepComparison,
    )
    from locard.evaluation.results import Difference, Gain, PartDifferences

CHANCE = (
    "Each interval stands for itself: of twenty comparisons of methods that are equally good, one "
    "is expected to leave out 0."
)

_NOTHING = "–"
_STYLES = {"better": "green", "worse": "red"}


def show(comparison: Comparison) -> None:
    """Print a comparison for a person: what is compared, what differs, and the tables."""
    typer.echo(_what("A", comparison.first))
    typer.echo(_what("B", comparison.second))
    if not comparison.same_data:
        typer.echo(
            "The data sets differ. Compared are the images that have the same name, content, kind "
            "and share of tampered pixels in both."
        )
    if comparison.software:
        typer.echo(f"Software: {printable('; '.join(comparison.software))}.")
    if comparison.leaks:
        what = printable(", ".join(comparison.leaks))
        typer.echo(
            f"WARNING: headers alone tell the classes apart ({what}). Sensitivity, false-positive "
            "rate and image AUC mean nothing on this data set."
        )
    for step in comparison.steps:
        typer.echo("")
        for line in _facts(step):
            typer.echo(line)
        print_table(_table(step))
    typer.echo(CHANCE)


def gains_table(gains: Iterable[Gain]) -> Table:
    """Return the table of what refiners gain over their inputs, on untreated images."""
    table = Table(
        title="what refining gains, image by image", title_justify="left", title_style="bold"
    )
    for heading in ("step", "over", "images"):
        table.add_column(heading)
    _add_figures(table, "before", "after", "difference", "it is")
    for gain in gains:
        names = gain.step, gain.input
        for part in gain.parts:
            if part.treatment == UNTREATED:
                for first, difference in _defined(part):
                    where = Text(printable(part.part) if first else "")
                    table.add_row(Text(names[0]), Text(names[1]), where, *_cells(difference))
                    names = "", ""
        table.add_section()
    return table


def _what(letter: str, evaluation: ComparedEvaluation) -> str:
    return printable(
        f"{letter}: {evaluation.pipeline} {evaluation.pipeline_version} on {evaluation.dataset} "
        f"({evaluation.dataset_sha256[:16]}), {evaluation.created}"
    )


def _facts(step: StepComparison) -> Iterator[str]:
    if step.changes:
        yield f"Method: {printable('; '.join(step.changes))}."
    else:
        yield "Method: the same in both."
    if not step.gives_verdict:
        yield "One of the two decides nothing: there are no figures of outcomes."
    if step.alone:
        yield f"Left out: {step.alone} images that only one of the two has."
    if step.other_file:
        yield (
            f"Left out: {step.other_file} images whose content, kind or tampered share is not the "
            "same in both."
        )


def _table(step: StepComparison) -> Table:
    name = step.first if step.first == step.second else f"{step.first} (A), {step.second} (B)"
    table = Table(title=printable(name), title_justify="left", title_style="bold")
    treated = len({part.treatment for part in step.parts}) > 1
    for heading in ("treatment", "images") if treated else ("images",):
        table.add_column(heading)
    _add_figures(table, "A", "B", "B − A", "B is")
    for part in step.parts:
        for first, difference in _defined(part):
            keys = [printable(key) if first else "" for key in (part.treatment, part.part)]
            table.add_row(*map(Text, keys if treated else keys[1:]), *_cells(difference))
        table.add_section()
    return table


def _add_figures(table: Table, first: str, second: str, difference: str, verdict: str) -> None:
    table.add_column("figure")
    for heading in ("number", first, second, difference, "95 % interval"):
        table.add_column(heading, justify="right")
    table.add_column("better / equal / worse", justify="right")
    table.add_column(verdict)


def _defined(part: PartDifferences) -> Iterator[tuple[bool, Difference]]:
    """Yield the differences that are defined, and whether each is the first of its part."""
    defined = [found for found in part.differences.values() if found.difference is not None]
    for at, found in enumerate(defined):
        yield at == 0, found


def _cells(found: Difference) -> list[Text]:
    interval = (
        _NOTHING
        if found.low is None or found.high is None
        else f"{_signed(found.low)} to {_signed(found.high)}"
    )
    return [
        Text(METRICS[found.metric].title),
        Text(str(found.images)),
        Text(_figure(found.first)),
        Text(_figure(found.second)),
        Text(_signed(found.difference)),
        Text(interval),
        Text(f"{found.better} / {found.equal} / {found.worse}"),
        Text(found.verdict, style=_STYLES.get(found.verdict, "dim")),
    ]


def _figure(value: float | None) -> str:
    return _NOTHING if value is None else _short(f"{value:.3f}")


def _signed(value: float | None) -> str:
    """Return a difference with its sign; 0 alone is exactly 0, and +.000 only rounds to it."""
    if value is None:
        return _NOTHING
    return "0" if value == 0 else _short(f"{value:+.3f}")


def _short(figure: str) -> str:
    """Return a figure without the nought before its point, as in all tables."""
    sign, digits = (figure[0], figure[1:]) if figure[0] in "+-" else ("", figure)
    return sign + (digits[1:] if digits.startswith("0.") else digits)
