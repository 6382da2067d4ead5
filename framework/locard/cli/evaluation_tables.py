"""The tables that ``locard evaluate`` prints."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from locard.cli.comparison_tables import CHANCE, gain_tables
from locard.evaluation.datasets.strata import in_order
from locard.evaluation.metrics import METRICS
from locard.evaluation.rows import UNTREATED
from locard.evaluation.wording import LEAKS_NOT_CHECKED, scored_images
from locard.outcomes import Outcome
from locard.text import printable

if TYPE_CHECKING:
    from locard.evaluation.results import Estimate, LeakFinding, Results, SubsetResult
    from locard.evaluation.rows import Row
    from locard.service.evaluate import Evaluation

OF_PIXELS = ("f1", "mcc", "best_f1", "everything_f1", "pixel_auc")
"""Metrics of the first table."""

OF_IMAGES = ("sensitivity", "false_positive_rate", "image_auc", "answered")
"""Metrics of the second table."""

CALIBRATED = ("cllr", "min_cllr")
"""And two more, where a step gives likelihood ratios."""

OF_PARTS = ("f1", "best_f1", "sensitivity", "false_positive_rate")
UNDER_TREATMENT = ("f1", "sensitivity", "false_positive_rate")

_PROBLEMS_SHOWN = 10
_NOTHING = "–"
_WIDTH_OF_A_FIGURE = 11
_ANY = 1000


def show(evaluation: Evaluation) -> None:
    """Print an evaluation for a person: what it was, tables, and what must be looked at."""
    results = evaluation.results
    typer.echo(_what(evaluation))
    for table in _headlines(results):
        _print(table)
    typer.echo("Below each figure its 95 % interval over images.")
    if note := scored_images(results):
        typer.echo(note)
    for way in ("kind", "source"):
        if part := _parts(results, way):
            _print(part)
    if len(results.treatments) > 1:
        _print(_treatments(results))
    for table in gain_tables(results.gains):
        _print(table)
    if results.gains:
        typer.echo(CHANCE)
    _say_leaks(results.leaks)
    _say("problem", results.dataset.problems)
    _say("failure", list(_failures(evaluation.rows)), "cases.csv")
    _say("damaged finding", evaluation.damaged)


def _what(evaluation: Evaluation) -> str:
    results = evaluation.results
    data = results.dataset
    kinds = ", ".join(f"{count} {kind}" for kind, count in data.kinds.items())
    findings = len(evaluation.rows)
    reused = f", {evaluation.reused} of {findings} findings used again" if evaluation.reused else ""
    failed = f"; {evaluation.failed} findings FAILED" if evaluation.failed else ""
    return (
        f"{data.name} ({data.layout}): {data.images} images: {kinds}\n"
        f"pipeline {results.pipeline['name']} {results.pipeline['version']}: "
        f"examined in {evaluation.seconds:.1f} s{reused}{failed}"
    )


def _headlines(results: Results) -> Iterator[Table]:
    """Yield a table of pixels and one of whole images: side by side few terminals hold them."""
    subsets = _of(results, by="all")
    calibrated = any(subset.metrics["cllr"].images for subset in subsets)
    of_images = (*OF_IMAGES, *CALIBRATED) if calibrated else OF_IMAGES
    for title, metrics in (("pixels", OF_PIXELS), ("whole images", of_images)):
        table = _table(title, ["step"], _titles(metrics))
        for subset in subsets:
            table.add_row(Text(subset.step), *_figures(subset, metrics))
        yield table


def _parts(results: Results, way: str) -> Table | None:
    """Return the table by kind or source; None where all images are of one."""
    subsets = _of(results, by=way)
    if len({subset.value for subset in subsets}) < 2:
        return None
    table = _table(f"by {way}", ["step", way, "images"], _titles(OF_PARTS))
    for step, group in groupby(subsets, key=lambda subset: subset.step):
        heading = step
        for subset in group:
            part = Text(printable(subset.value))
            figures = _figures(subset, OF_PARTS)
            table.add_row(Text(heading), part, Text(str(subset.images)), *figures)
            heading = ""
        table.add_section()
    return table


def _treatments(results: Results) -> Table:
    """Return the table with treatments side by side, without intervals: it is wide enough."""
    table = _table("under treatment", ["step", "figure"], results.treatments)
    whole = {(s.step, s.treatment): s for s in results.subsets if s.by == "all"}
    for step in results.steps:
        heading = step.name
        for metric in UNDER_TREATMENT:
            found = [whole.get((step.name, treatment)) for treatment in results.treatments]
            estimates = [subset.metrics.get(metric) if subset else None for subset in found]
            if any(estimate and estimate.value is not None for estimate in estimates):
                figures = (Text(_value(estimate)) for estimate in estimates)
                table.add_row(Text(heading), Text(METRICS[metric].title), *figures)
                heading = ""
        table.add_section()
    return table


def _print(table: Table) -> None:
    """Print a table as wide as it is: a narrow terminal shall break lines, not cut figures off."""
    console = Console()
    options = console.options.update(max_width=_ANY)
    width = Measurement.get(console, options, table).maximum
    # With a height as well rich believes the width, on a dumb terminal too.
    Console(width=width, height=console.height).print(table)


def _titles(metrics: Iterable[str]) -> list[str]:
    return [METRICS[name].title for name in metrics]


def _table(title: str, keys: Iterable[str], figures: Iterable[str]) -> Table:
    """Return an empty table, its headings broken to be as narrow as figures."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE)
    for key in keys:
        table.add_column(key, no_wrap=True)
    for heading in figures:
        broken = "\n".join(textwrap.wrap(heading, _WIDTH_OF_A_FIGURE))
        table.add_column(broken, justify="right", no_wrap=True)
    return table


