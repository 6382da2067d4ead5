"""``locard dataset``: data sets with known answers, and whether they are fit to be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli.common import JsonOption, print_json, print_table, printable
from locard.cli.synthesize import synthesize
from locard.errors import ExitCode
from locard.plugins import catalogue

if TYPE_CHECKING:
    from locard.evaluation.datasets.inspection import Inspection
    from locard.evaluation.datasets.loading import Dataset
    from locard.evaluation.results import LeakFinding

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the data set.")]
LayoutOption = Annotated[
    str | None,
    typer.Option("--layout", help="How it is laid out.  [default: found out]", show_default=False),
]


@app.callback()
def dataset() -> None:
    """List, show, check and make data sets with known answers."""


app.command("synthesize")(synthesize)


@app.command("layouts")
def layouts(json: JsonOption = False) -> None:
    """List the layouts: published data sets, plain folders, lists, and what plugins add."""
    from rich.table import Table
    from rich.text import Text

    plugins = catalogue()
    table = Table("layout", "what its folder holds", "published")
    for name, layout in sorted(plugins.layouts.items()):
        if json:
            facts = {"name": name, "summary": layout.summary, "source": layout.source}
            print_json(facts)
        table.add_row(*(Text(printable(t)) for t in (name, layout.summary, layout.source)))
    if not json:
        print_table(table)


@app.command("show")
def show(folder: FolderArgument, layout: LayoutOption = None, json: JsonOption = False) -> None:
    """Say what a data set holds: kinds, problems, and the hash that identifies it."""
    from locard.evaluation.datasets.loading import load

    found = load(folder, layout, catalogue())
    if json:
        print_json(found.facts.model_dump(mode="json"))
    else:
        _print_facts(found)


def _print_facts(found: Dataset) -> None:
    from locard.evaluation.datasets.strata import dividing_facts

    facts = found.facts
    groups = {sample.group or sample.name for sample in found.samples}
    typer.echo(f"{facts.name}, layout {facts.layout}: {facts.images} images")
    for kind, count in facts.kinds.items():
        typer.echo(f"  {count:>6}  {printable(kind)}")
    typer.echo(f"Groups of images that share a source: {len(groups)}")
    for fact in sorted(dividing_facts(found.samples)):
        values = sorted({sample.facts[fact] for sample in found.samples if fact in sample.facts})
        typer.echo(f"{printable(fact)}: {printable(', '.join(values))}")
    typer.echo(f"SHA-256: {facts.sha256}")
    typer.echo(f"Problems: {len(facts.problems)}")
    for problem in facts.problems:
        typer.echo(f"  {printable(problem)}")


@app.command("check")
def check(folder: FolderArgument, layout: LayoutOption = None, json: JsonOption = False) -> None:
    """Look for what spoils figures: bad masks, duplicates, headers that tell the classes.

    Exits with 1 if something must be looked at.
    """
    from locard.evaluation.datasets.inspection import inspect
    from locard.evaluation.datasets.loading import load

    found = load(folder, layout, catalogue())
    inspection = inspect(found)
    if json:
        print_json(_plain(found, inspection))
    else:
        _print_inspection(found, inspection)
    raise typer.Exit(ExitCode.OK if inspection.clean else ExitCode.ATTENTION)


def _plain(found: Dataset, inspection: Inspection) -> dict[str, Any]:
    return {
        "dataset": found.facts.model_dump(mode="json"),
        "problems": inspection.problems,
        "duplicates": inspection.duplicates,
        "duplicates_across_classes": inspection.across,
        "leaks": [leak.model_dump(mode="json") for leak in inspection.leaks],
        "clean": inspection.clean,
    }


def _print_inspection(found: Dataset, inspection: Inspection) -> None:
    facts = found.facts
    typer.echo(f"{facts.name}, layout {facts.layout}: {facts.images} images")
    typer.echo(f"Problems: {len(inspection.problems)}")
    for problem in inspection.problems:
        typer.echo(f"  {printable(problem)}")
    typer.echo(f"Files that are there more than once: {len(inspection.duplicates)}")
    for names in inspection.duplicates:
        what = "  authentic and tampered: " if names in inspection.across else "  "
        typer.echo(what + printable(", ".join(names)))
    _print_leaks(inspection.leaks)
    if inspection.clean:
        typer.echo("Nothing to look at.")


def _print_leaks(leaks: tuple[LeakFinding, ...]) -> None:
    from rich.table import Table

    from locard.evaluation.wording import LEAKS_NOT_CHECKED

    if not leaks:
        typer.echo(LEAKS_NOT_CHECKED)
        return
    table = Table("headers alone", "balanced accuracy", "95 % interval", "")
    for leak in leaks:
        interval = f"{leak.low:.3f} to {leak.high:.3f}"
        verdict = "tells the classes" if leak.leaks else ""
        table.add_row(leak.feature, f"{leak.balanced_accuracy:.3f}", interval, verdict)
    print_table(table)
    if any(leak.leaks for leak in leaks):
        typer.echo(
            "Authentic and tampered files can be told apart without looking at a picture. Figures\n"
            "for whole images prove nothing on this data set until both are saved in one way."
        )
