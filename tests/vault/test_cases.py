"""Cases, exhibits, examinations and findings, in SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import locard.vault.migrations
from locard.errors import LocardError, VaultError
from locard.vault.errors import CaseError
from locard.vault.migrations import HEAD
from locard.vault.models import Base
from locard.vault.vault import Vault
from locard.vault.verify import verify


def test_case_goes_from_opening_to_closing(any_vault, lab):
    made = any_vault.create_case("2026-1", "Flood of the Rhône", "Dr. Locard", lab.actor)
    case = any_vault.case("2026-1")
    assert case.facts == made

    added = list(case.add([lab.photographs(5)], actor=lab.actor))
    assert [one.status for one in added] == ["added"] * 5
    assert [one.exhibit.label for one in added] == ["E0001", "E0002", "E0003", "E0004", "E0005"]
    assert {(e.format, e.width, e.height) for e in case.exhibits()} == {("JPEG", 32, 24)}

    examination = lab.begin(case)
    assert case.open_examination().number == 1
    for exhibit in examination.pending(limit=2):
        lab.record(examination, exhibit)
    assert [e.label for e in examination.pending()] == ["E0003", "E0004", "E0005"]
    with pytest.raises(CaseError, match="3 of the 5 exhibits"):
        examination.finish(lab.actor)
    examination.resume(lab.actor)
    for exhibit in examination.pending():
        lab.record(examination, exhibit)
    examination.finish(lab.actor)
    assert case.open_examination() is None
    assert examination.facts.done == examination.facts.planned == 5
    assert examination.totals() == {"grid": {"detected": 5}, "noise": {"failed": 5}}

    case.close(lab.actor)
    assert any_vault.case("2026-1").facts.closed_at is not None
    events = [entry.event for entry in case.ledger()]
    assert events == [
        "case.created",
        *["exhibit.added"] * 5,
        "examination.started",
        *["finding.recorded"] * 2,
        "examination.resumed",
        *["finding.recorded"] * 3,
        "examination.finished",
        "case.closed",
    ]
    assert list(verify(case, expected_head=case.ledger_head)) == []


def test_findings_come_back_as_they_were_recorded(any_vault, lab):
    any_vault.create_case("c", "", "", lab.actor)
    case = any_vault.case("c")
    list(case.add([lab.photographs(2)], actor=lab.actor))
    examination = lab.begin(case)
    exhibit = case.exhibit("E0002")
    result = lab.result_of(exhibit, any_vault.scratch)
    content = result.findings[0].artifacts[0].path.read_bytes()
    examination.record("E0002", result, lab.actor)

    stored = list(case.findings(1, "E0002"))
    assert [one.exhibit for one in stored] == ["E0002", "E0002"]
    assert list(case.findings()) == stored
    assert list(case.findings(exhibit="E0001")) == []
    for recorded, back in zip(result.findings, stored, strict=True):
        moved = tuple(
            replace(file, path=any_vault.store.path(file.sha256)) for file in recorded.artifacts
        )
        assert back.finding == replace(recorded, artifacts=moved)
    file = stored[0].finding.artifact("map")
    assert file.path.read_bytes() == content
    assert file.path.stat().st_mode & 0o777 == 0o444
    assert list(any_vault.scratch.iterdir()) == []


def test_only_findings_that_did_not_fail_are_reused(any_vault, lab):
    any_vault.create_case("c", "", "", lab.actor)
    case = any_vault.case("c")
    list(case.add([lab.photographs(1)], actor=lab.actor))
    lab.examine(case)
    digest = case.exhibit("E0001").sha256
    found = any_vault.cached(f"grid-{digest}")
    assert found is not None
    assert found.reused
    assert found.score == 2.0
    assert found.artifacts[0].path.is_file()
    assert any_vault.cached(f"noise-{digest}") is None
    assert any_vault.cached("another") is None


def test_a_reused_finding_shares_its_artifact(any_vault, lab):
    any_vault.create_case("c", "", "", lab.actor)
    case = any_vault.case("c")
    list(case.add([lab.photographs(1)], actor=lab.actor))
    lab.examine(case)
    exhibit = case.exhibit("E0001")
    again = lab.begin(case)
    reused = any_vault.cached(f"grid-{exhibit.sha256}")
    result = replace(lab.result_of(exhibit, any_vault.scratch), findings=(reused,))
    again.record("E0001", result, lab.actor)
    assert reused.artifacts[0].path.is_file()
    assert [p for p in verify(case) if p.kind != "note"] == []


def test_same_exhibit_is_recorded_once(case, lab):
    list(case.add([lab.photographs(2)], actor=lab.actor))
    examination = lab.begin(case)
    exhibit = case.exhibit("E0001")
    lab.record(examination, exhibit)
    with pytest.raises(CaseError, match="has findings for exhibit E0001 already"):
        lab.record(examination, exhibit)
    assert examination.facts.done == 1


def test_record_refuses_what_does_not_belong(case, lab):
    list(case.add([lab.photographs(3)], actor=lab.actor))
    examination = lab.begin(case, ["E0001", "E0003"])
    assert [e.label for e in examination.pending()] == ["E0001", "E0003"]
    one, two = case.exhibit("E0001"), case.exhibit("E0002")
    with pytest.raises(CaseError, match="E0002 is not part of examination 1"):
        lab.record(examination, two)
    with pytest.raises(CaseError, match="not of exhibit E0001"):
        examination.record("E0001", lab.result_of(two, case.vault.scratch), lab.actor)
    result = lab.result_of(one, case.vault.scratch)
    result.findings[0].artifacts[0].path.write_bytes(b"another map")
    with pytest.raises(VaultError, match="was altered"):
        examination.record("E0001", result, lab.actor)
    assert examination.facts.done == 0


def test_interrupted_record_is_repeated_from_the_store(case, lab):
    """The artifacts were moved, and the process died before the rows were committed."""
    list(case.add([lab.photographs(1)], actor=lab.actor))
    examination = lab.begin(case)
    exhibit = case.exhibit("E0001")
    result = lab.result_of(exhibit, case.vault.scratch)
    artifact = result.findings[0].artifacts[0]
    case.vault.store.take(artifact.path, artifact.sha256)
    assert [p.kind for p in verify(case)] == ["note"]
    examination.record("E0001", result, lab.actor)
    assert list(verify(case)) == []


def test_closed_case_refuses_every_change(examined, lab, tmp_path):
    open_one = lab.begin(examined)
    examined.close(lab.actor)
    exhibit = examined.exhibit("E0001")
    changes = [
        lambda: list(examined.add([tmp_path], actor=lab.actor)),
        lambda: lab.begin(examined),
        lambda: lab.record(open_one, exhibit),
        lambda: open_one.finish(lab.actor),
        lambda: open_one.resume(lab.actor),
        lambda: examined.close(lab.actor),
    ]
    head = examined.ledger_head
    for change in changes:
        with pytest.raises(CaseError, match="was closed on"):
            change()
    assert examined.ledger_head == head


def test_finished_examination_refuses_more(examined, lab):
    examination = examined.examination(1)
    for change in (examination.finish, examination.resume):
        with pytest.raises(CaseError, match="has finished"):
            change(lab.actor)


def test_exhibits_are_paged_and_found(case, lab):
    folder = lab.photographs(12)
    list(case.add([folder], actor=lab.actor))
    assert [e.label for e in case.exhibits(limit=3, offset=10)] == ["E0011", "E0012"]
    last = case.exhibits()[-1]
    for words in ("E0012", "e12", last.sha256, last.sha256[:10].upper(), "011.jpg", last.names[0]):
        assert case.exhibit(words) == last
    for words in ("E0013", "E0000", "abcdef", "nothing.jpg", ""):
        with pytest.raises(CaseError, match="there is no exhibit"):
            case.exhibit(words)


def test_name_of_two_exhibits_is_refused(case, lab):
    list(case.add([lab.photographs(1, "a"), lab.photographs(1, "b")], actor=lab.actor))
    with pytest.raises(CaseError, match="may be any of E0001, E0002"):
        case.exhibit("000.jpg")


def test_pending_streams_over_many_pages(case, lab, monkeypatch):
    monkeypatch.setattr("locard.vault.examination._PAGE", 3)
    list(case.add([lab.photographs(10)], actor=lab.actor))
    examination = lab.begin(case, ["E0001", "E0003", "E0004", "E0005", "E0006", "E0010"])
    seen = []
    for exhibit in examination.pending():
        seen.append(exhibit.label)
        lab.record(examination, exhibit)
    assert seen == ["E0001", "E0003", "E0004", "E0005", "E0006", "E0010"]
    examination.finish(lab.actor)


def test_cases_are_listed_by_name(any_vault, lab):
    for name in ("b", "a", "c"):
        any_vault.create_case(name, "", "", lab.actor)
    assert [facts.name for facts in any_vault.cases()] == ["a", "b", "c"]
    assert [facts.name for facts in any_vault.cases(limit=1, offset=1)] == ["b"]


def test_wrong_words_are_errors_that_help(vault, case, lab):
    with pytest.raises(CaseError, match="Did you mean 2026-1"):
        vault.case("2026_1")
    with pytest.raises(CaseError, match="already a case"):
        vault.create_case("2026-1", "", "", lab.actor)
    for name in ("", "  ", "a\nb", "x" * 201, "\udcff", "nul\0"):
        with pytest.raises(CaseError):
            vault.create_case(name, "", "", lab.actor)
    with pytest.raises(CaseError, match="no exhibits"):
        lab.begin(case)
    list(case.add([lab.photographs(1)], actor=lab.actor))
    with pytest.raises(CaseError, match="no exhibit 'E0002'"):
        lab.begin(case, ["E0001", "E0002"])
    with pytest.raises(CaseError, match="no examination 7"):
        case.examination(7)
    assert len(case.ledger()) == 2


def test_pipeline_must_have_its_hash(case):
    with pytest.raises(ValueError, match="pipeline_sha256"):
        case.begin_examination("{}", hashlib.sha256(b"other").hexdigest(), {}, None, "me")


def test_migrations_make_what_the_models_say(any_vault):
    with any_vault.database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == HEAD


def test_head_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(locard.vault.migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


@pytest.mark.parametrize("url", ["mysql://host/db", "no url", "nosuch://x"])
def test_other_databases_are_refused_in_words(tmp_path, url):
    with pytest.raises(LocardError, match="--database"):
        Vault.open(tmp_path / "v", create=True, database=url)


def test_postgresql_vault_asks_for_its_database(postgresql_url, tmp_path):
    Vault.open(tmp_path / "v", create=True, database=postgresql_url).close()
    with pytest.raises(VaultError, match="PostgreSQL database"):
        Vault.open(tmp_path / "v")
    with pytest.raises(VaultError, match="does not belong"):
        Vault.open(tmp_path / "w", create=True, database=postgresql_url)


def test_postgresql_that_is_not_there_is_an_error_in_words(tmp_path):
    url = f"postgresql+psycopg://nobody@/nothing?host={tmp_path}"
    with pytest.raises(VaultError, match="cannot be used"):
        Vault.open(tmp_path / "v", create=True, database=url)
