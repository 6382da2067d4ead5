"""``locard model``: the catalogue of models, their cards, and whether the files are those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli.common import JsonOption, print_json, print_table, printable
from locard.errors import ExitCode, LocardError

if TYPE_CHECKING:
    from locard_registry import Card, Entry

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

ModelsOption = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="DIR",
        help="Folder with further models, as NAME/VERSION/card.toml.  [default: those in "
        "LOCARD_MODELS]",
        show_default=False,
    ),
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a model.")]
VersionArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="VERSION", help="Its version.  [default: the newest]", show_default=False
    ),
]


@app.callback()
def model() -> None:
    """List, show and verify models."""


@app.command("list")
def list_models(models: ModelsOption = None, json: JsonOption = False) -> None:
    """List the models that are installed; one whose card cannot be read is listed with the reason.

    Files are not read: `locard model verify` holds them against the cards.
    """
    from rich.table import Table
    from rich.text import Text

    entries = _entries(models)
    if json:
        for entry in entries:
            print_json(_plain(entry))
        return
    if not entries:
        typer.echo("There are no models.")
        return
    table = Table("model", "version", "what it is for", "size", "status")
    for entry in entries:
        size = "–" if entry.card is None else _size(sum(f.bytes for f in entry.card.listed))
        purpose = "" if entry.card is None else entry.card.purpose
        status = entry.error or "ok"
        cells = entry.name, entry.version, purpose, size, status
        table.add_row(*(Text(printable(cell)) for cell in cells))
    print_table(table)


@app.command("show")
def show(
    name: NameArgument,
    version: VersionArgument = None,
    models: ModelsOption = None,
    json: JsonOption = False,
) -> None:
    """Print a model's card: what it is for, how good it is, where it is wrong, how it was made."""
    entry = _entry(_entries(models), name, version)
    if entry.card is None:
        raise LocardError(entry.error or "", f"The model is in {entry.folder}.")
    if json:
        print_json(_plain(entry))
        return
    _print_card(entry.card, entry)


@app.command("verify")
def verify(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of a model.  [default: all]", show_default=False),
    ] = None,
    version: Annotated[
        str | None,
        typer.Argument(metavar="VERSION", help="Its version.  [default: all]", show_default=False),
    ] = None,
    models: ModelsOption = None,
    json: JsonOption = False,
) -> None:
    """Hold the files of models against their cards, and say which differ.

    Hashes and sizes must be those of the card, the files whole ONNX models of the stated opset, the
    calibration that of the model, and no other file may lie beside them. Exit code 1 means that
    something differs.
    """
    from locard_registry import differences

    chosen = _entries(models)
    if name is not None and version is None:
        _entry(chosen, name, None)
    elif name is not None:
        chosen = [_entry(chosen, name, version)]
    right = True
    for entry in (e for e in chosen if name in (None, e.name)):
        found = list(differences(entry))
        right &= not found
        if json:
            print_json({**_identity(entry), "ok": not found, "differences": found})
        else:
            typer.echo(f"{printable(f'{entry.name} {entry.version}')}: {_verdict(entry, found)}")
            for difference in found:
                typer.echo(f"  {printable(difference)}")
    if not chosen and not json:
        typer.echo("There are no models.")
    raise typer.Exit(ExitCode.OK if right else ExitCode.ATTENTION)


def _verdict(entry: Entry, found: Sequence[str]) -> str:
    if found:
        return "NOT as its card says; it will be refused"
    return f"as its card says, identity {entry.identity}"


def _entries(folder: Path | None) -> list[Entry]:
    """Return all models, Locard's and those in a folder."""
    from locard_registry import catalogue, roots

    return catalogue(roots(folder))


def _entry(entries: Sequence[Entry], name: str, version: str | None) -> Entry:
    """Return the model of a name and version; without one, what :func:`locard_registry.load` takes.

    Raises:
        LocardError: There is none.
    """
    from locard_registry import newest

    named = [entry for entry in entries if entry.name == name]
    if version is None and named:
        root = named[0].folder.parents[1]
        version = newest(e.version for e in named if e.folder.parents[1] == root)
    for entry in named:
        if entry.version == version:
            return entry
    known = ", ".join(f"{entry.name} {entry.version}" for entry in entries)
    raise LocardError(
        f"there is no model {name}{f' {version}' if version else ''}",
        f"There are: {known or 'none'}. `locard model list --models DIR` looks into a folder too.",
    )


