"""The database behind a vault: connections, transactions, schema version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.orm import Session

from locard.errors import LocardError, VaultError
from locard.vault.errors import in_words
from locard.vault.migrations import HEAD

BUSY_SECONDS = 15.0
"""How long a command waits for another one's transaction before it gives up."""


class Database:
    """Engine and transactions.

    Args:
        folder: The vault's folder, which error messages name.
        url: PostgreSQL URL, or None for SQLite in the folder.
        busy_seconds: How long to wait for another process's lock.

    Raises:
        LocardError: The URL is none that Locard can use.
    """

    def __init__(self, folder: Path, url: str | None, busy_seconds: float = BUSY_SECONDS) -> None:
        self.folder = folder
        self.file = folder / "vault.db"
        self.engine = (
            _sqlite_engine(self.file, busy_seconds)
            if url is None
            else _postgresql_engine(url, busy_seconds)
        )
        self._writer = _writer(self.engine)

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction that sees one state of the database and changes nothing."""
        with in_words(self.folder), Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction that commits at the end of the block, or leaves nothing behind."""
        with in_words(self.folder), Session(self._writer) as session, session.begin():
            yield session

    def version(self) -> str | None:
        """Return the schema's revision, or None where there is no schema yet."""
        with in_words(self.folder), self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def migrate(self) -> None:
        """Bring the schema to the newest revision, in one transaction.

        Raises:
            VaultError: A newer Locard wrote it.
        """
        version = self.version()
        if version == HEAD:
            return
        with in_words(self.folder), self._writer.begin() as connection:
            upgrade(connection, self.folder, version)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def upgrade(connection: Connection, folder: Path, version: str | None) -> None:
    """Run the migrations after ``version`` over a connection that is in a transaction.

    Raises:
        VaultError: ``version`` is none that this Locard knows.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise newer(folder, f"its tables are of revision {version}")
    command.upgrade(config, "head")


def newer(folder: Path, detail: str) -> VaultError:
    """Return the error for a vault that a newer Locard wrote."""
    from locard import __version__

    return VaultError(
        f"the vault {folder} was written by a newer Locard: {detail}",
        f"This is Locard {__version__}. Install the newer one; nothing was changed.",
    )


def _writer(engine: Engine) -> Engine:
    if engine.dialect.name == "postgresql":
        # A writer first waits for the case's row, then must see what the one before it committed.
        return engine.execution_options(isolation_level="READ COMMITTED")
    return engine.execution_options(locard_writes=True)


def memory_database() -> Engine:
    """Return an SQLite database in memory with the newest schema."""
    engine = _sqlite_engine(None, 0.0)
    with engine.begin() as connection:
        upgrade(connection, Path(":memory:"), None)
    return engine


def _sqlite_engine(file: Path | None, busy_seconds: float) -> Engine:
    url = URL.create("sqlite", database=None if file is None else str(file))
    engine = create_engine(url, connect_args={"timeout": busy_seconds})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # Python's driver must not open or commit transactions by itself: schema changes would
        # slip out of them.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a row that the user was told of survives a power cut, not just a crash.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its lock at once: upgrading a read lock later fails without waiting.
        writes = connection.get_execution_options().get("locard_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(given: str, busy_seconds: float) -> Engine:
    hint = "Write postgresql+psycopg://user:password@host/database."
    try:
        url = make_url(given)
        if url.get_backend_name() != "postgresql":
            raise LocardError(f"--database takes PostgreSQL, not {url.get_backend_name()}", hint)
        options = f"-c lock_timeout={int(busy_seconds * 1000)}"
        return create_engine(
            url,
            isolation_level="REPEATABLE READ",
            connect_args={"options": options, "connect_timeout": 10},
        )
    except (ArgumentError, NoSuchModuleError):
        raise LocardError("--database is not a database URL", hint) from None
    except ModuleNotFoundError as error:
        raise LocardError(
            f"PostgreSQL needs the package {error.name}", "pip install 'locard[postgresql]'"
        ) from None
