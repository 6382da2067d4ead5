"""Tables of paired differences: ``locard compare``, and what refiners gain."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from locard.cli.common import print_table
from locard.evaluation.metrics import METRICS
from locard.evaluation.metrics.comparison import ALL
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
_WIDTH_OF_A_TITLE = 14
_WIDTH_OF_A_VERDICT = 13
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
        for part in step.parts:
            print_table(_table(_title(step, part), part, "A", "B", "B is"))
    typer.echo(CHANCE)


def gain_tables(gains: Iterable[Gain]) -> Iterator[Table]:
    """Yield the tables of what refiners gain over their inputs, on untreated images."""
    for gain in gains:
        for part in gain.parts:
            if part.treatment == UNTREATED:
                title = f"what {gain.step} gains over {gain.input}: {_images(part)}"
                yield _table(title, part, "before", "after", "it is")


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
        yield "There are no figures of outcomes: a method that decides nothing has none."
    if step.alone:
        yield (
            f"Left out: {step.alone} images that only one of the two has; under each treatment an "
            "image counts again."
        )
    if step.other_file:
        yield (
            f"Left out: {step.other_file} images whose content, kind or tampered share is not the "
            "same in both."
        )


def _title(step: StepComparison, part: PartDifferences) -> str:
    name = step.first if step.first == step.second else f"{step.first} (A) and {step.second} (B)"
    treatment = "" if part.treatment == UNTREATED else f" after {part.treatment}"
    return f"{name}: {_images(part)}{treatment}"


def _images(part: PartDifferences) -> str:
    return "all images" if part.part == ALL else part.part


def _table(title: str, part: PartDifferences, first: str, second: str, verdict: str) -> Table:
    """Return the table of one part, narrow enough for a terminal of 80 columns."""
    table = Table(
        title=Text(printable(title)), title_justify="left", title_style="bold", box=box.SIMPLE
    )
    table.add_column("figure")
    for heading in (first, second, "difference", "better,\nequal,\nworse"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(verdict)
    for found in part.differences.values():
        if found.difference is not None:
            table.add_row(*_cells(found))
    return table


def _cells(found: Difference) -> list[Text]:
    difference = Text(_signed(found.difference), justify="right")
    if found.low is not None and found.high is not None:
        difference.append(f"\n{_signed(found.low)} to {_signed(found.high)}", style="dim")
    said = "\n".join(textwrap.wrap(found.verdict, _WIDTH_OF_A_VERDICT))
    return [
        Text("\n".join(textwrap.wrap(METRICS[found.metric].title, _WIDTH_OF_A_TITLE))),
        Text(_figure(found.first)),
        Text(_figure(found.second)),
        difference,
        Text(f"{found.better}, {found.equal}, {found.worse}"),
        Text(said, style=_STYLES.get(found.verdict, "dim")),
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
