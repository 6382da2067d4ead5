"""The hash-chained log of a case.

Each entry's hash covers its number, time, actor, event, subject, details and the hash of the entry
before; the first entry stands on the SHA-256 of the case's identifier. ``details["rows"]`` holds
table, key and hash of every row that was written together with the entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from locard.vault.canonical import canonical_json, moment, now, sha256_of
from locard.vault.errors import as_written
from locard.vault.facts import LedgerEntry
from locard.vault.models import CUSTODY_TABLES, CaseRow, CustodyRow, LedgerRow, plain_row

HASHED = ("number", "at", "actor", "event", "subject", "details", "previous")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: number of the last entry (0 for none) and its hash."""

    number: int
    hash: str


def start(case_id: str) -> Head:
    """Return what the first entry of a case stands on."""
    return Head(0, sha256_of(case_id))


def entry_hash(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry from its fields; fields that are not hashed are ignored."""
    return sha256_of(canonical_json({field: entry[field] for field in HASHED}))


def head(session: Session, case_id: str) -> Head:
    """Return the end of a case's chain."""
    last = session.execute(
        select(LedgerRow.number, LedgerRow.hash)
        .where(LedgerRow.case_id == case_id)
        .order_by(LedgerRow.number.desc())
        .limit(1)
    ).first()
    return Head(last.number, last.hash) if last else start(case_id)


def hold(session: Session, case_id: str) -> None:
    """Keep every other writer from the case's chain until the transaction ends.

    SQLite has one writer at a time anyway; PostgreSQL locks the case's row.
    """
    session.execute(
        select(CaseRow.case_id).where(CaseRow.case_id == case_id).with_for_update()
    ).one_or_none()


def append(
    session: Session,
    case_id: str,
    *,
    actor: str,
    event: str,
    subject: str,
    rows: Iterable[CustodyRow] = (),
    at: str | None = None,
    **details: Any,
) -> LedgerRow:
    """Write rows and the entry that covers them.

    Args:
        session: A writing transaction that holds the case's chain.
        case_id: The case.
        actor: Who.
        event: What.
        subject: About what.
        rows: New rows.
        at: When; the present moment if not given.
        **details: What else the entry fixes.

    Returns:
        The entry.
    """
    last = head(session, case_id)
    covered = _insert(session, rows, last.number + 1)
    entry = LedgerRow(
        case_id=case_id,
        number=last.number + 1,
        at=at or now(),
        actor=actor,
        event=event,
        subject=subject,
        details={**details, "rows": covered},
        previous=last.hash,
    )
    entry.hash = entry_hash(plain_row(entry))
    session.add(entry)
    session.flush()
    return entry


def _insert(session: Session, rows: Iterable[CustodyRow], number: int) -> list[list[str]]:
    by_table: dict[type[CustodyRow], list[CustodyRow]] = {}
    for row in rows:
        row.entry = number
        by_table.setdefault(type(row), []).append(row)
    covered = []
    for table in CUSTODY_TABLES:
        of_table = by_table.get(table, [])
        covered += [[table.__tablename__, row.row_key(), row.row_hash()] for row in of_table]
        session.add_all(of_table)
        # Models without relationships: the session itself does not know which table comes first.
        session.flush()
    return covered


def covered(session: Session, case_id: str, number: int) -> set[tuple[str, str, str]]:
    """Return table, key and hash of the rows that an entry covers.

    Nothing where the entry does not stand in the chain: it has another hash than its own, or the
    one after it stands on another.
    """
    entry = session.get(LedgerRow, (case_id, number))
    after = session.get(LedgerRow, (case_id, number + 1))
    if entry is None or (after is not None and after.previous != entry.hash):
        return set()
    with suppress(KeyError, TypeError, ValueError):
        if entry_hash(plain_row(entry)) == entry.hash:
            return {(table, key, row_hash) for table, key, row_hash in entry.details["rows"]}
    return set()


def facts(row: LedgerRow) -> LedgerEntry:
    """Return an entry as a plain fact."""
    with as_written(f"ledger entry {row.number}"):
        return LedgerEntry(
            number=row.number,
            at=moment(row.at),
            actor=row.actor,
            event=row.event,
            subject=row.subject,
            details=row.details,
            previous=row.previous,
            hash=row.hash,
        )
