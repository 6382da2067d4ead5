"""The tables, as SQLAlchemy models. Every row is inserted once and never changed.

Whatever looks like a state is derived from rows: a case is closed when it has a closing, an
examination is finished when it has an ending. Running totals are written into each result row, so
that a summary costs the same for a hundred exhibits as for a hundred thousand.

Rows of a case carry ``entry``: the number of the ledger row that holds their hash. This lets
``case verify`` walk ledger and tables side by side, however large they are.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    inspect,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from locard.vault.canonical import canonical_json, sha256_of

Sha256 = String(64)
Uuid = String(36)
Moment = String(32)
"""UTC, ISO 8601 with microseconds: sorts as text, and reads the same in both databases."""


class FileName(TypeDecorator[str]):
    """A name exactly as the system gave it: its bytes, whatever they are."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Return the bytes of the name."""
        return None if value is None else value.encode("utf-8", "surrogateescape")

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Return the name, undecodable bytes as surrogate escapes."""
        # A tampered SQLite column can hold text; verification must be able to read it and say so.
        return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


class CanonicalJson(TypeDecorator[Any]):
    """A JSON value, stored as canonical text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Return the canonical text."""
        return canonical_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the value."""
        try:
            return json.loads(value)
        except (TypeError, ValueError):
            # Text that is no JSON was tampered with: its hash differs, and verification says so.
            return value


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


class CustodyRow(Base):
    """A row that a case's ledger holds the hash of."""

    __abstract__ = True

    entry: Mapped[int] = mapped_column(BigInteger)
    """Number of the ledger row that holds this row's hash."""

    def plain(self) -> dict[str, Any]:
        """Return the row as a dictionary of what JSON can hold."""
        return plain_row(self)

    def row_key(self) -> str:
        """Return the primary key within the case, its parts joined by slashes.

        Where a case has one such row at most, that is the case's own identifier.
        """
        columns = inspect(type(self)).primary_key[1:] or inspect(type(self)).primary_key
        return "/".join(str(getattr(self, column.name)) for column in columns)

    def row_hash(self) -> str:
        """Return the hash of the row's canonical text."""
        return sha256_of(canonical_json(self.plain()))


def plain_row(row: Base) -> dict[str, Any]:
    """Return a row as a dictionary: column name to value."""
    mapper = inspect(type(row))
    return {
        mapper.columns[attribute.key].name: getattr(row, attribute.key)
        for attribute in mapper.column_attrs
    }


class Identity(Base):
    """One row: which vault this database belongs to."""

    __tablename__ = "vault"

    id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    created_at: Mapped[str] = mapped_column(Moment)


class CaseRow(CustodyRow):
    """A case."""

    __tablename__ = "cases"

    case_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(Text)
    examiner: Mapped[str] = mapped_column(Text)
    created_at: Mapped[str] = mapped_column(Moment)


def _case_key() -> Mapped[str]:
    return mapped_column(Uuid, ForeignKey("cases.case_id"), primary_key=True)


class ClosingRow(CustodyRow):
    """That a case was closed."""

    __tablename__ = "closings"

    case_id: Mapped[str] = _case_key()
    closed_at: Mapped[str] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)


class ImportRow(Base):
    """That a case came into this vault as a bundle.

    A fact about the vault, not about the case: the case's own ledger is the same in both vaults.
    """

    __tablename__ = "imports"

    case_id: Mapped[str] = _case_key()
    imported_at: Mapped[str] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)
    entries: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str] = mapped_column(Sha256)


class LedgerRow(Base):
    """One link of a case's chain."""

    __tablename__ = "ledger"

    case_id: Mapped[str] = _case_key()
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[str] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(Text)
    details: Mapped[Any] = mapped_column(CanonicalJson)
    previous: Mapped[str] = mapped_column(Sha256)
    hash: Mapped[str] = mapped_column(Sha256)


class OriginalRow(Base):
    """A file in the store that is, or was once, somebody's exhibit; cases may share it."""

    __tablename__ = "originals"

    sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)


class ExhibitRow(CustodyRow):
    """An original under custody in a case."""

    __tablename__ = "exhibits"
    __table_args__ = (UniqueConstraint("case_id", "sha256"), Index(None, "case_id", "entry"))

    case_id: Mapped[str] = _case_key()
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sha256: Mapped[str] = mapped_column(Sha256, ForeignKey("originals.sha256"))
    size: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str | None] = mapped_column(String(20))
    width: Mapped[int | None] = mapped_column(BigInteger)
    height: Mapped[int | None] = mapped_column(BigInteger)
    added_at: Mapped[str] = mapped_column(Moment)


class NameRow(CustodyRow):
    """A path under which an exhibit was added."""

    __tablename__ = "exhibit_names"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "exhibit"], ["exhibits.case_id", "exhibits.number"]),
        Index(None, "case_id", "entry"),
    )

    case_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    exhibit: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(FileName)