def _identity(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "version": entry.version,
        "folder": str(entry.folder),
        "identity": entry.identity,
    }


def _plain(entry: Entry) -> dict[str, Any]:
    card = None if entry.card is None else entry.card.model_dump(mode="json")
    return {**_identity(entry), "error": entry.error, "card": card}


# --- the card, for people ------------------------------------------------------------------------


def _print_card(card: Card, entry: Entry) -> None:
    from rich.table import Table
    from rich.text import Text

    if entry.error is not None:
        typer.echo(f"CANNOT BE USED: {printable(entry.error)}")
    table = Table(show_header=False, box=None)
    table.add_column(no_wrap=True)
    table.add_column()
    for key, value in _facts(card, entry).items():
        if value:
            table.add_row(Text(key), Text("\n".join(map(printable, value.splitlines()))))
    print_table(table)
    for title, columns, rows in _tables(card):
        if rows:
            _print_rows(title, columns, rows)


def _facts(card: Card, entry: Entry) -> Mapping[str, str]:
    training = card.training
    return {
        "model": f"{card.name} {card.version}, {card.created.isoformat()}",
        "for": card.purpose,
        "made by": card.made_by,
        "licence": card.licence,
        "limits": "\n".join(f"• {limit}" for limit in card.limits),
        "parameters": f"{card.parameters:,}",
        "MACs": "" if card.macs is None else f"{card.macs.value:,} ({card.macs.at})",
        "requires": "\n".join(f"{what} {version}" for what, version in card.requires.items()),
        "photographs": card.data.photographs,
        "made with": "\n".join(card.data.commands),
        "seeds": ", ".join(map(str, card.data.seeds)),
        "training": f"{training.epochs} epochs, {_duration(training.seconds)}, {training.hardware}",
        "calibration": _calibration(card, entry),
        "folder": str(entry.folder),
        "identity": entry.identity or "",
    }


def _calibration(card: Card, entry: Entry) -> str:
    if card.calibration is None:
        return "none: its scores are no likelihood ratios"
    return f"locard calibration show {entry.folder / card.calibration.file}"


Rows = list[tuple[str, ...]]


def _tables(card: Card) -> Iterator[tuple[str, tuple[str, ...], Rows]]:
    """Yield title, columns and rows of each table of a card."""
    figure = ("set", "stratum", "figure", "value", "95 % interval", "images")
    yield (
        "How good it is",
        (*figure, "file"),
        [
            (f.set, f.stratum, f.figure, f"{f.value:g}", _interval(f.low, f.high), str(f.n), f.file)
            for f in card.figures
        ],
    )
    yield (
        "How good others are",
        ("method", *figure, "parameters", "MACs", "time"),
        [
            (
                *(row.method, row.set, row.stratum, row.figure, f"{row.value:g}"),
                *(_interval(row.low, row.high), str(row.n)),
                *(_count(row.parameters), _count(row.macs)),
                "–" if row.time is None else f"{row.time:g}×",
            )
            for row in card.comparisons
        ],
    )
    yield (
        "Thresholds",
        (
            *("name", "from", "false alarms aimed at", "negatives", "found", "positives"),
            *("holds for", "file"),
        ),
        [
            (
                *(row.name, f"{row.value:g}", f"{row.false_alarm_rate:.2%}", str(row.images)),
                "–" if row.power is None else f"{row.power:.1%}",
                "–" if row.positives is None else str(row.positives),
                *("; ".join(row.conditions.words), row.file),
            )
            for row in card.thresholds
        ],
    )
    yield (
        "How fast it is",
        ("against", "time, as a multiple", "at", "file"),
        [(row.against, f"{row.ratio:g}", row.at, row.file) for row in card.latency],
    )
    yield (
        "Inputs and outputs",
        ("name", "type", "shape", "meaning"),
        [
            (row.name, row.dtype, "×".join(map(str, row.shape)), row.meaning)
            for row in (*card.inputs, *card.outputs)
        ],
    )
    yield (
        "Files",
        ("file", "precision", "opset", "size", "SHA-256"),
        [
            (row.file, row.precision, str(row.opset), _size(row.bytes), row.sha256)
            for row in card.files
        ],
    )


def _print_rows(title: str, columns: Sequence[str], rows: Rows) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    print_table(table)


def _interval(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "–"
    ends = ("?" if end is None else f"{end:g}" for end in (low, high))
    return " to ".join(ends)


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _size(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
