"""The validation records of a vault: kept for good, each under its hash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from locard.canonical import sha256_of
from locard.evaluation.validation.methods import Method, changes
from locard.evaluation.validation.record import RecordError, ValidationRecord
from locard.vault.errors import AlteredError, BundleError, CaseError
from locard.vault.facts import Problem
from locard.vault.models import ExaminationRow, Identity, LedgerRow, ValidationRow

if TYPE_CHECKING:
    from locard.vault.database import Database

RELIED_ON = "validations"
"""Key in an examination's environment, and in the ledger entry of its resumption: step to hash of
the validation record that it relied on."""

_HASH = re.compile(r"[0-9a-f]{64}")


class Validations:
    """Validation records of an open vault. :attr:`Vault.validations` makes it.

    Records that came with an imported case are kept as well, for the case that relied on them; only
    records that were made in this vault say that a method is validated here.

    Args:
        database: The vault's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def vault_id(self) -> str:
        """Identifier of the vault, which its own records bear."""
        with self._database.reading() as session:
            return session.scalars(select(Identity.id)).one()

    def add(self, record: ValidationRecord, results: str) -> str:
        """Keep a record and the evaluation that it rests on.

        Args:
            record: The record.
            results: Text of the evaluation's ``results.json``.

        Returns:
            The record's hash.

        Raises:
            ValueError: The results do not have the hash that the record says.
            CaseError: The vault has the record already.
        """
        if sha256_of(results) != record.results_sha256:
            raise ValueError("the results do not have the hash in the record")
        with self._database.writing() as session:
            if session.get(ValidationRow, record.sha256) is not None:
                raise CaseError(f"validation record {record.sha256} is in the vault already")
            session.add(ValidationRow(sha256=record.sha256, record=record.text, results=results))
        return record.sha256

    def list(self) -> list[ValidationRecord]:
        """Return all records, the oldest first.

        Raises:
            AlteredError: A record is not what was recorded.
        """
        with self._database.reading() as session:
            rows = session.execute(select(ValidationRow.sha256, ValidationRow.record)).all()
        records = [_parsed(sha256, text) for sha256, text in rows]
        return sorted(records, key=lambda record: (record.created, record.sha256))

    def get(self, sha256: str) -> tuple[ValidationRecord, str]:
        """Return a record and the text of the evaluation that it rests on.

        Args:
            sha256: Its hash, or the beginning of it.

        Raises:
            CaseError: There is none, or more than one.
            AlteredError: The record, or its evaluation, is not what was recorded.
        """
        begins = ValidationRow.sha256.startswith(sha256.lower(), autoescape=True)
        with self._database.reading() as session:
            rows = session.scalars(select(ValidationRow).where(begins).limit(2)).all()
            if len(rows) != 1:
                raise CaseError(
                    f"{'no' if not rows else 'more than one'} validation record begins with "
                    f"{sha256!r}",
                    "`locard plugin validations` lists them.",
                )
            record, results = _parsed(rows[0].sha256, rows[0].record), rows[0].results
        if sha256_of(results) != record.results_sha256:
            raise AlteredError(f"the results behind validation record {record.sha256} were altered")
        return record, results

    def valid_for(self, method: Method) -> ValidationRecord | None:
        """Return the newest record by which a method is validated in this vault, or None.

        Args:
            method: Plugin, version, parameters, models, and those of its input.

        Raises:
            AlteredError: A record is not what was recorded.
        """
        own = self.vault_id
        records = self.list()
        for record in reversed(records):
            same = record.vault == own and not changes(record.method, method)
            if same and record.validated and not failed_since(record, records):
                return record
        return None


def failed_since(record: ValidationRecord, records: Iterable[ValidationRecord]) -> tuple[str, ...]:
    """Return which later records take back what a record says, a phrase each.

    They are of the same method and requirements, made in the same vault, rest on as many images or
    more, and say that a requirement is not fulfilled: after an upgrade of a library, or on images
    that were added. A trial on fewer images takes nothing back.

    Args:
        record: A record.
        records: Those of the vault.
    """
    return tuple(
        f"record {later.sha256[:16]} of {later.created[:10]} does not fulfil the same requirements"
        for later in records
        if later.created > record.created
        and not later.validated
        and later.vault == record.vault
        and later.requirements_sha256 == record.requirements_sha256
        and later.dataset.images >= record.dataset.images
        and not changes(record.method, later.method)
    )


