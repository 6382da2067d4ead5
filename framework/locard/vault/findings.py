"""Findings as rows, and rows as findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from locard.engine.records import ArtifactRecord, FindingRecord
from locard.outcomes import Outcome
from locard.vault import labels, ledger
from locard.vault.canonical import moment
from locard.vault.errors import as_written
from locard.vault.facts import StoredFinding
from locard.vault.models import ArtifactRow, CustodyRow, FindingRow, ResultRow
from locard.vault.store import ObjectStore

Key = tuple[str, int, int]
"""Case, number of the examination, number of the exhibit."""
Totals = Mapping[str, Mapping[str, int]]
"""Step, then outcome, to how often."""


def rows_of(key: Key, findings: Sequence[FindingRecord]) -> Iterator[CustodyRow]:
    """Yield the rows of an exhibit's findings and their artifacts."""
    case_id, examination, exhibit = key
    for position, finding in enumerate(findings, 1):
        yield FindingRow(
            case_id=case_id,
            examination=examination,
            exhibit=exhibit,
            position=position,
            step=finding.step,
            plugin=finding.plugin,
            plugin_version=finding.plugin_version,
            outcome=finding.outcome.value,
            score=None if finding.score is None else float(finding.score),
            cache_key=finding.cache_key,
            body=_body(finding),
        )
        for number, artifact in enumerate(finding.artifacts, 1):
            yield ArtifactRow(
                case_id=case_id,
                examination=examination,
                exhibit=exhibit,
                finding=position,
                position=number,
                kind=artifact.kind,
                name=artifact.name,
                sha256=artifact.sha256,
                size=artifact.size,
                media_type=artifact.media_type,
                geometry=dict(artifact.geometry),
            )


def _body(finding: FindingRecord) -> dict[str, Any]:
    body = {
        "reason": finding.reason,
        "explanation": finding.explanation,
        "regions": [dict(region) for region in finding.regions],
        "measurements": dict(finding.measurements),
        "seconds": finding.seconds,
        "receipt": dict(finding.receipt),
        "reused": finding.reused,
    }
    # Rows from before there were calibrations have no such key, and keep their hashes.
    if finding.likelihood is not None:
        body["likelihood"] = dict(finding.likelihood)
    return body


def add_to_totals(totals: Totals, findings: Iterable[FindingRecord]) -> dict[str, dict[str, int]]:
    """Return the totals with one exhibit's findings counted in."""
    counted = {step: dict(outcomes) for step, outcomes in totals.items()}
    for finding in findings:
        outcomes = counted.setdefault(finding.step, {})
        outcomes[finding.outcome.value] = outcomes.get(finding.outcome.value, 0) + 1
    return counted


def cached(session: Session, store: ObjectStore, cache_key: str) -> FindingRecord | None:
    """Return a finding that was recorded under this key and did not fail, or None.

    Rows that are not those that the ledger covers are not used: what was slipped into one case
    must not find its way into another's ledger.
    """
    row = session.scalars(
        select(FindingRow)
        .where(FindingRow.cache_key == cache_key, FindingRow.outcome != Outcome.FAILED.value)
        .limit(1)
    ).first()
    if row is None:
        return None
    artifacts = session.scalars(
        select(ArtifactRow)
        .where(
            ArtifactRow.case_id == row.case_id,
            ArtifactRow.examination == row.examination,
            ArtifactRow.exhibit == row.exhibit,
            ArtifactRow.finding == row.position,
        )
        .order_by(ArtifactRow.position)
    ).all()
    if not _is_covered(session, row, artifacts):
        return None
    return _record(row, artifacts, store, reused=True)


def _is_covered(session: Session, row: FindingRow, artifacts: Sequence[ArtifactRow]) -> bool:
    """Whether a finding and its artifacts are those that the ledger covers, each and no other."""
    key = row.row_key()
    covered = {
        (table, other, row_hash)
        for table, other, row_hash in ledger.covered(session, row.case_id, row.entry)
        if (table, other) == ("findings", key)
        or (table == "artifacts" and other.startswith(f"{key}/"))
    }
    with suppress(TypeError, ValueError):
        return covered == {(r.__tablename__, r.row_key(), r.row_hash()) for r in (row, *artifacts)}
    return False


def stored(
    session: Session, store: ObjectStore, results: Sequence[ResultRow]
) -> Iterator[StoredFinding]:
    """Yield the findings behind some results of one examination, in the order of the results."""
    rows: dict[int, list[FindingRow]] = defaultdict(list)
    for row in session.scalars(_behind(FindingRow, results).order_by(FindingRow.position)):
        rows[row.exhibit].append(row)
    artifacts: dict[tuple[int, int], list[ArtifactRow]] = defaultdict(list)
    for file in session.scalars(_behind(ArtifactRow, results).order_by(ArtifactRow.position)):
        artifacts[file.exhibit, file.finding].append(file)
    for result in results:
        with as_written(f"row {result.row_key()} of table results"):
            recorded_at = moment(result.recorded_at)
        for row in rows[result.exhibit]:
            yield StoredFinding(
                exhibit=labels.label(result.exhibit),
                examination=result.examination,
                recorded_at=recorded_at,
                finding=_record(row, artifacts[row.exhibit, row.position], store),
            )


def _behind(table: Any, results: Sequence[ResultRow]) -> Any:
    return select(table).where(
        table.case_id == results[0].case_id,
        table.examination == results[0].examination,
        table.exhibit.in_([result.exhibit for result in results]),
    )


def _record(
    row: FindingRow,
    artifacts: Iterable[ArtifactRow],
    store: ObjectStore,
    *,
    reused: bool | None = None,
) -> FindingRecord:
    with as_written(f"row {row.row_key()} of table findings, or of its artifacts,"):
        body = dict(row.body)
        if reused is not None:
            body["reused"] = reused
        return FindingRecord(
            step=row.step,
            plugin=row.plugin,
            plugin_version=row.plugin_version,
            outcome=Outcome(row.outcome),
            score=row.score,
            regions=tuple(body.pop("regions")),
            artifacts=tuple(_artifact(artifact, store) for artifact in artifacts),
            cache_key=row.cache_key,
            **body,
        )


def _artifact(row: ArtifactRow, store: ObjectStore) -> ArtifactRecord:
    return ArtifactRecord(
        kind=row.kind,  # type: ignore[arg-type]  # the column holds what the record held
        name=row.name,
        path=store.path(row.sha256),
        sha256=row.sha256,
        size=row.size,
        media_type=row.media_type,
        geometry=row.geometry,
    )
