"""A case: its exhibits, examinations, findings and ledger."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from locard import intake
from locard.errors import ImageError
from locard.vault import exhibits, findings, labels, ledger
from locard.vault.canonical import now
from locard.vault.errors import CaseError, in_words
from locard.vault.examination import Examination
from locard.vault.facts import (
    AddedExhibit,
    CaseFacts,
    ExhibitFacts,
    LedgerEntry,
    StoredFinding,
)
from locard.vault.models import (
    ClosingRow,
    EndingRow,
    ExaminationRow,
    ExhibitRow,
    LedgerRow,
    NameRow,
    ResultRow,
    insert_original,
)
from locard.vault.ranges import ranges_of
from locard.vault.store import Stored

if TYPE_CHECKING:
    from locard.vault.vault import Vault

_PAGE = 200


class Case:
    """A case of an open vault. :meth:`Vault.case` makes them.

    Attributes:
        vault: The vault.
        facts: The case's own data as they were when it was opened.
    """

    def __init__(self, vault: Vault, facts: CaseFacts) -> None:
        self.vault = vault
        self.facts = facts

    @property
    def id(self) -> str:
        """Identifier that no two cases anywhere share."""
        return self.facts.id

    def change(self, session: Session) -> None:
        """Begin a change within a writing transaction: keep others out, refuse a closed case.

        Raises:
            CaseError: The case is closed.
        """
        ledger.hold(session, self.id)
        self._refuse_closed(session)

    def _refuse_closed(self, session: Session) -> None:
        closing = session.get(ClosingRow, self.id)
        if closing is not None:
            raise CaseError(
                f"case {self.facts.name!r} was closed on {closing.closed_at[:10]}",
                "A closed case can be shown, verified, replayed, reported and exported. Open a "
                "new case for further work.",
            )

    def close(self, actor: str) -> None:
        """Close the case for good.

        Raises:
            CaseError: It is closed already.
            VaultError: Another process works on it.
        """
        with self.vault.lock_case(self.facts.name), self.vault.database.writing() as session:
            self.change(session)
            at = now()
            row = ClosingRow(case_id=self.id, closed_at=at, actor=actor)
            ledger.append(
                session,
                self.id,
                actor=actor,
                event="case.closed",
                subject="case",
                rows=[row],
                at=at,
            )
        self.facts = replace(self.facts, closed_at=datetime.fromisoformat(at))

    # --- exhibits ------------------------------------------------------------------------------

    def add(
        self, paths: Iterable[str | Path], *, actor: str, everything: bool = False
    ) -> Iterator[AddedExhibit]:
        """Put files under custody, one after the other.

        Args:
            paths: Files, folders (with all below them) and glob patterns. Files are taken
                whatever they hold.
            actor: Who adds them.
            everything: Whether to take every file of a folder, not just images.

        Yields:
            What became of each file, as soon as it is safe.

        Raises:
            CaseError: The case is closed.
            VaultError: Another process works on the case, or the vault cannot be written.
        """
        with self.vault.lock_case(self.facts.name):
            with self.vault.database.reading() as session:
                self._refuse_closed(session)
            for source in intake.find(paths, everything=everything):
                if source.status == "file":
                    yield self._add_file(source, actor)
                else:
                    yield AddedExhibit(source.name, source.status, message=source.message)

    def _add_file(self, source: intake.Source, actor: str) -> AddedExhibit:
        try:
            stored = self._keep(source.name)
        except intake.SourceError as error:
            return AddedExhibit(source.name, "refused", message=str(error))
        header = _header_of(self.vault.store.path(stored.sha256))
        with self.vault.database.writing() as session:
            self.change(session)
            status, row = self._insert(session, source.name, stored, header, actor)
            facts = exhibits.facts_of(session, self.vault.store, [row])[0]
        return AddedExhibit(source.name, status, facts, source.message)

    def _keep(self, name: str) -> Stored:
        with in_words(self.vault.folder), self.vault.store.stage() as staged:
            for chunk in intake.read(name):
                staged.write(chunk)
            return staged.keep()

    def _insert(
        self,
        session: Session,
        name: str,
        stored: Stored,
        header: Mapping[str, Any],
        actor: str,
    ) -> tuple[Literal["added", "known", "unchanged"], ExhibitRow]:
        row = session.scalars(
            select(ExhibitRow).where(
                ExhibitRow.case_id == self.id, ExhibitRow.sha256 == stored.sha256
            )
        ).first()
        if row is None:
            return "added", self._insert_exhibit(session, name, stored, header, actor)
        names = session.scalars(
            select(NameRow.name).where(NameRow.case_id == self.id, NameRow.exhibit == row.number)
        ).all()
        if name in names:
            return "unchanged", row
        ledger.append(
            session,
            self.id,
            actor=actor,
            event="exhibit.named",
            subject=labels.label(row.number),
            rows=[self._name_row(row.number, len(names) + 1, name)],
            source=_absolute(name),
        )
        return "known", row

    def _insert_exhibit(
        self,
        session: Session,
        name: str,
        stored: Stored,
        header: Mapping[str, Any],
        actor: str,
    ) -> ExhibitRow:
        insert_original(session, stored.sha256, stored.size)
        row = ExhibitRow(
            case_id=self.id,
            number=exhibits.count(session, self.id) + 1,
            sha256=stored.sha256,
            size=stored.size,
            added_at=now(),
            **header,
        )
        ledger.append(
            session,
            self.id,
            actor=actor,
            event="exhibit.added",
            subject=labels.label(row.number),
            rows=[row, self._name_row(row.number, 1, name)],
            at=row.added_at,
            sha256=row.sha256,
            size=row.size,
            source=_absolute(name),
        )
        return row

    def _name_row(self, exhibit: int, position: int, name: str) -> NameRow:
        return NameRow(case_id=self.id, exhibit=exhibit, position=position, name=name)

    def exhibit_count(self) -> int:
        """Return how many exhibits the case has."""
        with self.vault.database.reading() as session:
            return exhibits.count(session, self.id)

    def exhibits(self, limit: int | None = None, offset: int = 0) -> list[ExhibitFacts]:
        """Return exhibits in the order of their labels."""
        query = (
            select(ExhibitRow)
            .where(ExhibitRow.case_id == self.id, ExhibitRow.number > offset)
            .order_by(ExhibitRow.number)
            .limit(limit)
        )
        with self.vault.database.reading() as session:
            return exhibits.facts_of(session, self.vault.store, session.scalars(query).all())

    def exhibit(self, words: str) -> ExhibitFacts:
        """Return the exhibit that a label, the beginning of a hash, or a name stands for.

        Raises:
            CaseError: There is none, or more than one.
        """
        with self.vault.database.reading() as session:
            row = exhibits.find(session, self.id, words)
            return exhibits.facts_of(session, self.vault.store, [row])[0]

    # --- examinations --------------------------------------------------------------------------

    def begin_examination(
        self,
        pipeline_json: str,
        pipeline_sha256: str,
        environment: Mapping[str, Any],
        exhibits: Sequence[str] | None,
        actor: str,
    ) -> Examination:
        """Begin an examination.

        Args:
            pipeline_json: The whole pipeline, as :meth:`Pipeline.to_json` writes it.
            pipeline_sha256: Its hash.
            environment: Software versions, models and hardware.
            exhibits: Labels of the exhibits to examine; None for all there are.
            actor: Who begins it.

        Raises:
            CaseError: The case is closed, has no exhibits, or not one of these.
            ValueError: The hash is not that of the pipeline.
        """
        if hashlib.sha256(pipeline_json.encode()).hexdigest() != pipeline_sha256:
            raise ValueError("pipeline_sha256 is not the hash of pipeline_json")
        with self.vault.database.writing() as session:
            self.change(session)
            covered = ranges_of(self._numbers(session, exhibits))
            row = ExaminationRow(
                case_id=self.id,
                number=_last_number(session, self.id) + 1,
                id=str(uuid.uuid4()),
                pipeline=pipeline_json,
                pipeline_sha256=pipeline_sha256,
                environment=dict(environment),
                exhibits=covered,
                planned=sum(last - first + 1 for first, last in covered),
                actor=actor,
                started_at=now(),
            )
            ledger.append(
                session,
                self.id,
                actor=actor,
                event="examination.started",
                subject=f"examination {row.number}",
                rows=[row],
                at=row.started_at,
                pipeline_sha256=pipeline_sha256,
                exhibits=covered,
            )
            return Examination(self, row.number)

    def _numbers(self, session: Session, wanted: Sequence[str] | None) -> Iterable[int]:
        count = exhibits.count(session, self.id)
        numbers = range(1, count + 1) if wanted is None else [labels.number(w) for w in wanted]
        for number, word in zip(numbers, wanted or (), strict=False):
            if number is None or not 1 <= number <= count:
                raise CaseError(
                    f"there is no exhibit {word!r} in case {self.facts.name!r}",
                    "`locard exhibit list CASE` shows the labels.",
                )
        if not numbers:
            raise CaseError(
                f"case {self.facts.name!r} has no exhibits to examine",
                "Add photographs with `locard exhibit add CASE FILES…`.",
            )
        return [number for number in numbers if number is not None]

    def examinations(self) -> list[Examination]:
        """Return all examinations, in order."""
        query = select(ExaminationRow.number).where(ExaminationRow.case_id == self.id)
        with self.vault.database.reading() as session:
            numbers = session.scalars(query.order_by(ExaminationRow.number)).all()
        return [Examination(self, number) for number in numbers]

    def examination(self, number: int) -> Examination:
        """Return the examination of this number.

        Raises:
            CaseError: There is none.
        """
        with self.vault.database.reading() as session:
            if session.get(ExaminationRow, (self.id, number)) is None:
                raise CaseError(
                    f"case {self.facts.name!r} has no examination {number}",
                    f"`locard case show {self.facts.name}` lists them.",
                )
        return Examination(self, number)

    def open_examination(self) -> Examination | None:
        """Return the last examination that did not finish, or None."""
        query = (
            select(ExaminationRow.number)
            .outerjoin(
                EndingRow,
                (EndingRow.case_id == ExaminationRow.case_id)
                & (EndingRow.examination == ExaminationRow.number),
            )
            .where(ExaminationRow.case_id == self.id, EndingRow.examination.is_(None))
            .order_by(ExaminationRow.number.desc())
            .limit(1)
        )
        with self.vault.database.reading() as session:
            number = session.scalar(query)
        return None if number is None else Examination(self, number)

    def findings(
        self, examination: int | None = None, exhibit: str | None = None
    ) -> Iterator[StoredFinding]:
        """Yield findings by examination, exhibit and step.

        Args:
            examination: Number of the examination; None for all.
            exhibit: Label of the exhibit; None for all.
        """
        wanted = None if exhibit is None else labels.number(exhibit)
        for one in [examination] if examination else [e.number for e in self.examinations()]:
            after = 0 if wanted is None else wanted - 1
            while page := self._findings_after(one, after, wanted):
                yield from page
                after = labels.number(page[-1].exhibit) or 0

    def _findings_after(
        self, examination: int, after: int, wanted: int | None
    ) -> list[StoredFinding]:
        query = select(ResultRow).where(
            ResultRow.case_id == self.id,
            ResultRow.examination == examination,
            ResultRow.exhibit > after,
        )
        if wanted is not None:
            query = query.where(ResultRow.exhibit == wanted)
        with self.vault.database.reading() as session:
            results = session.scalars(query.order_by(ResultRow.exhibit).limit(_PAGE)).all()
            if not results:
                return []
            return list(findings.stored(session, self.vault.store, results))

    # --- ledger --------------------------------------------------------------------------------

    def ledger(self, limit: int | None = None, offset: int = 0) -> list[LedgerEntry]:
        """Return ledger entries in order."""
        query = (
            select(LedgerRow)
            .where(LedgerRow.case_id == self.id, LedgerRow.number > offset)
            .order_by(LedgerRow.number)
            .limit(limit)
        )
        with self.vault.database.reading() as session:
            return [ledger.facts(row) for row in session.scalars(query)]

    @property
    def ledger_head(self) -> str:
        """Hash of the last entry: who has it can prove later that nothing before was rewritten."""
        return self.vault.ledger_head(self.id)


def _last_number(session: Session, case_id: str) -> int:
    query = select(func.max(ExaminationRow.number)).where(ExaminationRow.case_id == case_id)
    return session.scalar(query) or 0


def _absolute(name: str) -> str:
    return os.path.abspath(name)  # noqa: PTH100  (a Path would not keep the spelling)


def _header_of(path: Path) -> dict[str, Any]:
    from locard.image import read_header

    with suppress(ImageError):
        header = read_header(path)
        return {"format": header.format, "width": header.width, "height": header.height}
    return {"format": None, "width": None, "height": None}