def checked_row(sha256: str, read: Callable[[str], str]) -> ValidationRow:
    """Return the row of a record from elsewhere.

    Args:
        sha256: The record's hash.
        read: Returns the text that has a hash: the record's, and that of its results.

    Raises:
        BundleError: A text is not there, or does not have its hash.
    """
    text = read(sha256)
    try:
        record = ValidationRecord.parse(text, sha256)
    except RecordError as error:
        raise BundleError(error.message) from None
    results = read(record.results_sha256)
    if sha256_of(results) != record.results_sha256:
        raise BundleError(f"the results behind validation record {sha256[:16]} were altered")
    return ValidationRow(sha256=sha256, record=text, results=results)


def refuse_pretended(session: Session, row: ValidationRow) -> None:
    """Raise where a record from elsewhere says that it was made in this vault, and is not in it.

    Everybody who got a bundle knows the vault's identifier, and could write himself a record by
    which a method is validated here.

    Args:
        session: A transaction in this vault.
        row: Of the record, as :func:`checked_row` returned it.

    Raises:
        BundleError: It is such a record.
    """
    own = session.scalars(select(Identity.id)).one()
    if (
        session.get(ValidationRow, row.sha256) is None
        and _parsed(row.sha256, row.record).vault == own
    ):
        raise BundleError(
            f"validation record {row.sha256[:16]} says that it was made in this vault, which does "
            "not have it",
            "Nothing was imported. If it was made in a copy of this vault, import the case into a "
            "vault of its own.",
        )


def _parsed(sha256: str, text: str) -> ValidationRecord:
    try:
        return ValidationRecord.parse(text, sha256)
    except (AttributeError, RecordError) as error:
        # Text that is none is for SQLite no obstacle; the error has no words for it.
        words = error.message if isinstance(error, RecordError) else f"record {sha256!r} is no text"
        raise AlteredError(words) from None


def relied_on(session: Session, case_id: str) -> Iterator[str]:
    """Yield the hashes of the records that the examinations of a case relied on, each once.

    Args:
        session: A transaction.
        case_id: The case.
    """
    seen: set[str] = set()
    environments = select(ExaminationRow.environment).where(ExaminationRow.case_id == case_id)
    resumed = select(LedgerRow.details).where(
        LedgerRow.case_id == case_id, LedgerRow.event == "examination.resumed"
    )
    for query in (environments, resumed):
        for noted in session.scalars(query):
            # What was tampered with may be anything; its own hash tells on it.
            with suppress(AttributeError, TypeError):
                hashes = noted.get(RELIED_ON, {}).values()
                seen.update(filter(_HASH.fullmatch, hashes))
    yield from sorted(seen)


def validation_problems(session: Session, case_id: str) -> Iterator[Problem]:
    """Yield the records that are not what was recorded, and those that a case misses."""
    present = set()
    for row in session.scalars(select(ValidationRow).execution_options(yield_per=20)):
        present.add(row.sha256)
        yield from _row_problems(row)
    for sha256 in relied_on(session, case_id):
        if sha256 not in present:
            message = f"validation record {sha256}, which the case relied on, is missing"
            yield Problem("missing", "row", f"validations {sha256}", message)


def _row_problems(row: ValidationRow) -> Iterator[Problem]:
    subject = f"validations {row.sha256}"
    try:
        record = _parsed(row.sha256, row.record)
    except AlteredError as error:
        yield Problem("altered", "row", subject, error.message)
        return
    if not isinstance(row.results, str) or sha256_of(row.results) != record.results_sha256:
        message = f"the results behind validation record {row.sha256} were altered"
        yield Problem("altered", "row", subject, message)
