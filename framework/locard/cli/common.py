"""What commands share: the vault's options, tables, lines of JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.text import printable as printable

if TYPE_CHECKING:
    from rich.table import Table

    from locard.vault.vault import Vault

VAULT_VARIABLE = "LOCARD_VAULT"
DATABASE_VARIABLE = "LOCARD_DATABASE"

VaultOption = Annotated[
    Path | None,
    typer.Option(
        "--vault",
        envvar=VAULT_VARIABLE,
        help="Folder of the vault.  [default: the user's data folder]",
        show_default=False,
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar=DATABASE_VARIABLE,
        help="URL of a PostgreSQL database to use instead of SQLite in the vault.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]


def vault_folder(given: Path | None) -> Path:
    """Return the vault's folder: the one given, or the user's own."""
    if given is not None:
        return given
    from platformdirs import user_data_path

    return user_data_path("locard", appauthor=False) / "vault"


def open_vault(folder: Path | None, database: str | None, *, create: bool = False) -> Vault:
    """Open the vault that the options name.

    Raises:
        VaultError: It is not there (unless ``create``) or cannot be used.
    """
    from locard.vault.vault import Vault

    return Vault.open(vault_folder(folder), database=database, create=create)


def actor() -> str:
    """Return who acts, for the ledger: ``LOCARD_ACTOR`` or the user's login name."""
    import getpass

    return os.environ.get("LOCARD_ACTOR") or getpass.getuser()


def print_json(value: Any) -> None:
    """Print one object as one line of JSON."""
    typer.echo(json.dumps(value, ensure_ascii=True, allow_nan=False, default=str))


def print_table(table: Table) -> None:
    """Print a rich table as wide as the terminal, or unbroken into a pipe."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)


def first_of(sentences: Sequence[str], most: int = 10) -> list[str]:
    """Return the first sentences, and how many more there are."""
    more = len(sentences) - most
    return [*sentences[:most], *([f"and {more} more"] if more > 0 else [])]


def image_files(photographs: list[str], refused: list[str]) -> Iterator[str]:
    """Yield the image files behind what the user named, and note what cannot be read."""
    from locard.intake import find

    for source in find(photographs, everything=False):
        if source.status == "file":
            yield source.name
        elif source.status == "refused":
            refused.append(f"{printable(source.name)}: {source.message}")
