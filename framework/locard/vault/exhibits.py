"""Exhibits as the database has them: counted, listed, found.

Everything goes through an index but the search by name, which reads every name of the case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from locard.vault import labels
from locard.vault.canonical import moment
from locard.vault.errors import CaseError, as_written
from locard.vault.facts import ExhibitFacts
from locard.vault.models import ExhibitRow, NameRow
from locard.vault.store import ObjectStore

_HASH_PREFIX = re.compile(r"[0-9a-f]{6,64}")
_LISTED = 5


def count(session: Session, case_id: str) -> int:
    """Return how many exhibits a case has: they are numbered without gaps and never removed."""
    query = select(func.max(ExhibitRow.number)).where(ExhibitRow.case_id == case_id)
    return session.scalar(query) or 0


def facts_of(
    session: Session, store: ObjectStore, rows: Sequence[ExhibitRow]
) -> list[ExhibitFacts]:
    """Return rows of one case as plain facts, with their names."""
    names: dict[int, list[str]] = {row.number: [] for row in rows}
    if rows:
        query = (
            select(NameRow.exhibit, NameRow.name)
            .where(NameRow.case_id == rows[0].case_id, NameRow.exhibit.in_(names))
            .order_by(NameRow.exhibit, NameRow.position)
        )
        for exhibit, name in session.execute(query):
            names[exhibit].append(name)
    return [_facts(row, names[row.number], store) for row in rows]


def _facts(row: ExhibitRow, names: Iterable[str], store: ObjectStore) -> ExhibitFacts:
    with as_written(f"row {row.row_key()} of table exhibits"):
        return ExhibitFacts(
            label=labels.label(row.number),
            sha256=row.sha256,
            size=row.size,
            names=tuple(names),
            path=store.path(row.sha256),
            format=row.format,
            width=row.width,
            height=row.height,
            added_at=moment(row.added_at),
        )


def find(session: Session, case_id: str, words: str) -> ExhibitRow:
    """Return the exhibit that a label, the beginning of a hash, or a name stands for.

    Args:
        session: A transaction.
        case_id: The case.
        words: What the user wrote. A name is the path under which the exhibit was added, or its
            last part alone.

    Raises:
        CaseError: There is none, or more than one.
    """
    number = labels.number(words)
    if number is not None and (row := session.get(ExhibitRow, (case_id, number))):
        return row
    rows = _by_hash(session, case_id, words.lower()) or _by_name(session, case_id, words)
    if not rows:
        raise CaseError(
            f"there is no exhibit {words!r} in this case",
            "Give a label (E0001), the first six or more digits of a SHA-256, or a name; "
            "`locard exhibit list CASE` shows them.",
        )
    if len(rows) > 1:
        listed = ", ".join(labels.label(row.number) for row in rows[:_LISTED])
        more = ", …" if len(rows) > _LISTED else ""
        raise CaseError(f"{words!r} may be any of {listed}{more}", "Give the label.")
    return rows[0]


def _by_hash(session: Session, case_id: str, prefix: str) -> Sequence[ExhibitRow]:
    if not _HASH_PREFIX.fullmatch(prefix):
        return []
    # "g" follows the last hexadecimal digit: the range is all hashes that begin so.
    query = select(ExhibitRow).where(
        ExhibitRow.case_id == case_id,
        ExhibitRow.sha256 >= prefix,
        ExhibitRow.sha256 < prefix + "g",
    )
    return session.scalars(query.order_by(ExhibitRow.number).limit(_LISTED + 1)).all()


def _by_name(session: Session, case_id: str, name: str) -> Sequence[ExhibitRow]:
    names = select(NameRow.exhibit, NameRow.name).where(NameRow.case_id == case_id)
    exact, last_part = set(), set()
    for exhibit, known in session.execute(names.execution_options(yield_per=1000)):
        if known == name:
            exact.add(exhibit)
        elif PurePath(known).name == name:
            last_part.add(exhibit)
    numbers = sorted(exact or last_part)[: _LISTED + 1]
    query = select(ExhibitRow).where(ExhibitRow.case_id == case_id, ExhibitRow.number.in_(numbers))
    return session.scalars(query.order_by(ExhibitRow.number)).all()
