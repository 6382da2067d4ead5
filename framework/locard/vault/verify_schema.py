"""Verifies the database's schema, triggers above all, against what the migrations make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from locard.vault.database import memory_database
from locard.vault.facts import Problem
from locard.vault.migrations.append_only import POSTGRESQL_BODY, POSTGRESQL_FUNCTION
from locard.vault.models import Base

_CONTRADICTIONS = 20
"""How many contradictions within the database are named at most."""

_SQLITE = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'"
_POSTGRESQL = """
    SELECT 'trigger ' || t.tgname, t.tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'function ' || p.proname, p.prosrc FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace AND p.proname = :function
"""


def schema_problems(engine: Engine) -> Iterator[Problem]:
    """Yield the tables, indexes and triggers that are missing, altered or too many.

    Of PostgreSQL, triggers and their function are looked at: they are what keeps rows from being
    changed; tables cannot lose a column without rows failing their hashes.
    """
    if engine.dialect.name == "postgresql":
        expected: Mapping[str, str] = _expected_postgresql(engine)
        found = _of_postgresql(engine)
    else:
        expected, found = _expected_sqlite(), _of_sqlite(engine)
    yield from _differences(expected, found)


def integrity_problems(session: Session) -> Iterator[Problem]:
    """Yield where SQLite's tables and indexes contradict each other.

    A row that an index does not have is there for some queries and not for others: verification
    could be made blind to it.
    """
    if session.get_bind().dialect.name != "sqlite":
        return
    for found in session.scalars(text(f"PRAGMA integrity_check({_CONTRADICTIONS})")):
        if found != "ok":
            message = f"the database contradicts itself: {found}"
            yield Problem("altered", "row", "database", message)


def _differences(expected: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Problem]:
    for name in sorted(expected.keys() - found.keys()):
        yield Problem("missing", "row", f"schema {name}", f"the database's {name} was removed")
    for name in sorted(found.keys() - expected.keys()):
        message = f"the database has a {name} that Locard did not make"
        yield Problem("added", "row", f"schema {name}", message)
    for name in sorted(expected.keys() & found.keys()):
        if expected[name] != found[name]:
            details = {"expected": expected[name], "found": found[name]}
            message = f"the database's {name} was altered"
            yield Problem("altered", "row", f"schema {name}", message, details)


def _of_sqlite(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {name: str(sql) for name, sql in connection.execute(text(_SQLITE))}


@cache
def _expected_sqlite() -> Mapping[str, str]:
    memory = memory_database()
    try:
        return _of_sqlite(memory)
    finally:
        memory.dispose()


def _of_postgresql(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        found = connection.execute(text(_POSTGRESQL), {"function": POSTGRESQL_FUNCTION})
        return {str(name): str(definition) for name, definition in found}


def _expected_postgresql(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        schema = connection.execute(text("SELECT current_schema()")).scalar()
    triggers = {
        f"trigger {table}_append_only": (
            f"O CREATE TRIGGER {table}_append_only BEFORE DELETE OR UPDATE OR TRUNCATE "
            f"ON {schema}.{table} FOR EACH STATEMENT EXECUTE FUNCTION {POSTGRESQL_FUNCTION}()"
        )
        for table in Base.metadata.tables
    }
    return {**triggers, f"function {POSTGRESQL_FUNCTION}": POSTGRESQL_BODY}
