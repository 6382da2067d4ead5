"""The triggers that let rows in and never change or remove them.

Migrations and verification both read them here: verification compares what the database has with
what this module says it must have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

POSTGRESQL_FUNCTION = "locard_append_only"


def sqlite_triggers(table: str, keys: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the statements that make a table append-only in SQLite.

    Args:
        table: Name of the table.
        keys: Columns of the primary key and of each unique constraint. ``INSERT OR REPLACE``
            deletes the row in its way without firing delete triggers, so an insert that would
            meet an existing key is refused before SQLite resolves the conflict.
    """
    refuse = f"SELECT RAISE(ABORT, '{table} is append-only');"
    for verb in ("UPDATE", "DELETE"):
        name = f"{table}_no_{verb.lower()}"
        yield f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN {refuse} END"
    for number, columns in enumerate(keys):
        same = " AND ".join(f"{column} = NEW.{column}" for column in columns)
        met = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  (names from migrations)
        name = f"{table}_no_replace_{number}"
        yield f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {met} BEGIN {refuse} END"


def postgresql_function() -> str:
    """Return the statement that creates the function behind the triggers in PostgreSQL."""
    return (
        f"CREATE FUNCTION {POSTGRESQL_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$${POSTGRESQL_BODY}$$"
    )


POSTGRESQL_BODY = "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END"


def postgresql_trigger(table: str) -> str:
    """Return the statement that makes a table append-only in PostgreSQL."""
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {POSTGRESQL_FUNCTION}()"
    )