def _of(results: Results, by: str) -> list[SubsetResult]:
    """Return the subsets of untreated images, step by step in the pipeline's order."""
    found = [s for s in results.subsets if s.by == by and s.treatment == UNTREATED]
    order = {step.name: place for place, step in enumerate(results.steps)}
    return sorted(found, key=lambda subset: (order[subset.step], in_order(subset.value)))


def _figures(subset: SubsetResult, metrics: Iterable[str]) -> list[Text]:
    return [_cell(subset.metrics.get(name)) for name in metrics]


def _cell(estimate: Estimate | None) -> Text:
    """Return a figure with its interval below."""
    cell = Text(_value(estimate), justify="right")
    if estimate and estimate.low is not None:
        high = math.inf if estimate.infinite else estimate.high
        if high is not None:
            cell.append(f"\n{_interval(estimate.low, high)}", style="dim")
    return cell


def _value(estimate: Estimate | None) -> str:
    if estimate is None:
        return _NOTHING
    if estimate.infinite:
        return _number(math.inf)
    return _NOTHING if estimate.value is None else _number(estimate.value)


def _number(value: float) -> str:
    """Return a figure with three places and no nought before the point: ``.325``, ``-.020``."""
    if math.isinf(value):
        return "∞"
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _interval(low: float, high: float) -> str:
    return f"{_number(low)}–{_number(high)}" if low >= 0 else f"{_number(low)} to {_number(high)}"


def _say_leaks(leaks: tuple[LeakFinding, ...] | None) -> None:
    """Say in plain words what headers tell of the classes."""
    found = [leak for leak in leaks or () if leak.leaks]
    if not leaks:
        typer.echo(LEAKS_NOT_CHECKED)
    if found:
        typer.echo(
            "WARNING: without a look at any picture, a decision tree tells authentic from tampered "
            "images by what their headers say. Balanced accuracy (chance is .5): "
            + "; ".join(
                f"{leak.feature} {_number(leak.balanced_accuracy)} "
                f"({_interval(leak.low, leak.high)})"
                for leak in found
            )
            + ".\nSensitivity, false-positive rate and image AUC mean nothing on this data set "
            "until both classes are saved in one way."
        )


def _failures(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a sentence for each image, treatment and reason why steps failed on it."""
    failed: dict[tuple[str, str, str | None], list[str]] = {}
    for row in rows:
        if row.outcome is Outcome.FAILED:
            failed.setdefault((row.sample, row.treatment, row.reason), []).append(row.step)
    for (sample, treatment, reason), steps in failed.items():
        after = "" if treatment == UNTREATED else f" after {treatment}"
        yield f"{sample}{after}: {', '.join(steps)} failed: {reason}"


def _say(what: str, sentences: Sequence[str], file: str = "results.json") -> None:
    if not sentences:
        return
    typer.echo(f"1 {what}:" if len(sentences) == 1 else f"{len(sentences)} {what}s:")
    for sentence in sentences[:_PROBLEMS_SHOWN]:
        typer.echo(f"  {printable(sentence)}")
    if len(sentences) > _PROBLEMS_SHOWN:
        more = len(sentences) - _PROBLEMS_SHOWN
        typer.echo(f"  and {more} more, which {file} names (--output)")
