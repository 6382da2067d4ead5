"""Vaults that cannot be used: each says in words what is wrong and what to do."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from locard.errors import ExitCode, VaultError
from locard.vault import creation
from locard.vault.vault import Vault
from locard.vault.verify import verify


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def refused(folder: Path, words: str, **options) -> None:
    with pytest.raises(VaultError, match=words) as raised:
        Vault.open(folder, **options)
    assert raised.value.exit_code == ExitCode.VAULT
    assert raised.value.hint


def test_vault_that_is_not_there(tmp_path):
    refused(tmp_path / "nothing", "there is no vault")
    assert not (tmp_path / "nothing").exists()
    refused(tmp_path, "is not a vault")
    (tmp_path / "file").touch()
    refused(tmp_path / "file", "is not a vault")
    refused(tmp_path / "file", "is not a vault", create=True)
    refused(tmp_path, "not empty", create=True)


def test_vault_of_a_newer_version(vault, tmp_path):
    vault.close()
    connection = sqlite3.connect(vault.database.file)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    refused(vault.folder, "newer Locard.*revision 9999")
    marker = vault.folder / "vault.toml"
    marker.write_text(marker.read_text().replace("format = 1", "format = 2"))
    refused(vault.folder, "newer Locard.*format is 2")
    marker.write_text("format = ")
    refused(vault.folder, "vault.toml is damaged")


@pytest.mark.parametrize("at", [0, 5000])
def test_damaged_database(examined, at):
    file = examined.vault.database.file
    examined.vault.close()
    content = file.read_bytes()
    file.write_bytes(content[:at] + b"\xa5" * (len(content) - at))
    with pytest.raises(VaultError, match="is damaged") as raised, Vault.open(file.parent) as vault:
        list(verify(vault.case("2026-1")))
    assert raised.value.hint


def test_removed_or_emptied_database(vault):
    vault.close()
    vault.database.file.unlink()
    refused(vault.folder, "has no tables")
    refused(vault.folder, "has no tables", create=True)
    sqlite3.connect(vault.database.file).close()
    vault.database.file.touch()
    refused(vault.folder, "has no tables")


def test_database_of_another_vault(vault, tmp_path):
    with Vault.open(tmp_path / "other", create=True) as other:
        pass
    vault.close()
    shutil.copy(other.database.file, vault.database.file)
    refused(vault.folder, "does not belong")


def test_full_disk_stops_add_and_loses_nothing(small_disk, lab, tmp_path):
    folder = tmp_path / "big"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.jpg").write_bytes(b"\xff\xd8\xff" + bytes([number]) * 700_000)
    with Vault.open(small_disk / "vault", create=True) as vault:
        vault.create_case("c", "", "", lab.actor)
        case = vault.case("c")
        added = []
        with pytest.raises(VaultError, match="is full") as raised:
            added.extend(case.add([folder], actor=lab.actor))
        assert "Make room" in raised.value.hint
        assert 0 < len(added) == case.exhibit_count()
        assert [p for p in verify(case) if p.kind != "note"] == []
        subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
        assert [one.status for one in case.add([folder], actor=lab.actor)] == [
            *["unchanged"] * len(added),
            *["added"] * (6 - len(added)),
        ]
        assert list(verify(case)) == []


def test_full_database_is_named(vault, lab):
    """SQLite's own limit on its size stands for a disk that fills up during a commit."""
    from sqlalchemy import event

    @event.listens_for(vault.database.engine, "begin")
    def _limit(connection):
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(VaultError, match="is full"):
        vault.create_case("c", "x" * 100_000, "", lab.actor)


def test_read_only_vault(small_disk):
    Vault.open(small_disk / "vault", create=True).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused(small_disk / "vault", "is read-only")
    refused(small_disk / "new", "is read-only", create=True)


def test_vault_becomes_read_only_while_open(vault, lab):
    from sqlalchemy import event

    @event.listens_for(vault.database.engine, "begin", insert=True)
    def _protect(connection):
        connection.exec_driver_sql("PRAGMA query_only = ON")

    with pytest.raises(VaultError, match="is read-only"):
        vault.create_case("c", "", "", lab.actor)


# --- other processes -----------------------------------------------------------------------------


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Run a script in another process; return when it has printed its first line."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    process.first_line = process.stdout.readline().strip()
    return process


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    process.stdout.close()


