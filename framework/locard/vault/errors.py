"""Errors of the operating system and the database, put into words."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from locard.errors import ExitCode, LocardError, VaultError


class CaseError(LocardError):
    """A case, exhibit or examination is not there, or does not allow what was asked of it."""


class BundleError(LocardError):
    """A bundle cannot be written, or is not what it says."""

    exit_code = ExitCode.ATTENTION


class AlteredError(VaultError):
    """Something in the vault is not what Locard wrote there."""

    exit_code = ExitCode.ATTENTION

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            "`locard case verify CASE` names everything that is not as it was recorded. Restore it "
            "from a backup, or import the case from its bundle.",
        )


def unknown(kind: str, name: str, known: Iterable[str], where: str) -> CaseError:
    """Return the error for a name that is not there, with the nearest one that is."""
    near = get_close_matches(name, list(known), n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return CaseError(f"there is no {kind} {name!r}", f"{hint}{where}")


@contextmanager
def as_written(what: str) -> Iterator[None]:
    """Turn what goes wrong with a row that Locard did not write so into :class:`AlteredError`.

    Args:
        what: The row, in words.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AlteredError(f"{what} was altered and cannot be read: {error}") from None


def plain_name(text: str, what: str) -> str:
    """Return a text out of the database that is to name a file, if it names one and no more.

    A tamperer's identifier could lead out of the folder, to files that are none of the vault's.

    Args:
        text: The text.
        what: What it is, in words.

    Raises:
        AlteredError: It is not the plain name of a file.
    """
    if not isinstance(text, str) or not re.fullmatch(r"[0-9A-Za-z-]{1,80}", text):
        raise AlteredError(f"{what} was altered: it is {text!r}")
    return text


@contextmanager
def in_words(vault: Path) -> Iterator[None]:
    """Turn database and operating-system errors into :class:`VaultError`.

    Args:
        vault: The vault's folder, which the message names.
    """
    try:
        yield
    except DBAPIError as error:
        raise _from_database(vault, error) from error
    except OSError as error:
        raise _from_system(vault, error) from error


def read_only(vault: Path) -> VaultError:
    """Return the error for a vault that cannot be written."""
    return VaultError(
        f"the vault {vault} is read-only",
        "Locard writes to a vault even to read it (lock files, SQLite's journal): make the folder "
        "writable for you, or copy it to where you may write and use the copy.",
    )


def locked(name: str, holder: dict[str, object]) -> VaultError:
    """Return the error for a lock that another process holds.

    Args:
        name: What is locked, as a sentence begins with it: "case '2026-1'", "the vault …".
        holder: What the process wrote about itself.
    """
    who = f"process {holder['pid']} on {holder['host']}" if holder else "another process"
    since = f" since {holder['since']}" if holder else ""
    return VaultError(
        f"{name} is in use by {who}{since}",
        "Wait until that command has finished; a process that dies lets go by itself.",
    )


def _full(vault: Path) -> VaultError:
    return VaultError(
        f"the disk that holds the vault {vault} is full",
        "What was recorded is kept. Make room, then run the same command again.",
    )


def _busy(vault: Path) -> VaultError:
    return VaultError(
        f"the database of the vault {vault} is locked by another process",
        "Wait until the other command has finished, then run this one again.",
    )


def _damaged(vault: Path, detail: str) -> VaultError:
    return VaultError(
        f"the database of the vault {vault} is damaged: {detail}",
        "Nothing was changed. Restore vault.db from a backup, or import the cases from their "
        "exported bundles into a new vault; the originals under objects/ are still good.",
    )


# SQLite's extended codes are the primary name with a suffix: SQLITE_BUSY_SNAPSHOT, …
# PostgreSQL's are SQLSTATE: lock not available, disk full, read-only transaction.
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03")
_FULL = ("SQLITE_FULL", "53100")
_READ_ONLY = ("SQLITE_READONLY", "25006")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def _from_database(vault: Path, error: DBAPIError) -> VaultError:
    cause = error.orig
    code = str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")
    if code.startswith(_BUSY):
        return _busy(vault)
    if code.startswith(_FULL):
        return _full(vault)
    if code.startswith(_READ_ONLY):
        return read_only(vault)
    if code.startswith(_DAMAGED):
        return _damaged(vault, str(cause))
    return VaultError(
        f"the database of the vault {vault} cannot be used: {cause}",
        "Nothing of the step that failed was recorded. Check that the database is there and that "
        "you may read and write it, then run the same command again.",
    )


def _from_system(vault: Path, error: OSError) -> VaultError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(vault)
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return read_only(vault)
    return VaultError(
        f"the vault {vault} cannot be used: {error.strerror}: {error.filename or vault}",
        "Check the folder and its disk, then run the same command again.",
    )
