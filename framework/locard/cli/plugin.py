"""``locard plugin``: what is installed, what it offers, and whether it keeps to the contract."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli import validation
from locard.cli.common import JsonOption, print_json, print_table, printable
from locard.errors import ExitCode
from locard.plugins import ALLOW_LIST_VARIABLE, catalogue

if TYPE_CHECKING:
    from locard.detectors import Needs, Step
    from locard.plugins import Catalogue, PluginEntry
    from locard.testing.checks import Result

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def plugin() -> None:
    """List, show, make, check and validate plugins."""


app.command("validate")(validation.validate)
app.command("validations")(validation.validations)


# --- list ----------------------------------------------------------------------------------------


@app.command("list")
def list_plugins(json: JsonOption = False) -> None:
    """List installed plugins: loaded, blocked by the allow-list, or broken and why."""
    plugins = catalogue()
    plugins.collect_all()
    if json:
        for entry in plugins.entries.values():
            print_json(asdict(entry))
    else:
        _print_list(plugins)
    for name in plugins.not_installed:
        typer.echo(
            f"locard: note: {ALLOW_LIST_VARIABLE} allows {printable(name)}, which is not installed",
            err=True,
        )


def _print_list(plugins: Catalogue) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("plugin", "package", "status", "offers")
    for entry in plugins.entries.values():
        cells = (
            entry.name,
            f"{entry.distribution} {entry.version}",
            "\n".join([entry.status, *entry.errors]),
            ", ".join(entry.offers),
        )
        # Text, not a string: rich would read brackets in an error as markup.
        table.add_row(*(Text("\n".join(map(printable, cell.splitlines()))) for cell in cells))
    print_table(table)


# --- show ----------------------------------------------------------------------------------------


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a plugin, detector or refiner.")],
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of a step's parameters.")
    ] = False,
) -> None:
    """Say what a plugin offers; of a detector or refiner, how it works and what it takes."""
    plugins = catalogue()
    plugins.collect_all()
    if schema:
        import json

        typer.echo(json.dumps(plugins.step(name).Parameters.model_json_schema(), indent=2))
        return
    entry = plugins.entries.get(name)
    if entry is not None:
        _print_entry(entry)
    if entry is None or name in plugins.steps:
        _print_step(plugins.step(name), plugins.owner_of(name))


def _print_entry(entry: PluginEntry) -> None:
    _print_facts(
        f"plugin {entry.name}",
        {
            "package": f"{entry.distribution} {entry.version}",
            "module": entry.target,
            "status": entry.status,
            "errors": "\n".join(entry.errors),
            "offers": "\n".join(entry.offers),
        },
    )


def _print_step(step: type[Step], owner: PluginEntry) -> None:
    from locard.detectors import Detector

    budget = step.budget
    _print_facts(
        f"{'detector' if issubclass(step, Detector) else 'refiner'} {step.name}",
        {
            "version": step.version,
            "plugin": f"{owner.name} ({owner.distribution} {owner.version})",
            "summary": step.summary,
            "method": step.method,
            "limits": step.limits,
            "score": step.score_meaning,
            "verdict": "" if step.gives_verdict else "none: an aid to the eye",
            "needs": _needs(step.needs),
            "budget": (
                f"{budget.seconds:g} s + {budget.seconds_per_megapixel:g} s a megapixel; "
                f"{budget.mebibytes:g} MiB + {budget.mebibytes_per_megapixel:g} MiB a megapixel"
            ),
            **{f"measures {name}": meaning for name, meaning in step.glossary.items()},
        },
    )
    _print_parameters(step)


def _needs(needs: Needs) -> str:
    parts = []
    if needs.jpeg:
        parts.append("JPEG coefficients")
    elif needs.coefficients:
        parts.append("JPEG coefficients where there are any")
    if needs.colour:
        parts.append("colour")
    if needs.min_side > 1:
        parts.append(f"{needs.min_side} pixels a side or more")
    if needs.max_megapixels is not None:
        parts.append(f"{needs.max_megapixels:g} megapixels or less")
    return ", ".join(parts) or "any image"


def _print_facts(title: str, facts: dict[str, str]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", show_header=False, box=None)
    table.add_column(no_wrap=True)
    table.add_column()
    for key, value in facts.items():
        if value:
            table.add_row(Text(key), Text("\n".join(map(printable, value.splitlines()))))
    print_table(table)


def _print_parameters(step: type[Step]) -> None:
    from rich.table import Table
    from rich.text import Text

    from locard.cli.parameters import parameter_rows

    rows = list(parameter_rows(step.Parameters.model_json_schema()))
    if not rows:
        typer.echo("It has no parameters.")
        return
    table = Table("parameter", "type", "default", "range", "description")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    print_table(table)


# --- new -----------------------------------------------------------------------------------------


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Name in kebab-case, as in acme-noise.")],
    into: Annotated[Path, typer.Option("--into", help="Where to make the folder.")] = Path(),
    refiner: Annotated[
        bool, typer.Option("--refiner", help="Make a refiner, not a detector.")
    ] = False,
) -> None:
    """Make a folder with a working plugin to start from: package, detector and tests."""
    from locard.scaffold import create

    folder = create(name, into, "refiner" if refiner else "detector", catalogue())
    where = folder if folder.is_absolute() else f"./{folder}"
    typer.echo(
        f"Made {where}. Next:\n"
        f"  pip install -e {quote(f'{where}[test]')}\n"
        f"  locard plugin check {name}\n"
        f"  pytest {quote(str(where))}"
    )


# --- check ---------------------------------------------------------------------------------------


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="Name of a detector, a refiner, or a plugin.")],
    json: JsonOption = False,
) -> None:
    """Run the conformance kit over a step, or over all steps of a plugin.

    Exits with 1 if a check fails.
    """
    from locard.testing.conformance import cases

    passed = True
    step = None
    for case in cases(name, catalogue()):
        result = case.run()
        passed &= result.status != "failed"
        if json:
            print_json(_plain(result, case.bench.step_class.version))
            continue
        if result.step != step:
            step = result.step
            typer.echo(f"{step} {printable(case.bench.step_class.version)}")
        _print_result(result)
    raise typer.Exit(ExitCode.OK if passed else ExitCode.ATTENTION)


def _plain(result: Result, version: str) -> dict[str, Any]:
    return {
        "step": result.step,
        "version": version,
        "check": result.check.name,
        "status": result.status,
        "reason": result.reason,
        "rationale": result.check.rationale,
    }


def _print_result(result: Result) -> None:
    """Print one check; each is printed when it is done, for a kit may take minutes."""
    indent = " " * 18
    lines = (result.reason or "").splitlines()
    if result.status == "failed":
        lines.append(f"Why: {result.check.rationale}")
    typer.echo(f"  {result.status:<14}  {result.check.name}")
    for line in lines:
        typer.echo(f"{indent}  {printable(line)}")
