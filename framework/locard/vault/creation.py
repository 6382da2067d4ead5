"""How a vault comes into being, and how one that is there is entered."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from locard.errors import VaultError
from locard.vault.canonical import now
from locard.vault.database import Database
from locard.vault.errors import locked
from locard.vault.locks import LockedError, file_lock
from locard.vault.manifest import Manifest, may_become_vault
from locard.vault.models import Identity

CREATION_SECONDS = 60.0
"""How long a command waits for another one that makes or migrates the vault."""


def not_there(folder: Path) -> VaultError:
    """Return the error for a folder that is no vault."""
    hint = "`locard case new NAME` makes one; --vault or LOCARD_VAULT says where it is."
    if not folder.exists():
        return VaultError(f"there is no vault at {folder}", hint)
    return VaultError(f"{folder} is not a vault", hint)


def no_tables(folder: Path) -> VaultError:
    """Return the error for a vault whose database was removed or emptied."""
    return VaultError(
        f"the database of the vault {folder} has no tables, though the vault was once complete",
        "Restore it from a backup, or import the cases from their exported bundles.",
    )


@contextmanager
def creation_lock(folder: Path) -> Iterator[None]:
    """Keep other processes from making or migrating the vault.

    Raises:
        VaultError: Another process takes longer than ``CREATION_SECONDS`` for it.
    """
    try:
        with file_lock(folder / "locks" / "vault.lock", wait_seconds=CREATION_SECONDS):
            yield
    except LockedError as error:
        raise locked(f"the vault {folder}", error.holder) from None


def make(folder: Path, url: str | None, busy_seconds: float) -> Manifest:
    """Make a vault, or finish one whose making was interrupted.

    The manifest is written first, as not ready, and again when everything is there: a vault that
    was never ready has never held anything, so it can be finished by whoever comes next.
    """
    if folder.exists() and not folder.is_dir():
        raise not_there(folder)
    if Manifest.read(folder) is None and folder.exists() and not may_become_vault(folder):
        raise VaultError(
            f"{folder} is not a vault, and not empty", "Name a new or empty folder for the vault."
        )
    (folder / "locks").mkdir(parents=True, exist_ok=True)
    with creation_lock(folder):
        manifest = Manifest.read(folder)
        if manifest is None:
            manifest = Manifest(
                str(uuid.uuid4()), "sqlite" if url is None else "postgresql", ready=False
            )
            manifest.write(folder)
        if not manifest.ready:
            _fill(folder, manifest, url, busy_seconds)
    return Manifest(manifest.id, manifest.database, ready=True)


def _fill(folder: Path, manifest: Manifest, url: str | None, busy_seconds: float) -> None:
    for name in ("objects", "scratch"):
        (folder / name).mkdir(exist_ok=True)
    database = open_database(folder, manifest, url, busy_seconds)
    try:
        database.migrate()
        with database.writing() as session:
            if session.scalar(select(Identity.id)) is None:
                session.add(Identity(id=manifest.id, created_at=now()))
    finally:
        database.close()
    Manifest(manifest.id, manifest.database, ready=True).write(folder)


def open_database(
    folder: Path, manifest: Manifest, url: str | None, busy_seconds: float
) -> Database:
    """Return the vault's database.

    Raises:
        VaultError: The URL does not go with the manifest, or the database was removed.
        LocardError: The URL is wrong.
    """
    if manifest.database == "postgresql" and url is None:
        raise VaultError(
            f"the vault {folder} keeps its tables in a PostgreSQL database",
            "Say which with --database or LOCARD_DATABASE.",
        )
    if manifest.database == "sqlite" and url is not None:
        raise VaultError(
            f"the vault {folder} keeps its tables in its own SQLite database",
            "Leave --database away, or name another folder for a new vault.",
        )
    # SQLite would make a new, empty database in the place of one that was removed.
    if manifest.ready and url is None and not (folder / "vault.db").exists():
        raise no_tables(folder)
    return Database(folder, url, busy_seconds)