TRANSACTION = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(60)
"""


def test_database_locked_by_another_process(vault, lab):
    other = start(TRANSACTION, vault.database.file)
    try:
        with (
            Vault.open(vault.folder, busy_seconds=0.2) as impatient,
            pytest.raises(VaultError, match="locked by another process"),
        ):
            impatient.create_case("c", "", "", lab.actor)
        assert vault.cases() == []
    finally:
        stop(other)
    vault.create_case("c", "", "", lab.actor)


LOCK = """
import sys, time
from pathlib import Path
from locard.vault.vault import Vault
with Vault.open(Path(sys.argv[1])) as vault, vault.lock_case(sys.argv[2]):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_case_in_use_by_another_process(case, lab):
    other = start(LOCK, case.vault.folder, "2026-1")
    try:
        words = f"'2026-1' is in use by process {other.pid} on .* since 20"
        with pytest.raises(VaultError, match=words):
            list(case.add([lab.photographs(1)], actor=lab.actor))
        with pytest.raises(VaultError, match=words):
            case.close(lab.actor)
        case.vault.create_case("another", "", "", lab.actor)
        with case.vault.lock_case("another"):
            pass
    finally:
        stop(other)
    with case.vault.lock_case("2026-1"), case.vault.lock_case("2026-1"):
        assert [one.status for one in case.add([lab.folder / "nothing"], actor="x")] == ["refused"]


def test_vault_that_another_process_is_making(case, monkeypatch):
    folder = case.vault.folder
    monkeypatch.setattr(creation, "CREATION_SECONDS", 0.0)
    with (
        creation.creation_lock(folder),
        pytest.raises(VaultError, match=f"^the vault {folder} is in use by process {os.getpid()}"),
        creation.creation_lock(folder),
    ):
        pass


FORKING = """
import os, sys, time
from pathlib import Path
from locard.vault.vault import Vault
with Vault.open(Path(sys.argv[1])) as vault, vault.lock_case(sys.argv[2]):
    if os.fork() == 0:
        print(os.getpid(), flush=True)  # by now, what runs after a fork has run
        time.sleep(60)
        os._exit(0)
    time.sleep(60)
"""


def test_orphaned_worker_does_not_keep_the_lock(case):
    other = start(FORKING, case.vault.folder, "2026-1")
    worker = int(other.first_line)
    try:
        stop(other)
        os.kill(worker, 0)
        with case.vault.lock_case("2026-1"):
            pass
    finally:
        os.kill(worker, signal.SIGKILL)


DIE_WHILE_CREATING = """
import os, sys
from pathlib import Path
from pkgutil import resolve_name
import locard.vault.creation
from locard.vault.vault import Vault
calls = 0
def die(*arguments, **options):
    global calls
    calls += 1
    if calls > int(sys.argv[3]):
        os.kill(os.getpid(), 9)
    return before(*arguments, **options)
module, _, path = sys.argv[2].partition(":")
owner, name = resolve_name(module), path
if "." in path:
    owner, name = getattr(owner, path.split(".")[0]), path.split(".")[1]
before = getattr(owner, name)
setattr(owner, name, die)
Vault.open(Path(sys.argv[1]), create=True)
"""


@pytest.mark.parametrize(
    ("place", "calls"),
    [
        pytest.param("locard.vault.manifest:Manifest.write", 0, marks=pytest.mark.slow),
        pytest.param("locard.vault.manifest:sync_folder", 0, marks=pytest.mark.slow),
        pytest.param("locard.vault.creation:Database", 0, marks=pytest.mark.slow),
        ("locard.vault.database:upgrade", 0),
        ("alembic.op:create_table", 5),
        ("locard.vault.database:Database.writing", 0),
        ("locard.vault.manifest:Manifest.write", 1),
        pytest.param("locard.vault.manifest:os.fsync", 1, marks=pytest.mark.slow),
    ],
)
def test_creation_that_was_killed_is_finished_by_the_next(tmp_path, lab, place, calls):
    folder = tmp_path / "vault"
    command = [sys.executable, "-c", DIE_WHILE_CREATING, folder, place, str(calls)]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    with Vault.open(folder, create=True) as vault:
        vault.create_case("c", "", "", lab.actor)
        assert list(verify(vault.case("c"))) == []
    with Vault.open(folder) as vault:
        assert [facts.name for facts in vault.cases()] == ["c"]


def test_half_made_vault_needs_no_second_creation(tmp_path):
    folder = tmp_path / "vault"
    place = "locard.vault.database:Database.writing"
    subprocess.run([sys.executable, "-c", DIE_WHILE_CREATING, folder, place, "0"], check=False)
    with Vault.open(folder) as vault:
        assert vault.cases() == []
