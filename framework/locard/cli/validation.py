"""``locard plugin validate`` and ``locard plugin validations``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli.common import (
    DatabaseOption,
    JsonOption,
    QuietOption,
    VaultOption,
    actor,
    open_vault,
    print_json,
    print_table,
    printable,
)
from locard.cli.dataset import LayoutOption
from locard.cli.options import ExecutorOption, WorkersOption, cores
from locard.errors import ExitCode, LocardError
from locard.plugins import catalogue

if TYPE_CHECKING:
    from locard.evaluation.validation.record import ValidationRecord
    from locard.service.validated import Standing


def _print_template(wanted: bool) -> None:
    if wanted:
        from locard.evaluation.validation.requirements import template

        typer.echo(template(), nl=False)
        raise typer.Exit


def validate(
    name: Annotated[str, typer.Argument(help="Name of a detector or refiner.")],
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the data set.")],
    requirements: Annotated[
        Path, typer.Option("--requirements", "-r", metavar="FILE", help="What it must fulfil.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder for the record and results."),
    ],
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="A parameter, or a .toml file of them; DETECTOR.KEY=VALUE with --input. May be "
            "repeated.",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--input", metavar="DETECTOR", help="Whose map a refiner is validated on."),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Calibration that the method is to be used with."),
    ] = None,
    layout: LayoutOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="At most so many images, taken evenly from all kinds.  [default: all]",
            show_default=False,
        ),
    ] = None,
    template: Annotated[
        bool,
        typer.Option(
            "--template",
            callback=_print_template,
            is_eager=True,
            help="Print a file of requirements to start from, and exit.",
        ),
    ] = False,
    workers: WorkersOption = None,
    executor: ExecutorOption = "local",
    json: JsonOption = False,
    quiet: QuietOption = False,
    vault: VaultOption = None,
    database: DatabaseOption = None,
) -> None:
    """Validate a method against a laboratory's requirements, and keep the record in the vault.

    Writes record.json and record.html, to be printed and signed, beside the evaluation's own files.
    Exit code 1 means that a requirement is not met, or could not be assessed.
    """
    from locard.cli.progress import progress_bar
    from locard.evaluation.datasets.loading import load
    from locard.evaluation.metrics import METRICS
    from locard.evaluation.validation.requirements import load as load_requirements
    from locard.service.validate import method_pipeline
    from locard.service.validate import validate as run

    plugins = catalogue()
    wanted, text = load_requirements(requirements, METRICS)
    own, inputs = _parameters(parameters or [], on)
    pipeline = method_pipeline(
        name,
        plugins,
        parameters=own,
        on=on,
        input_parameters=inputs,
        calibration=calibration,
    )
    data = load(dataset, layout, plugins, limit)
    with (
        open_vault(vault, database, create=True) as opened,
        progress_bar(plugins, quiet=quiet or json),
    ):
        record = run(
            opened,
            pipeline,
            data,
            wanted,
            text,
            plugins=plugins,
            workers=workers or cores(),
            actor=actor(),
            folder=output,
            executor=executor,
            command={
                "dataset": printable(str(dataset)),
                "layout": layout,
                "limit": limit,
                "requirements": printable(str(requirements)),
            },
        )
    if json:
        print_json({"sha256": record.sha256, **record.model_dump(mode="json")})
    elif not quiet:
        _print_record(record, output)
    raise typer.Exit(ExitCode.OK if record.validated else ExitCode.ATTENTION)


def _parameters(given: list[str], on: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return parameters of the method, and of the detector that it refines."""
    own: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    for words in given:
        for key, value in _assignments(words).items():
            if on is not None and key == on and isinstance(value, dict):
                inputs |= value
            elif on is not None and key.startswith(f"{on}."):
                inputs[key.removeprefix(f"{on}.")] = value
            else:
                own[key] = value
    return own, inputs


def _assignments(words: str) -> dict[str, Any]:
    """Return what KEY=VALUE, or a file of such lines, says; values as TOML has them, or text."""
    import tomllib

    key, equals, value = words.partition("=")
    if equals:
        try:
            return {key.strip(): tomllib.loads(f"value = {value}")["value"]}
        except ValueError:
            return {key.strip(): value}
    try:
        return tomllib.loads(Path(words).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LocardError(
            f"--parameters {words}: neither KEY=VALUE nor a .toml file that can be read: {error}"
        ) from None


def _print_record(record: ValidationRecord, folder: Path) -> None:
    from rich.table import Table
    from rich.text import Text

    from locard.evaluation.validation.methods import in_words

    table = Table("requirement", "acceptance criterion", "figure", "result", "why")
    for verdict in record.verdicts:
        value = verdict.estimate.value if verdict.estimate else None
        figure = "" if value is None else f"{value:.4g}"
        cells = verdict.id, verdict.criterion, figure, verdict.status, verdict.sentence
        table.add_row(*(Text(printable(cell)) for cell in cells))
    print_table(table)
    typer.echo(printable(in_words(record.method)))
    for warning in record.warnings:
        typer.echo(f"Warning: {printable(warning)}")
    typer.echo(record.outcome)
    typer.echo(f"Record {record.sha256}, in the vault and in {printable(str(folder))}")


# --- validations ---------------------------------------------------------------------------------


def validations(
    record: Annotated[
        str | None,
        typer.Argument(help="Write one record, by the beginning of its hash, to --output."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder for record.json, .html and results.json."
        ),
    ] = None,
    json: JsonOption = False,
    vault: VaultOption = None,
    database: DatabaseOption = None,
) -> None:
    """List the vault's validation records, and whether what is installed is what was validated."""
    from locard.service.validated import standings, write_record

    if (record is None) != (output is None):
        raise LocardError(
            "a record's hash and --output go together",
            "Give both to write a record, or neither to list all.",
        )
    with open_vault(vault, database) as opened:
        if record is not None and output is not None:
            write_record(opened, record, output)
            return
        found = standings(opened, catalogue())
    if json:
        for standing in found:
            print_json(_as_json(standing))
    else:
        _print_standings(found)


def _as_json(standing: Standing) -> dict[str, Any]:
    record = standing.record
    return {
        "sha256": record.sha256,
        "created": record.created,
        "actor": record.actor,
        "laboratory": record.requirements.laboratory,
        "title": record.requirements.title,
        "scope": record.requirements.scope,
        "method": record.method.model_dump(mode="json"),
        "validated": record.validated,
        "own": standing.own,
        "changes": list(standing.changes),
        "valid": standing.valid,
    }


def _print_standings(found: list[Standing]) -> None:
    from rich.table import Table
    from rich.text import Text

    from locard.evaluation.validation.methods import in_words

    table = Table("record", "date", "method", "scope", "outcome", "now")
    for standing in found:
        record = standing.record
        cells = (
            record.sha256[:16],
            record.created[:10],
            in_words(record.method),
            record.requirements.scope,
            "validated" if record.validated else "not validated",
            standing.words,
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    print_table(table)
