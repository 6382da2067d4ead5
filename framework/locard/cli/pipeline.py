"""``locard pipeline``: what will run, before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli.common import JsonOption, print_json, print_table, printable
from locard.cli.options import PipelineOption
from locard.errors import ExitCode, ImageError, LocardError
from locard.plugins import catalogue

if TYPE_CHECKING:
    from locard.intake import Source
    from locard.pipelines import Pipeline

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def pipeline() -> None:
    """List, show and plan pipelines."""


@app.command("list")
def list_pipelines(json: JsonOption = False) -> None:
    """List the pipelines that plugins ship."""
    from rich.table import Table
    from rich.text import Text

    from locard import pipelines

    rows: list[dict[str, Any]] = []
    plugins = catalogue()
    for name in sorted(plugins.pipelines):
        try:
            loaded = pipelines.load(name, plugins)
        except LocardError as error:
            rows.append({"name": name, "version": None, "steps": [], "error": error.message})
        else:
            rows.append(_summary(name, loaded))
    if json:
        for row in rows:
            print_json(row)
        return
    table = Table("pipeline", "version", "steps", "description")
    for row in rows:
        text = row.get("description") or f"cannot run: {row['error']}"
        cells = row["name"], row["version"] or "?", ", ".join(row["steps"]), text
        table.add_row(*(Text(printable(cell)) for cell in cells))
    print_table(table)


def _summary(name: str, loaded: Pipeline) -> dict[str, Any]:
    return {
        "name": name,
        "version": loaded.version,
        "description": loaded.description,
        "steps": [step.name for step in loaded.steps],
        "error": None,
    }


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="Name, or path of a .toml file.")]) -> None:
    """Print a pipeline as JSON, with every parameter that it leaves at its default."""
    import json

    from locard import pipelines

    loaded = pipelines.load(name, catalogue())
    typer.echo(json.dumps(loaded.model_dump(mode="json"), indent=2, ensure_ascii=False))


@app.command("plan")
def plan(
    files: Annotated[list[str], typer.Argument(help="Photographs, folders, or globs.")],
    pipeline: PipelineOption = "quick",
    json: JsonOption = False,
) -> None:
    """Say for each file which steps will run, and why the others do not apply."""
    from rich.table import Table
    from rich.text import Text

    from locard import pipelines
    from locard.intake import find

    loaded = pipelines.load(pipeline, catalogue())
    readable = True
    table = Table("file", "step", "plugin", "will run", "why not")
    for source in find(files, everything=False):
        for row in _plan_rows(loaded, source) if source.status != "skipped" else ():
            readable &= row["outcome"] != "failed"
            if json:
                print_json(row)
            else:
                runs = "yes" if row["runs"] else "no"
                cells = row["file"], row["step"], row["plugin"], runs, row["explanation"] or ""
                # Text, not str: rich would take square brackets in a name for its own markup.
                table.add_row(*(Text(printable(cell)) for cell in cells))
    if not json:
        print_table(table)
    raise typer.Exit(ExitCode.OK if readable else ExitCode.ATTENTION)


def _plan_rows(loaded: Pipeline, source: Source) -> list[dict[str, Any]]:
    from locard.engine.plan import Skip, header_of, plan_exhibit

    refused = ImageError("unreadable", source.message or "it cannot be read")
    header = header_of(Path(source.name)) if source.status == "file" else refused
    return [
        {
            "file": source.name,
            "step": step.name,
            "plugin": step.plugin,
            "runs": not isinstance(step, Skip),
            "outcome": str(step.outcome) if isinstance(step, Skip) else None,
            "reason": step.reason if isinstance(step, Skip) else None,
            "explanation": step.explanation if isinstance(step, Skip) else None,
        }
        for step in plan_exhibit(loaded, header, catalogue()).steps
    ]
