"""Vaults to try things on: in SQLite, and in a PostgreSQL cluster of the tests' own."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from locard.engine.records import ArtifactRecord, ExhibitResult, FindingRecord
from locard.outcomes import Outcome
from locard.vault.case import Case
from locard.vault.examination import Examination
from locard.vault.facts import ExhibitFacts
from locard.vault.vault import Vault
from locard.vault.verify import verify

PIPELINE = '{"name": "quick", "steps": [], "version": "1"}'


class Lab:
    """What tests do with cases.

    Args:
        folder: Where photographs are made.
    """

    actor = "examiner"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def named(case: Case, **options: Any) -> set[tuple[str, str, str]]:
        """Return kind, what and subject of everything that verification names."""
        return {(p.kind, p.what, p.subject) for p in verify(case, **options)}

    @staticmethod
    def tamper(case: Case, *statements: str) -> None:
        """Change SQLite behind the triggers' back: take them away, and put them there again."""
        connection = sqlite3.connect(case.vault.database.file)
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = triggers.fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement
        for _, create in triggers:
            connection.execute(create)
        connection.commit()
        connection.close()

    def photographs(self, count: int, name: str = "photographs") -> Path:
        """Make a folder of so many small, different JPEG files."""
        folder = self.folder / name
        folder.mkdir()
        random = np.random.default_rng([count, *name.encode()])
        for number in range(count):
            pixels = random.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:03}.jpg", quality=80)
        return folder

    def begin(self, case: Case, exhibits: list[str] | None = None) -> Examination:
        """Begin an examination with the tests' pipeline."""
        digest = hashlib.sha256(PIPELINE.encode()).hexdigest()
        environment = {"python": sys.version}
        return case.begin_examination(PIPELINE, digest, environment, exhibits, self.actor)

    def record(self, examination: Examination, exhibit: ExhibitFacts) -> None:
        """Record two findings, one of them with a map."""
        result = self.result_of(exhibit, examination.case.vault.scratch)
        examination.record(exhibit.label, result, self.actor)

    def examine(self, case: Case) -> Examination:
        """Examine every exhibit of a case, to the end."""
        examination = self.begin(case)
        for exhibit in examination.pending():
            self.record(examination, exhibit)
        examination.finish(self.actor)
        return examination

    def result_of(self, exhibit: ExhibitFacts, spool: Path) -> ExhibitResult:
        """Write a map beside two findings, one of which failed, as a worker would leave them."""
        content = f"map of {exhibit.sha256}".encode()
        path = spool / f"{uuid.uuid4()}.npy.gz"
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        geometry = {"cell": 8, "origin": [0, 0], "rows": 3, "columns": 4}
        file = ArtifactRecord(
            "map", "map", path, digest, len(content), "application/gzip", geometry
        )
        receipt = {"models": [{"name": "net", "version": "1", "sha256": "ab" * 32}]}
        grid = FindingRecord(
            step="grid",
            plugin="jpeg-grid",
            plugin_version="1",
            outcome=Outcome.DETECTED,
            score=2,
            explanation="a grid \u202e of another\n photograph",
            regions=({"x": 1, "y": 2, "width": 3, "height": 4},),
            measurements={"log10_nfa": -12.25},
            artifacts=(file,),
            seconds=0.1,
            receipt=receipt,
            cache_key=f"grid-{exhibit.sha256}",
        )
        noise = FindingRecord(
            step="noise",
            plugin="noise",
            plugin_version="1",
            outcome=Outcome.FAILED,
            reason="timeout",
            explanation="killed after 60 s",
            cache_key=f"noise-{exhibit.sha256}",
        )
        return ExhibitResult(exhibit.sha256, exhibit.width, exhibit.height, (grid, noise))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """What tests do with cases."""
    return Lab(tmp_path)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault in SQLite."""
    with Vault.open(tmp_path / "vault", create=True) as opened:
        yield opened


@pytest.fixture
def case(vault: Vault) -> Case:
    """An empty case."""
    vault.create_case("2026-1", "A test", "Dr. Locard", Lab.actor)
    return vault.case("2026-1")


@pytest.fixture(scope="session")
def examined_vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a vault that holds a case with three examined exhibits: to be copied."""
    folder = tmp_path_factory.mktemp("template")
    lab = Lab(folder)
    with Vault.open(folder / "vault", create=True) as opened:
        opened.create_case("2026-1", "A test", "Dr. Locard", lab.actor)
        case = opened.case("2026-1")
        list(case.add([lab.photographs(3)], actor=lab.actor))
        lab.examine(case)
    return folder / "vault"


@pytest.fixture
def examined(examined_vault: Path, tmp_path: Path) -> Iterator[Case]:
    """A case with three examined exhibits, in a vault of the test's own."""
    shutil.copytree(examined_vault, tmp_path / "examined")
    with Vault.open(tmp_path / "examined") as opened:
        yield opened.case("2026-1")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """An empty vault, in each database."""
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    with Vault.open(tmp_path / "any-vault", create=True, database=url) as opened:
        yield opened


# --- PostgreSQL ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[str]:
    """Address of a database server: ``LOCARD_TEST_POSTGRESQL``, or one started for the tests."""
    given = os.environ.get("LOCARD_TEST_POSTGRESQL")
    if given:
        yield given
        return
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        pytest.skip("PostgreSQL is not installed, and LOCARD_TEST_POSTGRESQL is not set")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="locard-postgresql-"))
    if as_user:
        shutil.chown(folder, "postgres")
    programs, data = binaries[-1].parent, folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), "-D", str(data), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    try:
        run("initdb", "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgresql_cluster: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    from sqlalchemy import create_engine, make_url, text

    name = f"locard_{uuid.uuid4().hex}"
    server = create_engine(postgresql_cluster, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgresql_cluster).set(database=name)
    yield url.render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
