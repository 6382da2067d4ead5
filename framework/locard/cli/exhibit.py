"""``locard exhibit``: put photographs under custody, and list them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli.common import (
    DatabaseOption,
    JsonOption,
    VaultOption,
    actor,
    open_vault,
    print_json,
    print_table,
    printable,
)
from locard.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from locard.vault.facts import AddedExhibit, ExhibitFacts

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Name of the case.")]


@app.callback()
def exhibit() -> None:
    """Add photographs to a case, and list them."""


@app.command()
def add(
    case: CaseArgument,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATHS…", help="Files, folders (with all below) and patterns."),
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Take every file of a folder, not just images.")
    ] = False,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy files into the vault, read-only and under their hash.

    Files that you name are taken whatever they hold; from folders, what is an image or named like
    one. The same bytes twice are one exhibit with two names. Exits with 1 where a file was refused.
    """
    with open_vault(vault, database) as opened:
        added = opened.case(case).add(paths, actor=actor(), everything=everything)
        with _progress() as advance:
            counts = Counter(_report(one, as_json, advance) for one in added)
    if not as_json:
        typer.echo(_summary(counts))
    if counts["refused"]:
        raise typer.Exit(ExitCode.ATTENTION)


def _report(one: AddedExhibit, as_json: bool, advance: Callable[[], None]) -> str:
    advance()
    if as_json:
        print_json(
            {
                "path": one.path,
                "status": one.status,
                "exhibit": one.exhibit and exhibit_as_json(one.exhibit),
                "message": one.message,
            }
        )
    elif one.status == "refused":
        sys.stderr.write(f"refused: {printable(one.path)}: {printable(one.message or '')}\n")
    return one.status


def _summary(counts: Counter[str]) -> str:
    words = {
        "added": "added",
        "known": "known already under another name, which was noted",
        "unchanged": "known already under this name",
        "skipped": "in folders left out: not an image",
        "refused": "refused",
    }
    said = [f"{counts[status]} {text}" for status, text in words.items() if counts[status]]
    return "; ".join(said) or "nothing to add"


@contextmanager
def _progress() -> Iterator[Callable[[], None]]:
    """Show on a terminal how many files were looked at; elsewhere show nothing."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.completed} files"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.advance(task)


@app.command("list")
def list_exhibits(
    case: CaseArgument,
    limit: Annotated[int, typer.Option(min=1, help="Print at most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the exhibits of a case in the order of their labels."""
    with open_vault(vault, database) as opened:
        found = opened.case(case)
        exhibits, count = found.exhibits(limit, offset), found.exhibit_count()
    if as_json:
        for one in exhibits:
            print_json(exhibit_as_json(one))
        return
    print_exhibits(exhibits)
    if offset + len(exhibits) < count:
        typer.echo(
            f"{len(exhibits)} of {count}; `--offset {offset + len(exhibits)}` shows the next."
        )


def print_exhibits(exhibits: Iterable[ExhibitFacts]) -> None:
    """Print exhibits as a table."""
    from rich.table import Table
    from rich.text import Text

    table = Table("exhibit", "format", "pixels", "bytes", "SHA-256", "name", box=None)
    for one in exhibits:
        # Text, not str: rich would take square brackets in a name for its own markup.
        names = printable(one.names[0]) if one.names else ""
        more = f" (+{len(one.names) - 1})" if len(one.names) > 1 else ""
        pixels = f"{one.width}×{one.height}" if one.width else "–"
        table.add_row(
            one.label,
            one.format or "unreadable",
            pixels,
            str(one.size),
            one.sha256[:16],
            Text(names + more),
        )
    print_table(table)


def exhibit_as_json(one: ExhibitFacts) -> dict[str, Any]:
    """Return an exhibit as ``--json`` prints it."""
    return {
        "exhibit": one.label,
        "sha256": one.sha256,
        "size": one.size,
        "names": list(one.names),
        "format": one.format,
        "width": one.width,
        "height": one.height,
        "added_at": one.added_at.isoformat(),
    }
