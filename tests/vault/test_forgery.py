"""Attacks on a vault by somebody who knows Locard well: each is named, and leads nowhere."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from locard.cli import main
from locard.engine.records import FindingRecord
from locard.service.examine import scratch_folder, subjects_of
from locard.vault import ledger, verify_files
from locard.vault.bundle import export, import_bundle
from locard.vault.errors import AlteredError, BundleError
from locard.vault.vault import Vault


@pytest.fixture
def locard(monkeypatch, capsys, examined):
    """A function that runs a command on the examined case's vault: exit code, output, errors."""
    monkeypatch.setenv("LOCARD_VAULT", str(examined.vault.folder))

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["locard", *map(str, words)])
        with pytest.raises(SystemExit) as raised:
            main()
        output = capsys.readouterr()
        return raised.value.code or 0, output.out, output.err

    return run


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("cases", "created_at"),
        ("exhibits", "added_at"),
        ("examinations", "pipeline"),
        ("examinations", "started_at"),
        ("endings", "finished_at"),
        ("results", "recorded_at"),
        ("findings", "body"),
        ("ledger", "at"),
    ],
)
@pytest.mark.parametrize("value", ["'garbage'", "x'ff00'", "'2026-01-01'"])
def test_commands_say_in_words_what_they_cannot_read(lab, locard, examined, table, column, value):
    lab.tamper(examined, f"UPDATE {table} SET {column} = {value}")
    if table in ("results", "findings"):
        with pytest.raises(AlteredError, match="was altered"):
            list(examined.findings())
    else:
        code, _, errors = locard("case", "ledger" if table == "ledger" else "show", "2026-1")
        assert (code, "was altered" in errors) == (1, True)
    code, out, _ = locard("case", "verify", "2026-1")
    assert code == 1
    assert ("ledger entry 1 " if table == "ledger" else f"of table {table} was altered") in out


def test_renamed_case_is_told_from_one_that_never_was(lab, locard, examined):
    lab.tamper(examined, "UPDATE cases SET name = 'another'")
    code, _, errors = locard("case", "verify", "2026-1")
    assert (code, "was altered or removed" in errors) == (1, True)
    assert "row" in locard("case", "verify", "another")[1]
    assert locard("case", "verify", "never")[0] == 2


def test_rows_of_no_case_are_named(lab, examined):
    lab.tamper(
        examined,
        "INSERT INTO imports VALUES ('ghost', '2026-01-01', 'nobody', 1, 'x')",
        f"INSERT INTO originals VALUES ('{'ab' * 32}', 5)",
    )
    assert lab.named(examined) == {
        ("added", "row", "imports ghost"),
        ("added", "row", f"originals {'ab' * 32}"),
    }


def test_row_between_two_pages_of_entries_is_named(lab, examined, monkeypatch):
    """SQLite takes entry 4.5, which stands neither below 4 nor above 5."""
    monkeypatch.setattr("locard.vault.verify_rows._PAGE", 4)
    lab.tamper(
        examined,
        "INSERT INTO findings SELECT case_id, examination, exhibit, 3, 'extra', plugin, "
        "plugin_version, outcome, score, cache_key, body, 4.5 FROM findings "
        "WHERE exhibit = 1 AND position = 1",
    )
    assert lab.named(examined) == {("added", "row", "findings 1/1/3")}


def test_row_that_the_index_does_not_have_is_named(lab, examined):
    """Verification finds rows through an index on ``entry``: here one is kept out of it."""
    name = "ix_findings_case_id_entry"
    connection = sqlite3.connect(examined.vault.database.file)
    found = connection.execute("SELECT rootpage, sql FROM sqlite_master WHERE name = ?", (name,))
    index = found.fetchone()
    version = connection.execute("PRAGMA schema_version").fetchone()[0]
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_master WHERE name = ?", (name,))
    connection.execute(f"PRAGMA schema_version = {version + 1}")
    connection.commit()
    connection.close()
    connection = sqlite3.connect(examined.vault.database.file)
    connection.execute(
        "INSERT INTO findings SELECT case_id, examination, exhibit, 3, 'extra', plugin, "
        "plugin_version, outcome, score, NULL, body, entry FROM findings "
        "WHERE exhibit = 1 AND position = 1"
    )
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "INSERT INTO sqlite_master VALUES ('index', ?, 'findings', ?, ?)", (name, *index)
    )
    connection.execute(f"PRAGMA schema_version = {version + 2}")
    connection.commit()
    connection.close()
    assert {(kind, subject) for kind, _, subject in lab.named(examined)} == {
        ("altered", "database")
    }


def test_clock_that_went_back_is_a_note(examined, lab, monkeypatch, tmp_path):
    monkeypatch.setattr(ledger, "now", lambda: "2001-01-01T00:00:00.000000+00:00")
    photograph = lab.photographs(3, "again") / "000.jpg"
    shutil.copyfile(examined.exhibit("E0001").path, photograph)
    list(examined.add([photograph], actor=lab.actor))
    assert lab.named(examined) == {("note", "ledger", "entry 10")}
    bundle = export(examined, tmp_path / "bundle")
    with Vault.open(tmp_path / "second", create=True) as second:
        import_bundle(second, bundle, lab.actor)
        assert lab.named(second.case("2026-1")) == {("note", "ledger", "entry 10")}


# --- files ---------------------------------------------------------------------------------------


