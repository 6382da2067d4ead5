"""The first tables, each append-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from locard.vault.migrations import append_only

revision = "0001"
down_revision = None

OUTCOMES = "'detected', 'not_detected', 'inconclusive', 'not_applicable', 'failed'"
CASE, EXHIBIT, EXAMINATION = ("cases.case_id",), ("case_id", "exhibit"), ("case_id", "examination")
EXHIBIT_KEY = ("exhibits.case_id", "exhibits.number")
EXAMINATION_KEY = ("examinations.case_id", "examinations.number")
RESULT = ("case_id", "examination", "exhibit")
FINDING = (*RESULT, "finding")


def upgrade() -> None:
    """Create the tables, their indexes and their triggers."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(append_only.postgresql_function())
    _create_vault()
    _create_cases()
    _create_exhibits()
    _create_examinations()
    _create_findings()


def _create_vault() -> None:
    _table("vault", _uuid("id"), _moment("created_at"), key=("id",))
    _table("originals", _sha256("sha256"), _integer("size"), key=("sha256",))


def _create_cases() -> None:
    _table(
        "cases",
        _uuid("case_id"),
        sa.Column("name", sa.String(200), nullable=False),
        *(_text("title"), _text("examiner"), _moment("created_at"), _integer("entry")),
        key=("case_id",),
        unique=("name",),
    )
    _table(
        "closings",
        *(_uuid("case_id"), _moment("closed_at"), _text("actor"), _integer("entry")),
        _reference("closings", ("case_id",), CASE),
        key=("case_id",),
    )
    _table(
        "imports",
        *(_uuid("case_id"), _moment("imported_at"), _text("actor")),
        *(_integer("entries"), _sha256("head")),
        _reference("imports", ("case_id",), CASE),
        key=("case_id",),
    )
    _table(
        "ledger",
        *(_uuid("case_id"), _integer("number"), _moment("at"), _text("actor")),
        sa.Column("event", sa.String(60), nullable=False),
        *(_text("subject"), _text("details"), _sha256("previous"), _sha256("hash")),
        _reference("ledger", ("case_id",), CASE),
        key=("case_id", "number"),
    )


def _create_exhibits() -> None:
    _table(
        "exhibits",
        *(_uuid("case_id"), _integer("number"), _sha256("sha256"), _integer("size")),
        sa.Column("format", sa.String(20)),
        *(_optional_integer("width"), _optional_integer("height")),
        *(_moment("added_at"), _integer("entry")),
        _reference("exhibits", ("case_id",), CASE),
        _reference("exhibits", ("sha256",), ("originals.sha256",)),
        key=("case_id", "number"),
        unique=("case_id", "sha256"),
        indexes=(("case_id", "entry"),),
    )
    _table(
        "exhibit_names",
        *(_uuid("case_id"), _integer("exhibit"), _integer("position")),
        sa.Column("name", sa.LargeBinary, nullable=False),
        _integer("entry"),
        _reference("exhibit_names", EXHIBIT, EXHIBIT_KEY),
        key=("case_id", "exhibit", "position"),
        indexes=(("case_id", "entry"),),
    )


def _create_examinations() -> None:
    _table(
        "examinations",
        *(_uuid("case_id"), _integer("number"), _uuid("id")),
        *(_text("pipeline"), _sha256("pipeline_sha256"), _text("environment")),
        *(_text("exhibits"), _integer("planned"), _text("actor"), _moment("started_at")),
        _integer("entry"),
        _reference("examinations", ("case_id",), CASE),
        key=("case_id", "number"),
        unique=("id",),
        indexes=(("case_id", "entry"),),
    )
    _table(
        "endings",
        *(_uuid("case_id"), _integer("examination"), _moment("finished_at")),
        *(_text("actor"), _integer("entry")),
        _reference("endings", EXAMINATION, EXAMINATION_KEY),
        key=EXAMINATION,
        indexes=(("case_id", "entry"),),
    )
    _table(
        "results",
        *(_uuid("case_id"), _integer("examination"), _integer("exhibit"), _integer("ordinal")),
        *(_text("totals"), _optional_integer("width"), _optional_integer("height")),
        *(_moment("recorded_at"), _integer("entry")),
        _reference("results", EXAMINATION, EXAMINATION_KEY),
        _reference("results", EXHIBIT, EXHIBIT_KEY),
        key=RESULT,
        unique=(*EXAMINATION, "ordinal"),
        indexes=(("case_id", "entry"),),
    )


def _create_findings() -> None:
    _table(
        "findings",
        *(_uuid("case_id"), _integer("examination"), _integer("exhibit"), _integer("position")),
        *(_text("step"), _text("plugin"), _text("plugin_version")),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("score", sa.Double),
        sa.Column("cache_key", sa.Text),
        *(_text("body"), _integer("entry")),
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name="ck_findings_outcome"),
        _reference("findings", RESULT, [f"results.{column}" for column in RESULT]),
        key=(*RESULT, "position"),
        indexes=(("case_id", "entry"), ("cache_key",)),
    )
    _table(
        "artifacts",
        *(_uuid("case_id"), _integer("examination"), _integer("exhibit"), _integer("finding")),
        *(_integer("position"), sa.Column("kind", sa.String(20), nullable=False)),
        *(_text("name"), _sha256("sha256"), _integer("size"), _text("media_type")),
        *(_text("geometry"), _integer("entry")),
        _reference(
            "artifacts", FINDING, [f"findings.{column}" for column in (*RESULT, "position")]
        ),
        key=(*FINDING, "position"),
        indexes=(("case_id", "entry"), ("sha256",)),
    )


def _table(
    name: str,
    *parts: sa.Column[Any] | sa.Constraint,
    key: Sequence[str],
    unique: Sequence[str] = (),
    indexes: Sequence[Sequence[str]] = (),
) -> None:
    """Create an append-only table.

    Tables have no SQLite rowid: it would be a second key, through which ``INSERT OR REPLACE``
    could replace a row unseen by triggers.
    """
    constraints: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")]
    if unique:
        constraints.append(sa.UniqueConstraint(*unique, name=f"uq_{name}_{'_'.join(unique)}"))
    op.create_table(name, *parts, *constraints, sqlite_with_rowid=False)
    for columns in indexes:
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(append_only.postgresql_trigger(name))
    else:
        for statement in append_only.sqlite_triggers(name, [key, unique] if unique else [key]):
            op.execute(statement)


def _uuid(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(36), nullable=False)


def _sha256(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(64), nullable=False)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(32), nullable=False)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False)


def _integer(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _optional_integer(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger)


def _reference(
    table: str, columns: Sequence[str], targets: Sequence[str]
) -> sa.ForeignKeyConstraint:
    target = targets[0].partition(".")[0]
    return sa.ForeignKeyConstraint(list(columns), list(targets), name=f"fk_{table}_{target}")
