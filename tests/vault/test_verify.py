"""``verify`` names every kind of tampering, and says nothing where there was none."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping

import pytest
from sqlalchemy import create_engine, text

from locard.vault.case import Case
from locard.vault.ledger import entry_hash
from locard.vault.vault import Vault

Named = tuple[str, str, str]


ROWS: list[tuple[str, set[Named]]] = [
    ("UPDATE cases SET title = 'Another'", {("altered", "row", "cases {case}")}),
    ("UPDATE cases SET examiner = x'ff'", {("altered", "row", "cases {case}")}),
    ("UPDATE exhibits SET width = 33 WHERE number = 2", {("altered", "row", "exhibits 2")}),
    ("UPDATE originals SET size = 1 WHERE sha256 = '{sha256}'",
     {("altered", "row", "originals {sha256}")}),
    ("DELETE FROM originals WHERE sha256 = '{sha256}'",
     {("missing", "row", "originals {sha256}"),
      ("note", "file", "{object}")}),
    ("UPDATE exhibit_names SET name = x'00' WHERE exhibit = 1",
     {("altered", "row", "exhibit_names 1/1")}),
    ("UPDATE examinations SET pipeline = '{{}}'", {("altered", "row", "examinations 1")}),
    ("UPDATE endings SET actor = 'Moriarty'", {("altered", "row", "endings 1")}),
    ("UPDATE results SET totals = '{{}}' WHERE exhibit = 3", {("altered", "row", "results 1/3")}),
    ("UPDATE findings SET outcome = 'not_detected' WHERE exhibit = 1 AND step = 'grid'",
     {("altered", "row", "findings 1/1/1")}),
    ("UPDATE findings SET body = 'no JSON' WHERE exhibit = 1 AND step = 'grid'",
     {("altered", "row", "findings 1/1/1")}),
    ("UPDATE findings SET score = 2.0000000000000004 WHERE exhibit = 1 AND step = 'grid'",
     {("altered", "row", "findings 1/1/1")}),
    ("UPDATE artifacts SET name = 'mask' WHERE exhibit = 2",
     {("altered", "row", "artifacts 1/2/1/1")}),
    ("DELETE FROM findings WHERE exhibit = 2 AND step = 'noise'",
     {("missing", "row", "findings 1/2/2")}),
    ("DELETE FROM endings", {("missing", "row", "endings 1")}),
    ("INSERT INTO findings SELECT case_id, examination, exhibit, 3, 'extra', plugin, "
     "plugin_version, outcome, score, cache_key, body, entry FROM findings "
     "WHERE exhibit = 1 AND position = 1",
     {("added", "row", "findings 1/1/3")}),
    ("INSERT INTO closings VALUES ('{case}', '2026-01-01', 'Moriarty', 99)",
     {("added", "row", "closings {case}")}),
    ("INSERT INTO closings VALUES ('{case}', '2026-01-01', 'Moriarty', -1)",
     {("added", "row", "closings {case}")}),
    # Moved under another entry, a row is missing where it was and too many where it is.
    ("UPDATE exhibits SET entry = 3 WHERE number = 1", {("altered", "row", "exhibits 1")}),
    ("UPDATE ledger SET actor = 'Moriarty' WHERE number = 3", {("altered", "ledger", "entry 3")}),
    ("UPDATE ledger SET at = '2020' WHERE number = 1", {("altered", "ledger", "entry 1")}),
    ("DELETE FROM ledger WHERE number = 1",
     {("missing", "ledger", "entry 1"), ("added", "row", "cases {case}")}),
    ("INSERT INTO ledger SELECT case_id, 10, at, actor, 'case.closed', subject, '{{}}', hash, hash "
     "FROM ledger WHERE number = 9",
     {("altered", "ledger", "entry 10")}),
    ("INSERT INTO ledger SELECT case_id, 'x', at, actor, event, subject, details, hash, hash "
     "FROM ledger WHERE number = 9",
     {("added", "ledger", "'x'")}),
]  # fmt: skip


def test_untouched_case_is_clean(lab, examined):
    assert lab.named(examined) == set()
    assert lab.named(examined, expected_head=examined.ledger_head) == set()


@pytest.mark.parametrize(("statement", "expected"), ROWS, ids=[row[0][:60] for row in ROWS])
def test_tampered_rows_are_named(lab, examined, statement, expected):
    sha256 = examined.exhibit("E0001").sha256
    words = {
        "case": examined.id,
        "sha256": sha256,
        "object": f"{sha256[:2]}/{sha256[2:]}",
    }
    lab.tamper(examined, statement.format(**words))
    expected = {(kind, what, subject.format(**words)) for kind, what, subject in expected}
    assert lab.named(examined) == expected


def test_row_moved_to_a_far_entry_is_missing_and_added(lab, examined, monkeypatch):
    monkeypatch.setattr("locard.vault.verify_rows._PAGE", 2)
    lab.tamper(examined, "UPDATE exhibits SET entry = 8 WHERE number = 1")
    assert lab.named(examined) == {("missing", "row", "exhibits 1"), ("added", "row", "exhibits 1")}


def test_deleted_ledger_entry_is_named(lab, examined):
    lab.tamper(examined, "DELETE FROM ledger WHERE number = 6")
    assert ("missing", "ledger", "entry 6") in lab.named(examined)


def test_deleted_ledger_is_named(lab, examined):
    lab.tamper(examined, "DELETE FROM ledger")
    found = lab.named(examined)
    assert ("missing", "ledger", "all entries") in found
    assert ("added", "row", "exhibits 2") in found


def rewrite_tail(lab, case: Case, first: int) -> None:
    """Do what a careful forger does: change an entry and recompute every hash after it."""
    entries = case.ledger()
    previous = entries[first - 2].hash
    statements = []
    for entry in entries[first - 1 :]:
        fields = {
            "number": entry.number,
            "at": entry.at.isoformat(timespec="microseconds"),
            "actor": "Moriarty",
            "event": entry.event,
            "subject": entry.subject,
            "details": entry.details,
            "previous": previous,
        }
        digest = entry_hash(fields)
        statements.append(
            f"UPDATE ledger SET actor = 'Moriarty', previous = '{previous}', hash = '{digest}' "
            f"WHERE number = {entry.number}"
        )
        previous = digest
    lab.tamper(case, *statements)


def test_rewritten_tail_needs_a_head_that_was_noted(lab, examined):
    noted = examined.ledger_head
    rewrite_tail(lab, examined, 5)
    assert lab.named(examined) == set()
    assert lab.named(examined, expected_head=noted) == {("altered", "ledger", "head")}


def test_head_that_was_noted_earlier_still_counts(examined, lab):
    noted = examined.ledger_head
    lab.begin(examined)
    assert lab.named(examined, expected_head=noted) == set()


def flip(path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)


def test_flipped_bit_of_an_original_is_named(lab, examined):
    flip(examined.exhibit("E0002").path)
    assert lab.named(examined) == {("altered", "original", "E0002")}


def test_removed_original_is_named(lab, examined):
    examined.exhibit("E0003").path.unlink()
    assert lab.named(examined) == {("missing", "original", "E0003")}


def test_original_replaced_by_a_folder_is_named(lab, examined):
    path = examined.exhibit("E0003").path
    path.unlink()
    path.mkdir()
    assert lab.named(examined) == {("missing", "original", "E0003")}


@pytest.mark.parametrize(("harm", "kind"), [(flip, "altered"), (lambda p: p.unlink(), "missing")])
def test_harmed_artifact_is_named(lab, examined, harm, kind):
    artifact = next(examined.findings(1, "E0001")).finding.artifact("map")
    harm(artifact.path)
    assert lab.named(examined) == {(kind, "artifact", artifact.sha256)}


@pytest.mark.parametrize("name", ["note.txt", "ab/cd", f"{'a' * 2}/{'b' * 62}", f"{'a' * 64}"])
def test_added_file_is_named(lab, examined, name):
    path = examined.vault.store.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("slipped in")
    assert lab.named(examined) == {("added", "file", name)}


def test_leftovers_of_interrupted_commands_are_explained(lab, examined):
    store = examined.vault.store
    content = b"stored, and killed before the commit"
    digest = hashlib.sha256(content).hexdigest()
    with store.stage() as staged:
        staged.write(content)
        staged.keep()
    (store.scratch / "intake-abc").write_bytes(b"half")
    assert lab.named(examined) == {
        ("note", "file", f"{digest[:2]}/{digest[2:]}"),
        ("note", "file", "scratch/intake-abc"),
    }


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DROP TRIGGER findings_no_update", ("missing", "trigger findings_no_update")),
        ("DROP INDEX ix_findings_cache_key", ("missing", "index ix_findings_cache_key")),
        (
            "CREATE TRIGGER helpful AFTER INSERT ON findings BEGIN SELECT 1; END",
            ("added", "trigger helpful"),
        ),
        ("CREATE TABLE notes (x)", ("added", "table notes")),
    ],
)
def test_tampered_schema_is_named(lab, examined, statement, expected):
    connection = sqlite3.connect(examined.vault.database.file)
    connection.execute(statement)
    connection.close()
    kind, subject = expected
    assert lab.named(examined) == {(kind, "row", f"schema {subject}")}


def test_trigger_that_does_nothing_is_named(lab, examined):
    connection = sqlite3.connect(examined.vault.database.file)
    connection.execute("DROP TRIGGER ledger_no_delete")
    connection.execute(
        "CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT 1; END"
    )
    connection.close()
    assert lab.named(examined) == {("altered", "row", "schema trigger ledger_no_delete")}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"model.onnx": "ab" * 32}, set()),
        ({"model.onnx": "cd" * 32, "model.int8.onnx": "ab" * 32}, set()),
        ({"model.onnx": "ab" * 32, "card.toml": "cd" * 32}, set()),
        ({"model.onnx": "cd" * 32}, {("altered", "model", "net 1")}),
        ({"card.toml": "ab" * 32}, {("altered", "model", "net 1")}),
        ({}, {("missing", "model", "net 1")}),
    ],
)
def test_models_are_held_against_the_registry(lab, examined, files, expected):
    asked = []

    def models(name: str, version: str) -> Mapping[str, str]:
        asked.append((name, version))
        return files

    assert lab.named(examined, models=models) == expected
    assert asked == [("net", "1")]


@pytest.mark.parametrize(
    ("card", "expected"),
    [("12" * 32, []), ("34" * 32, ["altered"]), (None, ["altered"])],
)
def test_the_card_of_a_model_is_held_against_the_registry(card, expected):
    """Thresholds stand in the card: the same network with others gives other findings."""
    from locard.vault.verify import named_model_problems

    files = {"model.onnx": "ab" * 32} | ({"card.toml": card} if card else {})
    problems = list(named_model_problems("net 1", "ab" * 32, "12" * 32, files))
    assert [problem.kind for problem in problems] == expected
    assert all("card of model net 1" in problem.message for problem in problems)


def test_postgresql_tampering_is_named(postgresql_url, tmp_path, lab):
    with Vault.open(tmp_path / "vault", create=True, database=postgresql_url) as vault:
        vault.create_case("c", "", "", lab.actor)
        case = vault.case("c")
        list(case.add([lab.photographs(2)], actor=lab.actor))
        lab.examine(case)
        engine = create_engine(postgresql_url)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE findings DISABLE TRIGGER ALL"))
            connection.execute(text("UPDATE findings SET outcome = 'detected'"))
            connection.execute(text("DROP TRIGGER ledger_append_only ON ledger"))
            connection.execute(
                text(
                    "CREATE OR REPLACE FUNCTION locard_append_only() RETURNS trigger "
                    "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
                )
            )
        engine.dispose()
        assert lab.named(case) == {
            ("altered", "row", "findings 1/1/2"),
            ("altered", "row", "findings 1/2/2"),
            ("altered", "row", "schema trigger findings_append_only"),
            ("missing", "row", "schema trigger ledger_append_only"),
            ("altered", "row", "schema function locard_append_only"),
        }


def test_ledger_holds_the_hash_of_each_row(examined):
    """Recomputed here from the tables alone, with nothing of Locard's."""
    connection = sqlite3.connect(examined.vault.database.file)
    connection.row_factory = sqlite3.Row
    row = dict(connection.execute("SELECT * FROM endings").fetchone())
    connection.close()
    digest = hashlib.sha256(json.dumps(row, sort_keys=True, separators=(",", ":")).encode())
    assert ["endings", "1", digest.hexdigest()] in examined.ledger()[-1].details["rows"]