def test_writable_file_is_noted(lab, examined):
    examined.exhibit("E0001").path.chmod(0o644)
    assert lab.named(examined) == {("note", "file", "objects")}


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_link_or_pipe_in_place_of_an_original_is_named(lab, examined, tmp_path, kind):
    path = examined.exhibit("E0001").path
    path.rename(tmp_path / "original")
    if kind == "link":
        path.symlink_to(tmp_path / "original")
    else:
        os.mkfifo(path, 0o444)
    assert lab.named(examined) == {("missing", "original", "E0001")}


def test_removed_folder_is_named(examined):
    shutil.rmtree(examined.vault.store.folder)
    with pytest.raises(AlteredError, match="objects was removed"):
        Vault.open(examined.vault.folder)


def overwrite(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"")


def test_altered_original_is_neither_added_again_nor_examined(examined, lab, tmp_path):
    exhibit = examined.exhibit("E0001")
    shutil.copyfile(exhibit.path, tmp_path / "copy.jpg")
    overwrite(exhibit.path)
    with pytest.raises(AlteredError, match="was altered"):
        list(examined.add([tmp_path / "copy.jpg"], actor=lab.actor))
    with pytest.raises(AlteredError, match="original of exhibit E0001 was altered"):
        list(subjects_of(examined.vault, [exhibit], {}))


def test_new_finding_does_not_rest_on_an_altered_artifact(examined, lab):
    artifact = next(examined.findings(1, "E0001")).finding.artifacts[0]
    overwrite(artifact.path)
    examination = lab.begin(examined)
    with pytest.raises(AlteredError, match="was altered"):
        lab.record(examination, examined.exhibit("E0001"))
    assert examination.facts.done == 0


def test_what_is_added_while_a_case_is_verified_is_no_stray(lab, examined):
    folder = lab.photographs(1, "meanwhile")
    original_problems = verify_files.original_problems

    def add_meanwhile(*arguments):
        list(examined.add([folder], actor=lab.actor))
        return original_problems(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify_files, "original_problems", add_meanwhile)
        assert lab.named(examined) == set()
    assert examined.exhibit_count() == 4


# --- the cache -----------------------------------------------------------------------------------


def cached(case) -> FindingRecord | None:
    return case.vault.cached(f"grid-{case.exhibit('E0001').sha256}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE findings SET score = 99 WHERE exhibit = 1",
        "UPDATE findings SET body = 'no JSON' WHERE exhibit = 1",
        "UPDATE artifacts SET sha256 = (SELECT max(sha256) FROM artifacts) WHERE exhibit = 1",
        "UPDATE artifacts SET geometry = '{}' WHERE exhibit = 1",
        "DELETE FROM artifacts WHERE exhibit = 1",
        "UPDATE ledger SET details = '{}' WHERE number = 6",
        "UPDATE ledger SET actor = 'Moriarty' WHERE number = 6",
        "UPDATE ledger SET hash = 'x' WHERE number = 6",
        "DELETE FROM ledger WHERE number = 6",
    ],
)
def test_altered_finding_is_not_taken_from_the_cache(lab, examined, statement):
    """Else a forgery in one case would become a properly recorded finding of another."""
    assert cached(examined) is not None
    lab.tamper(examined, statement)
    assert cached(examined) is None


def test_finding_that_was_slipped_in_is_not_taken_from_the_cache(lab, examined):
    lab.tamper(
        examined,
        "INSERT INTO findings SELECT case_id, examination, exhibit, 3, step, plugin, "
        "plugin_version, outcome, 99, 'forged', body, entry FROM findings "
        "WHERE exhibit = 1 AND position = 1",
    )
    assert examined.vault.cached("forged") is None


# --- identifiers that lead out of the vault ------------------------------------------------------


@pytest.mark.parametrize("name", ["../../victim", "/tmp/victim", "..", ".", "", "a/b"])
def test_scratch_folder_stays_inside(lab, examined, tmp_path, name):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").touch()
    lab.tamper(examined, f"UPDATE examinations SET id = '{name}'")
    with pytest.raises(AlteredError, match="identifier of examination 1 was altered"):
        examined.examination(1).facts  # noqa: B018  (it is the reading that fails)
    with (
        pytest.raises(AlteredError, match="was altered"),
        scratch_folder(examined.vault, name),
    ):
        pass
    assert (victim / "file").exists()


@pytest.mark.parametrize("value", ["x'ff'", "'../../victim'", "7"])
@pytest.mark.parametrize(
    ("table", "column", "key"), [("exhibits", "number", "1"), ("artifacts", "exhibit", "1/1/1/1")]
)
def test_hash_that_is_none_leads_nowhere(lab, examined, tmp_path, table, column, key, value):
    lab.tamper(examined, f"UPDATE {table} SET sha256 = {value} WHERE {column} = 1")
    assert ("altered", "row", f"{table} {key}") in lab.named(examined)
    with pytest.raises(AlteredError, match=r"SHA-256 in the database was altered|cannot be read"):
        list(examined.findings() if table == "artifacts" else examined.exhibits())
    with pytest.raises(BundleError, match=f"row {key} of table {table} was altered"):
        export(examined, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_lock_file_stays_inside(lab, examined, tmp_path):
    lab.tamper(examined, "UPDATE cases SET case_id = '../../victim'")
    with (
        pytest.raises(AlteredError, match="identifier of case '2026-1' was altered"),
        examined.vault.lock_case("2026-1"),
    ):
        pass
    assert not list(tmp_path.glob("**/victim.lock"))
