"""Validation records in the vault: kept for good, and told when they are not what they were."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from locard.canonical import canonical_json, sha256_of
from locard.errors import PipelineError
from locard.evaluation.validation.methods import ModelFacts, changes, installed_methods
from locard.evaluation.validation.record import RecordError, ValidationRecord
from locard.plugins import Catalogue
from locard.service.validate import method_pipeline
from locard.service.validated import require_validated, standings
from locard.vault.errors import AlteredError, CaseError
from locard.vault.vault import Vault
from locard.vault.verify import verify

from .conftest import RESULTS_TEXT, altered, method, results


def added(vault, record):
    return vault.validations.add(record, RESULTS_TEXT)


def test_a_record_comes_back_as_it_was_kept(vault, make_record):
    record = make_record(vault.validations.vault_id)
    sha256 = added(vault, record)
    assert sha256 == record.sha256
    assert vault.validations.get(sha256[:10]) == (record, RESULTS_TEXT)
    assert vault.validations.list() == [record]
    with pytest.raises(CaseError, match="already"):
        added(vault, record)
    with pytest.raises(CaseError, match="no validation record begins with 'xyz'"):
        vault.validations.get("xyz")
    with pytest.raises(ValueError, match="results"):
        vault.validations.add(make_record(), "{}")


def test_a_record_that_was_altered_is_refused(make_record):
    record = make_record(status="not met")
    assert ValidationRecord.parse(record.text, record.sha256) == record
    for text in (altered(record, validated=True), altered(record, actor="another"), "", "[" * 9999):
        with pytest.raises(RecordError, match="altered"):
            ValidationRecord.parse(text, record.sha256)


def test_a_record_that_contradicts_itself_is_none(make_record):
    """Also under a hash of its own: no verdict, no validation."""
    text = altered(make_record(status="not met"), validated=True)
    with pytest.raises(RecordError, match="contradicts itself"):
        ValidationRecord.parse(text)
    with pytest.raises(RecordError, match="canonical"):
        ValidationRecord.parse(json.dumps(json.loads(make_record().text), indent=1))


@pytest.mark.parametrize(
    ("present", "words"),
    [
        (method(version="2"), "version was 1, is 2"),
        (method(parameters={"window": 11}), "parameter window was 9, is 11"),
        (method(parameters={"window": 9, "x": "a"}), 'parameter x was absent, is "a"'),
        (
            method(models=(ModelFacts(name="net", version="1", sha256="ab" * 32),)),
            "model net 1 was absent, is abababababababab",
        ),
        (method(plugin="noise"), "it was jpeg-grid, and is noise"),
        (method(input=method()), "one of them refines another method's map, and the other does"),
    ],
)
def test_whatever_changes_revokes(vault, make_record, present, words):
    record = make_record(vault.validations.vault_id)
    added(vault, record)
    assert vault.validations.valid_for(method()) == record
    assert vault.validations.valid_for(present) is None
    (change,) = changes(record.method, present)
    assert words in change


def test_a_refiner_is_validated_on_its_detector_alone(vault, make_record):
    refiner = method(plugin="dense-crf", input=method())
    added(vault, make_record(vault.validations.vault_id, of=refiner))
    assert vault.validations.valid_for(refiner)
    other = method(plugin="dense-crf", input=method(version="2"))
    assert vault.validations.valid_for(other) is None
    assert changes(refiner, other) == ("in its input jpeg-grid: version was 1, is 2",)


def test_neither_a_failed_nor_a_foreign_record_validates(vault, make_record):
    added(vault, make_record(vault.validations.vault_id, status="not assessable"))
    added(vault, make_record("another vault"))
    assert vault.validations.valid_for(method()) is None


def test_the_newest_record_counts(vault, make_record):
    for moment in ("2026-02-01", "2026-03-01", "2026-01-01"):
        added(vault, make_record(vault.validations.vault_id, created=moment))
    assert vault.validations.valid_for(method()).created == "2026-03-01"


LATER = "2026-02-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("failed", "revoked"),
    [
        ({}, True),
        ({"created": "2025-12-01"}, False),
        ({"requirements_sha256": "cd" * 32}, False),  # of another use
        ({"dataset": results().dataset.model_copy(update={"images": 39})}, False),  # a trial
        ({"vault": "another vault"}, False),
        ({"of": method(version="2")}, False),
    ],
)
def test_a_later_failure_of_the_same_takes_a_validation_back(vault, make_record, failed, revoked):
    own = vault.validations.vault_id
    passed = make_record(own, created="2026-01-01T00:00:00+00:00")
    added(vault, passed)
    added(vault, make_record(**({"vault": own, "status": "not met", "created": LATER} | failed)))
    found = vault.validations.valid_for(method())
    assert found == (None if revoked else passed)
    again = make_record(own, created="2026-03-01T00:00:00+00:00")
    added(vault, again)
    assert vault.validations.valid_for(method()) == again


def test_what_was_taken_back_says_by_which_record(vault, make_record):
    own = vault.validations.vault_id
    of = installed("jpeg-grid")
    added(vault, make_record(own, of=of, created="2026-01-01T00:00:00+00:00"))
    failed = make_record(own, of=of, status="not met", created=LATER)
    added(vault, failed)
    words = f"record {failed.sha256[:16]} of 2026-02-01 does not fulfil the same requirements"
    first, second = standings(vault, Catalogue())
    assert (first.valid, first.words) == (False, f"revoked: {words}")
    assert second.words == "never valid: requirements were not met"
    demanding = method_pipeline("jpeg-grid", Catalogue()).model_copy(update={"validated": True})
    with pytest.raises(PipelineError) as caught:
        require_validated(vault, demanding, Catalogue())
    assert words in caught.value.sentences


def installed(name):
    return installed_methods(method_pipeline(name, Catalogue()), Catalogue())[name]


# --- in the database -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE validations SET record = ''",
        "DELETE FROM validations",
        "INSERT OR REPLACE INTO validations SELECT sha256, '{}', '{}' FROM validations",
    ],
)
def test_triggers_refuse_every_change(vault, make_record, change):
    added(vault, make_record())
    connection = sqlite3.connect(vault.database.file)
    with pytest.raises(sqlite3.IntegrityError, match="validations is append-only"):
        connection.execute(change)
    connection.close()


def without_triggers(vault, *statements):
    """Change the table as somebody would who took the triggers away and put them back."""
    connection = sqlite3.connect(vault.database.file)
    found = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'validations'"
    )
    triggers = connection.execute(found).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement, *values in statements:
        connection.execute(statement, values)
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("record", "{}", "was altered"),
        ("record", b"\x00", "is no text"),
        ("results", "{}", "results behind"),
    ],
)
def test_an_altered_row_is_named_and_never_used(vault, make_record, column, value, words):
    vault.create_case("2026-1", "", "", "examiner")
    sha256 = added(vault, make_record(vault.validations.vault_id))
    assert list(verify(vault.case("2026-1"))) == []
    without_triggers(vault, (f"UPDATE validations SET {column} = ?", value))
    (problem,) = verify(vault.case("2026-1"))
    assert (problem.kind, problem.subject) == ("altered", f"validations {sha256}")
    assert words in problem.message
    with pytest.raises(AlteredError):
        vault.validations.get(sha256)
    if column == "record":
        with pytest.raises(AlteredError):
            vault.validations.valid_for(method())


def test_a_vault_of_the_first_revision_is_migrated_without_loss(tmp_path, monkeypatch):
    from locard.vault import vault as vaults

    monkeypatch.setattr("locard.vault.database.upgrade", upgrade_to_first)
    monkeypatch.setattr("locard.vault.database.HEAD", "0001")
    monkeypatch.setattr(vaults, "HEAD", "0001")
    with Vault.open(tmp_path / "vault", create=True) as old:
        assert old.database.version() == "0001"
        old.create_case("2026-1", "Harbour", "Dr. Locard", "examiner")
        (photograph := tmp_path / "a.jpg").write_bytes(b"no photograph")
        list(old.case("2026-1").add([photograph], actor="examiner"))
        head = old.case("2026-1").ledger_head
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            sqlite3.connect(old.database.file).execute("SELECT * FROM validations")
    monkeypatch.undo()
    with Vault.open(tmp_path / "vault") as new:
        assert new.database.version() == "0002"
        case = new.case("2026-1")
        assert (case.facts.title, case.ledger_head) == ("Harbour", head)
        assert new.validations.list() == []
        assert list(verify(case, expected_head=head)) == []


def upgrade_to_first(connection, folder, version):
    from alembic import command
    from alembic.config import Config

    import locard.vault.migrations

    config = Config()
    folder = Path(locard.vault.migrations.__file__).parent
    config.set_main_option("script_location", str(folder))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


# --- records are kept for good -------------------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden" / "record-1.json"
GOLDEN_SHA256 = "eeb8cf05297e19f093d1a8f09f7eda3a0b9f4a44f5ca63f73393c21982e25817"


def test_a_record_of_the_first_format_can_always_be_read():
    """Should this fail, a model that records are made of has changed: give it a default."""
    text = GOLDEN.read_text("ascii")
    record = ValidationRecord.parse(text, GOLDEN_SHA256)
    assert (record.text, record.sha256) == (text, GOLDEN_SHA256)
    assert record.validated
    assert record.method.input.plugin == "jpeg-grid"
    assert record.verdicts[0].estimate.low == 0.5


def test_what_came_later_does_not_alter_older_records():
    plain = json.loads(GOLDEN.read_text("ascii"))
    del plain["verdicts"][0]["meaning"]
    text = canonical_json(plain)
    record = ValidationRecord.parse(text, sha256_of(text))
    assert (record.text, record.sha256) == (text, sha256_of(text))
    assert record.verdicts[0].meaning == ""