class ExaminationRow(CustodyRow):
    """One run of a pipeline."""

    __tablename__ = "examinations"
    __table_args__ = (Index(None, "case_id", "entry"),)

    case_id: Mapped[str] = _case_key()
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[str] = mapped_column(Uuid, unique=True)
    pipeline: Mapped[str] = mapped_column(Text)
    pipeline_sha256: Mapped[str] = mapped_column(Sha256)
    environment: Mapped[Any] = mapped_column(CanonicalJson)
    exhibits: Mapped[Any] = mapped_column(CanonicalJson)
    """Numbers of the exhibits that it covers, as ranges [first, last] in rising order."""
    planned: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)
    started_at: Mapped[str] = mapped_column(Moment)


class EndingRow(CustodyRow):
    """That an examination finished."""

    __tablename__ = "endings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "examination"], ["examinations.case_id", "examinations.number"]
        ),
        Index(None, "case_id", "entry"),
    )

    case_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    examination: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    finished_at: Mapped[str] = mapped_column(Moment)
    actor: Mapped[str] = mapped_column(Text)


class ResultRow(CustodyRow):
    """That an examination is done with an exhibit."""

    __tablename__ = "results"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "examination"], ["examinations.case_id", "examinations.number"]
        ),
        ForeignKeyConstraint(["case_id", "exhibit"], ["exhibits.case_id", "exhibits.number"]),
        UniqueConstraint("case_id", "examination", "ordinal"),
        Index(None, "case_id", "entry"),
    )

    case_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    examination: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    exhibit: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    ordinal: Mapped[int] = mapped_column(BigInteger)
    """1 for the first exhibit that the examination was done with, 2 for the second, …"""
    totals: Mapped[Any] = mapped_column(CanonicalJson)
    """How often each step has given each outcome, up to and with this exhibit."""
    width: Mapped[int | None] = mapped_column(BigInteger)
    height: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[str] = mapped_column(Moment)


class FindingRow(CustodyRow):
    """What one step says of one exhibit."""

    __tablename__ = "findings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "examination", "exhibit"],
            ["results.case_id", "results.examination", "results.exhibit"],
        ),
        CheckConstraint(
            "outcome IN ('detected', 'not_detected', 'inconclusive', 'not_applicable', 'failed')",
            name="outcome",
        ),
        Index(None, "case_id", "entry"),
        Index(None, "cache_key"),
    )

    case_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    examination: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    exhibit: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    step: Mapped[str] = mapped_column(Text)
    plugin: Mapped[str] = mapped_column(Text)
    plugin_version: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(20))
    score: Mapped[float | None] = mapped_column(Double)
    cache_key: Mapped[str | None] = mapped_column(Text)
    body: Mapped[Any] = mapped_column(CanonicalJson)
    """Reason, explanation, regions, measurements, seconds, receipt, reused."""


class ArtifactRow(CustodyRow):
    """A file in the store that belongs to a finding."""

    __tablename__ = "artifacts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "examination", "exhibit", "finding"],
            [
                "findings.case_id",
                "findings.examination",
                "findings.exhibit",
                "findings.position",
            ],
        ),
        Index(None, "case_id", "entry"),
        Index(None, "sha256"),
    )

    case_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    examination: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    exhibit: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    finding: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Sha256)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(Text)
    geometry: Mapped[Any] = mapped_column(CanonicalJson)


class ValidationRow(Base):
    """A validation record, under the hash of its canonical text.

    A fact about the vault's methods, not about a case. Everything that is said of a record, the
    vault that it was made in too, stands in its text, so that the hash covers it.
    """

    __tablename__ = "validations"

    sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    record: Mapped[str] = mapped_column(Text)
    """Canonical JSON, as it was hashed."""
    results: Mapped[str] = mapped_column(Text)
    """The evaluation that it rests on, whose hash stands in the record."""


CUSTODY_TABLES: tuple[type[CustodyRow], ...] = (
    CaseRow,
    ExhibitRow,
    NameRow,
    ExaminationRow,
    ResultRow,
    FindingRow,
    ArtifactRow,
    EndingRow,
    ClosingRow,
)
"""Every table whose rows the ledger covers, in an order in which they can be inserted."""


def insert_original(session: Session, sha256: str, size: int) -> None:
    """Insert an original, unless another exhibit has brought the same one before."""
    if session.get(OriginalRow, sha256) is not None:
        return
    if session.get_bind().dialect.name == "postgresql":
        # Between the look and the insert, another case's writer may have been there.
        values = postgresql.insert(OriginalRow).values(sha256=sha256, size=size)
        session.execute(values.on_conflict_do_nothing())
    else:
        session.add(OriginalRow(sha256=sha256, size=size))
        session.flush()
