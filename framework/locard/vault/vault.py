"""The vault: a folder with a database, a store of files, and the cases in them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from locard.engine.records import FindingRecord
from locard.errors import LocardError, VaultError
from locard.vault import creation, findings, ledger
from locard.vault.canonical import moment, now
from locard.vault.case import Case
from locard.vault.database import BUSY_SECONDS, Database
from locard.vault.errors import (
    AlteredError,
    CaseError,
    as_written,
    in_words,
    locked,
    plain_name,
    read_only,
    unknown,
)
from locard.vault.facts import CaseFacts
from locard.vault.locks import LockedError, file_lock
from locard.vault.manifest import Manifest
from locard.vault.migrations import HEAD
from locard.vault.models import CaseRow, ClosingRow, Identity, LedgerRow
from locard.vault.store import ObjectStore
from locard.vault.validations import Validations

MAX_NAME = 200
_NAMES_TO_COMPARE = 2000
"""How many case names are looked through for one like the one that is not there."""


class Vault:
    """An open vault. Make one with :meth:`open`; use it as a context manager.

    Attributes:
        folder: Where it is.
        scratch: Folder for temporary files, on the file system of the store.
        store: Originals and artifacts, by hash.
        database: Everything else.
        validations: Validation records.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.store = ObjectStore(folder / "objects", self.scratch)
        self.database = database
        self.validations = Validations(database)
        self._held: set[str] = set()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        database: str | None = None,
        create: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> Self:
        """Open a vault.

        Args:
            folder: Its folder.
            database: URL of its PostgreSQL database; None for SQLite in the folder.
            create: Whether to make the vault where there is none.
            busy_seconds: How long to wait for another process's transaction.

        Raises:
            VaultError: It is not there, is not a vault, or cannot be used.
            LocardError: The database's URL is wrong.
        """
        folder = folder.absolute()
        with in_words(folder):
            manifest = Manifest.read(folder)
            if manifest is None and not create:
                raise creation.not_there(folder)
            if manifest is None or not manifest.ready:
                manifest = creation.make(folder, database, busy_seconds)
            vault = cls(folder, creation.open_database(folder, manifest, database, busy_seconds))
            try:
                vault._check(manifest)
            except BaseException:
                vault.close()
                raise
        return vault

    def close(self) -> None:
        """Close the database's connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, manifest: Manifest) -> None:
        for place in (self.folder, self.scratch, self.store.folder, self.folder / "locks"):
            if not place.is_dir():
                raise AlteredError(f"the folder {place} was removed from the vault")
            if not os.access(place, os.W_OK):
                raise read_only(self.folder)
        if self.database.kind == "sqlite" and not os.access(self.database.file, os.W_OK):
            raise read_only(self.folder)
        version = self.database.version()
        if version is None:
            raise creation.no_tables(self.folder)
        if version != HEAD:
            with creation.creation_lock(self.folder):
                self.database.migrate()
        with self.database.reading() as session:
            found = session.scalar(select(Identity.id))
        if found != manifest.id:
            raise VaultError(
                f"the database does not belong to the vault {self.folder}",
                "Give --vault and --database of the same vault.",
            )

    # --- cases ---------------------------------------------------------------------------------

    def create_case(self, name: str, title: str, examiner: str, actor: str) -> CaseFacts:
        """Open a new case.

        Args:
            name: The lab's own number, unique in the vault.
            title: What it is about.
            examiner: Who answers for it.
            actor: Who opens it.

        Raises:
            CaseError: The name is taken, empty or too long, or a text cannot be stored.
        """
        _check_words(name=name, title=title, examiner=examiner, actor=actor)
        if not name.strip() or len(name) > MAX_NAME:
            raise CaseError(f"a case's name has 1 to {MAX_NAME} characters")
        row = CaseRow(
            case_id=str(uuid.uuid4()),
            name=name,
            title=title,
            examiner=examiner,
            created_at=now(),
        )
        with self.database.writing() as session:
            if session.scalar(select(CaseRow.case_id).where(CaseRow.name == name)):
                raise CaseError(f"there is already a case {name!r}", "Choose another name.")
            _insert_case(session, row, actor)
            return _facts(row, None)

    def cases(self, limit: int | None = None, offset: int = 0) -> list[CaseFacts]:
        """Return the cases in the order of their names."""
        query = _case_query().order_by(CaseRow.name).limit(limit).offset(offset)
        with self.database.reading() as session:
            return [_facts(row, closed_at) for row, closed_at in session.execute(query)]

    def case(self, name: str) -> Case:
        """Return the case of this name.

        Raises:
            CaseError: There is none; names the nearest.
        """
        with self.database.reading() as session:
            found = session.execute(_case_query().where(CaseRow.name == name)).first()
            if found is None:
                raise _no_case(session, name)
            return Case(self, _facts(found[0], found[1]))

    def case_id(self, name: str) -> str:
        """Return the identifier of the case of this name; reads nothing else of its row.

        Raises:
            CaseError: There is none; names the nearest.
            AlteredError: The identifier, or the name, is not what was recorded.
        """
        with self.database.reading() as session:
            found = session.scalar(select(CaseRow.case_id).where(CaseRow.name == name))
            if found is None:
                raise _no_case(session, name)
            return plain_name(found, f"the identifier of case {name!r}")

    def ledger_head(self, case_id: str) -> str:
        """Return the hash of the last ledger entry of a case."""
        with self.database.reading() as session:
            return ledger.head(session, case_id).hash

    @contextmanager
    def lock_case(self, name: str) -> Iterator[None]:
        """Keep other processes from adding to a case or examining it.

        The kernel lets go of the lock when the process ends, however it ends. Within one
        :class:`Vault` the lock can be taken again by who holds it.

        Raises:
            CaseError: There is no such case.
            VaultError: Another process holds it; says which and since when.
        """
        case_id = self.case_id(name)
        if case_id in self._held:
            yield
            return
        with ExitStack() as stack:
            try:
                with in_words(self.folder):
                    stack.enter_context(file_lock(self.folder / "locks" / f"{case_id}.lock"))
            except LockedError as error:
                raise locked(f"case {name!r}", error.holder) from None
            self._held.add(case_id)
            stack.callback(self._held.discard, case_id)
            yield

    def cached(self, cache_key: str) -> FindingRecord | None:
        """Return a finding that was recorded under this key and did not fail, or None.

        Its artifacts lie in the store.
        """
        with self.database.reading() as session:
            return findings.cached(session, self.store, cache_key)


def _case_query() -> Select[CaseRow, str]:
    return select(CaseRow, ClosingRow.closed_at).outerjoin(
        ClosingRow, ClosingRow.case_id == CaseRow.case_id
    )


def _no_case(session: Session, name: str) -> LocardError:
    first = select(LedgerRow.case_id, LedgerRow.details).where(LedgerRow.number == 1)
    for case_id, details in session.execute(first.execution_options(yield_per=500)):
        if isinstance(details, dict) and details.get("name") == name:
            return AlteredError(
                f"the row of case {name!r} was altered or removed: its ledger is there, under "
                f"{case_id}, and the table of cases has no such name"
            )
    names = session.scalars(select(CaseRow.name).limit(_NAMES_TO_COMPARE))
    words = [known for known in names if isinstance(known, str)]
    return unknown("case", name, words, "`locard case list` shows the cases there are.")


def _facts(row: CaseRow, closed_at: str | None) -> CaseFacts:
    with as_written(f"the row of case {row.name!r}, or of its closing,"):
        return CaseFacts(
            id=row.case_id,
            name=row.name,
            title=row.title,
            examiner=row.examiner,
            created_at=moment(row.created_at),
            closed_at=None if closed_at is None else moment(closed_at),
        )


def _insert_case(session: Session, row: CaseRow, actor: str) -> None:
    ledger.append(
        session,
        row.case_id,
        actor=actor,
        event="case.created",
        subject="case",
        rows=[row],
        at=row.created_at,
        name=row.name,
        title=row.title,
        examiner=row.examiner,
    )


def _check_words(**words: str) -> None:
    for what, text in words.items():
        if not all(character.isprintable() for character in text):
            raise CaseError(
                f"the {what} {text!r} has characters that cannot be printed",
                "Write it on one line, without control characters.",
            )
