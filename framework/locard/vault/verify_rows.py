"""Verifies a case's ledger, and its rows against the ledger, both a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from locard.vault import ledger
from locard.vault.facts import Problem
from locard.vault.models import (
    CUSTODY_TABLES,
    Base,
    CaseRow,
    CustodyRow,
    ExhibitRow,
    ImportRow,
    LedgerRow,
    OriginalRow,
    plain_row,
)

_PAGE = 500

_Rows = dict[tuple[str, str], str]
"""Table and key to the hash of the row."""


_UNHASHABLE = "not hashable"
"""In place of the hash of a row into which a tamperer put bytes where text belongs."""


def chain_problems(session: Session, case_id: str, expected_head: str | None) -> Iterator[Problem]:
    """Yield what is wrong with the chain itself.

    Args:
        session: A transaction.
        case_id: The case.
        expected_head: A hash that one of the entries must have.
    """
    before = ledger.start(case_id)
    at = ""
    met_head = expected_head is None
    for page in _pages(session, case_id):
        for entry in page:
            if not isinstance(entry.number, int):  # SQLite lets a tamperer store text here
                yield Problem("added", "ledger", repr(entry.number), "an entry has no number")
                continue
            yield from _link_problems(before, entry)
            yield from _clock_problems(at, entry)
            at = str(entry.at)
            met_head = met_head or entry.hash == expected_head
            before = ledger.Head(entry.number, entry.hash)
    yield from _import_problems(session, case_id)
    if before.number == 0:
        yield Problem("missing", "ledger", "all entries", "the case has no ledger at all")
    if not met_head:
        yield Problem(
            "altered",
            "ledger",
            "head",
            "no entry has the hash that you gave: the ledger was rewritten, or its end cut off, "
            "after that hash was noted",
            {"expected": expected_head, "found": before.hash},
        )


def _import_problems(session: Session, case_id: str) -> Iterator[Problem]:
    imported = session.get(ImportRow, case_id)
    if imported is None:
        return
    entry = session.get(LedgerRow, (case_id, imported.entries))
    if entry is None or entry.hash != imported.head:
        message = "the ledger is not the one that came with the imported bundle"
        yield Problem("altered", "ledger", f"entry {imported.entries}", message)


def _link_problems(before: ledger.Head, entry: LedgerRow) -> Iterator[Problem]:
    subject = f"entry {entry.number}"
    for number in range(before.number + 1, min(entry.number, before.number + _PAGE)):
        yield Problem("missing", "ledger", f"entry {number}", f"ledger entry {number} is missing")
    if entry.number <= before.number:
        yield Problem("added", "ledger", subject, f"ledger {subject} stands before the first")
    elif entry.number == before.number + 1 and entry.previous != before.hash:
        yield Problem(
            "altered", "ledger", subject, f"ledger {subject} does not stand on the one before it"
        )
    if _hash(entry) != entry.hash:
        yield Problem("altered", "ledger", subject, f"ledger {subject} ({entry.event}) was altered")


def _clock_problems(at_before: str, entry: LedgerRow) -> Iterator[Problem]:
    if str(entry.at) < at_before:
        message = (
            f"ledger entry {entry.number} bears an earlier time than the one before it: the "
            "computer's clock was set back between them, or was wrong"
        )
        yield Problem("note", "ledger", f"entry {entry.number}", message)


def _hash(entry: LedgerRow) -> str:
    with suppress(TypeError, ValueError):
        return ledger.entry_hash(plain_row(entry))
    return _UNHASHABLE


def _row_hash(row: CustodyRow) -> str:
    with suppress(TypeError, ValueError):
        return row.row_hash()
    return _UNHASHABLE


def row_problems(session: Session, case_id: str) -> Iterator[Problem]:
    """Yield the rows that differ from what the ledger fixed, are missing, or are in no entry."""
    last = 0
    for page in _pages(session, case_id):
        expected = _covered(page)
        found = _rows_between(session, case_id, last, page[-1].number)
        yield from _differences(expected, found)
        last = page[-1].number
    for table in CUSTODY_TABLES:
        outside = or_(table.entry <= 0, table.entry > last)
        for row in session.scalars(_of_case(table, case_id).where(outside)):
            yield _added(row.__tablename__, row.row_key())


def _differences(expected: _Rows, found: _Rows) -> Iterator[Problem]:
    for (table, key), row_hash in expected.items():
        subject = f"{table} {key}"
        present = found.get((table, key))
        if present is None:
            message = f"row {key} of table {table}, which the ledger fixed, is missing"
            yield Problem("missing", "row", subject, message)
        elif present != row_hash:
            message = f"row {key} of table {table} was altered"
            details = {"recorded": row_hash, "found": present}
            yield Problem("altered", "row", subject, message, details)
    for table, key in found.keys() - expected.keys():
        yield _added(table, key)


def _added(table: str, key: str) -> Problem:
    message = f"row {key} of table {table} is in no ledger entry: it was slipped in"
    return Problem("added", "row", f"{table} {key}", message)


def _covered(page: Sequence[LedgerRow]) -> _Rows:
    rows: _Rows = {}
    for entry in page:
        # An entry that was tampered with may hold anything; its own hash tells on it.
        with suppress(TypeError, ValueError, KeyError):
            for table, key, row_hash in entry.details["rows"]:
                rows[table, key] = row_hash
    return rows


def _rows_between(session: Session, case_id: str, after: int, last: int) -> _Rows:
    """Return what stands under the entries of a page; SQLite lets a tamperer write entry 500.5."""
    rows: _Rows = {}
    for table in CUSTODY_TABLES:
        query = _of_case(table, case_id).where(table.entry > after, table.entry <= last)
        for row in session.scalars(query):
            rows[row.__tablename__, row.row_key()] = _row_hash(row)
    # The next page must not keep this one's rows alive.
    session.expunge_all()
    return rows


def _of_case(table: type[CustodyRow], case_id: str) -> Any:
    return select(table).where(table.metadata.tables[table.__tablename__].c.case_id == case_id)


def _pages(session: Session, case_id: str) -> Iterator[Sequence[LedgerRow]]:
    query = select(LedgerRow).where(LedgerRow.case_id == case_id).order_by(LedgerRow.number)
    page = session.scalars(query.limit(_PAGE)).all()
    while page:
        last = page[-1].number
        yield page
        page = session.scalars(query.where(LedgerRow.number > last).limit(_PAGE)).all()


def orphan_problems(session: Session) -> Iterator[Problem]:
    """Yield what stands in the tables and belongs to no case of the vault."""
    cases = select(CaseRow.case_id)
    tables: tuple[type[Base], ...] = (*CUSTODY_TABLES, ImportRow, LedgerRow)
    for table in tables:
        case_id = table.metadata.tables[table.__tablename__].c.case_id
        for found in session.scalars(select(case_id).distinct().where(case_id.not_in(cases))):
            message = (
                f"table {table.__tablename__} has rows of a case {found!r}, which the table of "
                "cases does not have"
            )
            yield Problem("added", "row", f"{table.__tablename__} {found}", message)
    exhibits = select(ExhibitRow.sha256)
    query = select(OriginalRow.sha256).where(OriginalRow.sha256.not_in(exhibits))
    for sha256 in session.scalars(query):
        message = f"row {sha256} of table originals belongs to no exhibit: it was slipped in"
        yield Problem("added", "row", f"originals {sha256}", message)
