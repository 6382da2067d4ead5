"""Nothing that was written can be changed, even by somebody with the database's own tools."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from locard.vault.models import Base, ValidationRow

TABLES = sorted(Base.metadata.tables)
CHANGES = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "INSERT INTO {table} SELECT * FROM {table} WHERE true "
    "ON CONFLICT DO UPDATE SET {column} = excluded.{column}",
]


@pytest.fixture
def closed_and_imported(examined, lab, tmp_path):
    """A vault that has a row in every table."""
    from locard.vault.bundle import export, import_bundle
    from locard.vault.vault import Vault

    examined.close(lab.actor)
    bundle = export(examined, tmp_path / "bundle")
    with Vault.open(tmp_path / "second", create=True) as vault:
        import_bundle(vault, bundle, lab.actor)
        with vault.database.writing() as session:
            session.add(ValidationRow(sha256="ab" * 32, record="{}", results="{}"))
        yield vault


def test_every_table_refuses_every_change(closed_and_imported):
    connection = sqlite3.connect(closed_and_imported.database.file)
    for table in TABLES:
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0, table
        column = list(Base.metadata.tables[table].columns)[-1].name
        for change in CHANGES:
            with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
                connection.execute(change.format(table=table, column=column))
    connection.close()


def test_replacing_through_a_second_key_is_refused(examined):
    """REPLACE removes any row in its way, also one that only shares a unique value."""
    connection = sqlite3.connect(examined.vault.database.file)
    with pytest.raises(sqlite3.IntegrityError, match="cases is append-only"):
        connection.execute(
            "INSERT OR REPLACE INTO cases (case_id, name, title, examiner, created_at, entry) "
            "VALUES ('another', '2026-1', '', '', '', 1)"
        )
    with pytest.raises(sqlite3.IntegrityError, match="exhibits is append-only"):
        connection.execute(
            "INSERT OR REPLACE INTO exhibits (case_id, number, sha256, size, added_at, entry) "
            "SELECT case_id, 99, sha256, size, added_at, entry FROM exhibits"
        )
    connection.close()


def test_tables_have_no_second_key(vault):
    """A rowid would be a way around the triggers for INSERT OR REPLACE."""
    connection = sqlite3.connect(vault.database.file)
    for table in TABLES:
        with pytest.raises(sqlite3.OperationalError, match="no such column: rowid"):
            connection.execute(f"SELECT rowid FROM {table}")
    connection.close()


def test_postgresql_refuses_the_same(postgresql_url, tmp_path, lab):
    from locard.vault.vault import Vault

    with Vault.open(tmp_path / "vault", create=True, database=postgresql_url) as vault:
        vault.create_case("c", "", "", lab.actor)
    engine = create_engine(postgresql_url)
    for table in TABLES:
        column = list(Base.metadata.tables[table].columns)[-1].name
        for change in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with (
                engine.connect() as connection,
                pytest.raises(DBAPIError, match="is append-only"),
            ):
                connection.execute(text(change))
    engine.dispose()
