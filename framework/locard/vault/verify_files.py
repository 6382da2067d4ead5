"""Verifies the files behind a case: every byte of originals and artifacts, and what is stray."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from locard.vault import labels
from locard.vault.database import Database
from locard.vault.facts import Problem
from locard.vault.models import ArtifactRow, ExhibitRow, OriginalRow
from locard.vault.store import ObjectStore

_PAGE = 500
_WRITE_BITS = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def original_problems(session: Session, store: ObjectStore, case_id: str) -> Iterator[Problem]:
    """Yield the originals of a case that are not what was put under custody."""
    query = (
        select(ExhibitRow.number, ExhibitRow.sha256, ExhibitRow.size, OriginalRow.size)
        .outerjoin(OriginalRow, OriginalRow.sha256 == ExhibitRow.sha256)
        .where(ExhibitRow.case_id == case_id)
        .order_by(ExhibitRow.number)
        .execution_options(yield_per=_PAGE)
    )
    for number, sha256, size, original_size in session.execute(query):
        subject = labels.label(number)
        if original_size is None:
            message = f"the row of the original of exhibit {subject} is missing"
            yield Problem("missing", "row", f"originals {sha256}", message)
        elif original_size != size:
            message = f"the row of the original of exhibit {subject} was altered"
            yield Problem("altered", "row", f"originals {sha256}", message)
        yield from _file_problems(store, "original", subject, f"exhibit {subject}", sha256)


def artifact_problems(session: Session, store: ObjectStore, case_id: str) -> Iterator[Problem]:
    """Yield the artifacts of a case that are not what was recorded, each file once."""
    query = (
        select(ArtifactRow.sha256, ArtifactRow.exhibit, ArtifactRow.examination, ArtifactRow.name)
        .where(ArtifactRow.case_id == case_id)
        .order_by(ArtifactRow.sha256)
        .execution_options(yield_per=_PAGE)
    )
    for sha256, rows in groupby(session.execute(query), key=lambda row: str(row[0])):
        _, exhibit, examination, name = next(rows)
        owner = f"{name!r} of exhibit {labels.label(exhibit)}, examination {examination}"
        yield from _file_problems(store, "artifact", sha256, owner, sha256)


def _file_problems(
    store: ObjectStore, what: Literal["original", "artifact"], subject: str, owner: str, sha256: str
) -> Iterator[Problem]:
    try:
        found = store.sha256(sha256)
    except OSError as error:
        message = f"the {what} of {owner} cannot be read: {error.strerror}"
        yield Problem("missing", what, subject, message)
        return
    if found is None:
        message = f"the {what} of {owner} is missing from the store"
        yield Problem("missing", what, subject, message, {"sha256": sha256})
    elif found != sha256:
        message = f"the {what} of {owner} was altered"
        yield Problem("altered", what, subject, message, {"recorded": sha256, "found": found})


def stray_problems(database: Database, store: ObjectStore) -> Iterator[Problem]:
    """Yield the files of the store that belong to no case of the vault.

    The rows are looked up after the files are listed, each time in a transaction of its own: what
    an examination adds meanwhile is not a stray.
    """
    writable = 0
    for _, group in groupby(store.files(), key=lambda file: file[1].parent):
        files = list(group)
        with database.reading() as session:
            known = _known(session, [sha256 for sha256, _ in files if sha256 is not None])
        for sha256, path in files:
            if sha256 is None or sha256 not in known:
                yield _stray(store, sha256, path)
            elif path.lstat().st_mode & _WRITE_BITS and not path.is_symlink():
                writable += 1
    if writable:
        message = (
            f"{writable} files under objects/ may be written to, which Locard does not allow: "
            "somebody changed that, or the vault was copied to where such marks are not kept"
        )
        yield Problem("note", "file", "objects", message)


def _stray(store: ObjectStore, sha256: str | None, path: Path) -> Problem:
    subject = str(path.relative_to(store.folder))
    if sha256 is not None and _is_whole(store, sha256):
        message = (
            f"objects/{subject} is whole and belongs to no exhibit or finding: a command is just "
            "adding it, or was interrupted; the same command, run again, takes it up"
        )
        return Problem("note", "file", subject, message)
    message = f"objects/{subject} is nothing that Locard put there"
    return Problem("added", "file", subject, message)


def _is_whole(store: ObjectStore, sha256: str) -> bool:
    with suppress(OSError):
        return store.sha256(sha256) == sha256
    return False


def _known(session: Session, hashes: list[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(hashes), _PAGE):
        some = hashes[start : start + _PAGE]
        for column in (OriginalRow.sha256, ArtifactRow.sha256):
            known.update(session.scalars(select(column).where(column.in_(some))))
    return known


def leftovers(scratch: Path) -> Iterable[Problem]:
    """Yield what lies in the folder for temporary files."""
    for path in sorted(scratch.iterdir()):
        message = (
            f"scratch/{path.name} is a temporary file of a command that is running or was "
            "interrupted; it belongs to no case and may be removed when nothing runs"
        )
        yield Problem("note", "file", f"scratch/{path.name}", message)
