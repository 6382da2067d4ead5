"""An examination: what is still to do, and what was found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from locard.engine.records import ExhibitResult
from locard.errors import VaultError
from locard.vault import exhibits, findings, labels, ledger
from locard.vault.canonical import moment, now
from locard.vault.errors import CaseError, as_written, plain_name
from locard.vault.facts import ExaminationFacts, ExhibitFacts
from locard.vault.models import EndingRow, ExaminationRow, ExhibitRow, ResultRow
from locard.vault.ranges import contains
from locard.vault.validations import RELIED_ON

if TYPE_CHECKING:
    from locard.vault.case import Case

_PAGE = 200


class Examination:
    """One run of a pipeline. :class:`Case` makes them.

    Attributes:
        case: The case.
        number: Running number within the case.
    """

    def __init__(self, case: Case, number: int) -> None:
        self.case = case
        self.number = number
        self._database = case.vault.database

    @property
    def subject(self) -> str:
        """What the ledger calls it."""
        return f"examination {self.number}"

    @property
    def facts(self) -> ExaminationFacts:
        """The examination as it is now."""
        with self._database.reading() as session:
            row = self._row(session)
            ending = session.get(EndingRow, (self.case.id, self.number))
            last = self._last_result(session)
        with as_written(f"row {self.number} of table examinations, or of its ending,"):
            return ExaminationFacts(
                id=plain_name(row.id, f"the identifier of {self.subject}"),
                number=row.number,
                pipeline=_pipeline(row),
                pipeline_sha256=row.pipeline_sha256,
                environment=row.environment,
                actor=row.actor,
                started_at=moment(row.started_at),
                finished_at=moment(ending.finished_at) if ending else None,
                planned=row.planned,
                done=last.ordinal if last else 0,
            )

    def totals(self) -> findings.Totals:
        """Return how often each step has given each outcome so far."""
        with self._database.reading() as session:
            last = self._last_result(session)
            return last.totals if last else {}

    def pending(self, limit: int | None = None) -> Iterator[ExhibitFacts]:
        """Yield the exhibits that have no findings yet, in the order of their labels.

        Findings may be recorded while this is read.

        Args:
            limit: At most so many.
        """
        return islice(self._pending(), limit)

    def _pending(self) -> Iterator[ExhibitFacts]:
        with self._database.reading() as session:
            covered = self._row(session).exhibits
        for first, last in covered:
            after = first - 1
            while page := self._pending_between(after, last):
                yield from page
                after = labels.number(page[-1].label) or last

    def _pending_between(self, after: int, last: int) -> list[ExhibitFacts]:
        done = (
            select(ResultRow.exhibit)
            .where(
                ResultRow.case_id == self.case.id,
                ResultRow.examination == self.number,
                ResultRow.exhibit == ExhibitRow.number,
            )
            .exists()
        )
        query = (
            select(ExhibitRow)
            .where(
                ExhibitRow.case_id == self.case.id,
                ExhibitRow.number > after,
                ExhibitRow.number <= last,
                ~done,
            )
            .order_by(ExhibitRow.number)
            .limit(_PAGE)
        )
        with self._database.reading() as session:
            rows = session.scalars(query).all()
            return exhibits.facts_of(session, self.case.vault.store, rows)

    def record(self, label: str, result: ExhibitResult, actor: str) -> None:
        """Record everything that the examination says of one exhibit: all of it or nothing.

        The artifacts' files move from where they lie into the store.

        Args:
            label: The exhibit.
            result: Its findings.
            actor: Who examines.

        Raises:
            CaseError: The exhibit is not part of the examination or has findings already, the
                examination has finished, or the case is closed.
            VaultError: An artifact is not what its record says, or the vault cannot be written.
        """
        with self._database.writing() as session:
            self.case.change(session)
            self._insert(session, label, result, actor)

    def _insert(self, session: Session, label: str, result: ExhibitResult, actor: str) -> None:
        exhibit = self._expected(session, label, result)
        self._take_artifacts(result)
        row = self._result_row(session, exhibit, result)
        key = (self.case.id, self.number, exhibit.number)
        ledger.append(
            session,
            self.case.id,
            actor=actor,
            event="finding.recorded",
            subject=f"{labels.label(exhibit.number)}, {self.subject}",
            rows=[row, *findings.rows_of(key, result.findings)],
            at=row.recorded_at,
            outcomes={finding.step: finding.outcome.value for finding in result.findings},
        )

    def _expected(self, session: Session, label: str, result: ExhibitResult) -> ExhibitRow:
        self._refuse_finished(session)
        number = labels.number(label)
        row = self._row(session)
        if number is None or not contains(row.exhibits, number):
            raise CaseError(f"exhibit {label} is not part of {self.subject}")
        if session.get(ResultRow, (self.case.id, self.number, number)) is not None:
            raise CaseError(
                f"{self.subject} has findings for exhibit {label} already",
                "Findings are never replaced. Begin another examination to look again.",
            )
        exhibit = session.get_one(ExhibitRow, (self.case.id, number))
        if exhibit.sha256 != result.sha256:
            raise CaseError(f"the findings are not of exhibit {label}: its SHA-256 is another")
        return exhibit

    def _take_artifacts(self, result: ExhibitResult) -> None:
        for finding in result.findings:
            for artifact in finding.artifacts:
                try:
                    self.case.vault.store.take(artifact.path, artifact.sha256)
                except ValueError as error:
                    raise VaultError(
                        f"a file of step {finding.step!r} was altered: {error}"
                    ) from None

    def _result_row(
        self, session: Session, exhibit: ExhibitRow, result: ExhibitResult
    ) -> ResultRow:
        last = self._last_result(session)
        return ResultRow(
            case_id=self.case.id,
            examination=self.number,
            exhibit=exhibit.number,
            ordinal=(last.ordinal if last else 0) + 1,
            totals=findings.add_to_totals(last.totals if last else {}, result.findings),
            width=result.width,
            height=result.height,
            recorded_at=now(),
        )

    def resume(self, actor: str, validations: Mapping[str, str] | None = None) -> None:
        """Note in the ledger that somebody goes on with the examination.

        Args:
            actor: Who.
            validations: Step to hash of the validation record that the rest relies on.

        Raises:
            CaseError: It has finished, or the case is closed.
        """
        with self._database.writing() as session:
            self.case.change(session)
            self._refuse_finished(session)
            last = self._last_result(session)
            details: dict[str, Any] = {"done": last.ordinal if last else 0}
            if validations:
                details[RELIED_ON] = dict(validations)
            ledger.append(
                session,
                self.case.id,
                actor=actor,
                event="examination.resumed",
                subject=self.subject,
                **details,
            )

    def finish(self, actor: str) -> None:
        """Note that every exhibit has its findings.

        Raises:
            CaseError: Some have none yet, it has finished already, or the case is closed.
        """
        with self._database.writing() as session:
            self.case.change(session)
            self._refuse_finished(session)
            last, planned = self._last_result(session), self._row(session).planned
            done = last.ordinal if last else 0
            if done < planned:
                raise CaseError(
                    f"{planned - done} of the {planned} exhibits of {self.subject} have no "
                    "findings yet",
                    "`locard examine CASE --resume` goes on with them.",
                )
            row = EndingRow(
                case_id=self.case.id, examination=self.number, finished_at=now(), actor=actor
            )
            ledger.append(
                session,
                self.case.id,
                actor=actor,
                event="examination.finished",
                subject=self.subject,
                rows=[row],
                at=row.finished_at,
            )

    def _refuse_finished(self, session: Session) -> None:
        if session.get(EndingRow, (self.case.id, self.number)) is not None:
            raise CaseError(f"{self.subject} has finished", "Begin another examination.")

    def _row(self, session: Session) -> ExaminationRow:
        return session.get_one(ExaminationRow, (self.case.id, self.number))

    def _last_result(self, session: Session) -> ResultRow | None:
        # The greatest ordinal, then its row: a lookup that ignores how many rows there are.
        greatest = (
            select(func.max(ResultRow.ordinal))
            .where(ResultRow.case_id == self.case.id, ResultRow.examination == self.number)
            .scalar_subquery()
        )
        return session.scalars(
            select(ResultRow).where(
                ResultRow.case_id == self.case.id,
                ResultRow.examination == self.number,
                ResultRow.ordinal == greatest,
            )
        ).first()


def _pipeline(row: ExaminationRow) -> dict[str, Any]:
    if hashlib.sha256(row.pipeline.encode()).hexdigest() != row.pipeline_sha256:
        raise ValueError("the pipeline does not have the hash that was recorded")
    return dict(json.loads(row.pipeline))
