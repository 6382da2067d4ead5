"""Bundles: verified without Locard, refused where altered, the same case in another vault."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import bagit
import pytest

from locard.errors import ExitCode, LocardError
from locard.vault.bundle import export, import_bundle
from locard.vault.errors import BundleError, CaseError
from locard.vault.vault import Vault
from locard.vault.verify import verify

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bundle(examined, tmp_path):
    return export(examined, tmp_path / "bundle")


@pytest.fixture
def second(tmp_path):
    with Vault.open(tmp_path / "second", create=True) as vault:
        yield vault


def stand_alone_program() -> str:
    """The program that docs/vault.md shows."""
    text = (ROOT / "docs" / "vault.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(# check_ledger\.py.*?)```", text, re.DOTALL)
    return program


def check_without_locard(bundle: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-c", stand_alone_program(), str(bundle)]
    return subprocess.run(command, capture_output=True, text=True)


def sha256sum(bundle: Path) -> subprocess.CompletedProcess[str]:
    command = ["sha256sum", "--quiet", "-c", "manifest-sha256.txt"]
    return subprocess.run(command, cwd=bundle, capture_output=True, text=True)


def test_bundle_verifies_without_locard(examined, bundle):
    assert sha256sum(bundle).returncode == 0
    checked = check_without_locard(bundle)
    assert checked.stdout.split() == ["ledger", "head", examined.ledger_head], checked.stderr
    assert bagit.Bag(str(bundle)).is_valid()


def test_bundle_has_every_file_and_no_name_from_outside(examined, bundle, lab):
    names = {str(path.relative_to(bundle / "data")) for path in bundle.rglob("data/*/*")}
    for exhibit in examined.exhibits():
        name = f"originals/{exhibit.label}-{exhibit.sha256[:16]}.jpg"
        assert (bundle / "data" / name).read_bytes() == exhibit.path.read_bytes()
    for stored in examined.findings():
        for file in stored.finding.artifacts:
            path = bundle / "data" / "artifacts" / file.sha256[:2] / f"{file.sha256}.npy.gz"
            assert path.read_bytes() == file.path.read_bytes()
    assert not any("000.jpg" in name for name in names)
    listed = (bundle / "data" / "records" / "exhibit_names.jsonl").read_text()
    assert examined.exhibits()[0].names[0] in listed


def test_hostile_names_survive_the_way_out_and_in(any_vault, second, lab, tmp_path):
    any_vault.create_case("c", "", "", lab.actor)
    case = any_vault.case("c")
    photograph = lab.photographs(1) / "000.jpg"
    for name in ("line\nbreak '\"<b>.jpg", "\udcff\udc80.jpg", "\u202egpj.jpg"):
        shutil.copy(photograph, tmp_path / name)
        list(case.add([tmp_path / name], actor=lab.actor))
    bundle = export(case, tmp_path / "bundle")
    assert sha256sum(bundle).returncode == 0
    assert check_without_locard(bundle).returncode == 0
    import_bundle(second, bundle, lab.actor)
    assert second.case("c").exhibits()[0].names == case.exhibits()[0].names
    assert list(verify(second.case("c"))) == []


def test_imported_case_is_the_same_case(examined, bundle, second, lab):
    facts = import_bundle(second, bundle, "other lab", examined.ledger_head)
    case = second.case("2026-1")
    assert facts == case.facts == examined.facts
    assert case.ledger() == examined.ledger()
    assert list(verify(case, expected_head=examined.ledger_head)) == []
    here, there = list(case.findings()), list(examined.findings())
    assert [(f.finding.step, f.finding.score) for f in here] == [
        (f.finding.step, f.finding.score) for f in there
    ]
    lab.begin(case)
    assert list(verify(case, expected_head=examined.ledger_head)) == []


def test_imported_case_stays_tied_to_its_bundle(bundle, second, lab):
    import sqlite3

    import_bundle(second, bundle, lab.actor)
    connection = sqlite3.connect(second.database.file)
    trigger = "SELECT sql FROM sqlite_master WHERE name = 'imports_no_update'"
    (create,) = connection.execute(trigger).fetchone()
    connection.execute("DROP TRIGGER imports_no_update")
    connection.execute("UPDATE imports SET head = 'another'")
    connection.execute(create)
    connection.commit()
    connection.close()
    assert [(p.kind, p.what) for p in verify(second.case("2026-1"))] == [("altered", "ledger")]


def rebag(bundle: Path) -> None:
    """Do what a forger does: put the right checksums beside altered files."""
    bagit.Bag(str(bundle)).save(manifests=True)


def alter(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


ALTERATIONS = {
    "finding": (
        lambda data: alter(data / "records/findings.jsonl", '"detected"', '"not_detected"'),
        "row 1/1/1 of table findings was altered",
    ),
    "ledger": (
        lambda data: alter(data / "ledger.jsonl", '"actor":"examiner"', '"actor":"nobody"'),
        "ledger entry 1 .* was altered",
    ),
    "row removed": (
        lambda data: (data / "records/endings.jsonl").write_text(""),
        "row 1 of table endings, which the ledger fixed, is missing",
    ),
    "ledger cut off": (
        lambda data: (data / "ledger.jsonl").write_text(
            "".join((data / "ledger.jsonl").read_text().splitlines(keepends=True)[:-1])
        ),
        "row 1 of table endings is in no ledger entry",
    ),
    "unknown column": (
        lambda data: alter(data / "records/endings.jsonl", '"actor"', '"author"'),
        "its records do not fit together|cannot be read",
    ),
    "no JSON": (
        lambda data: (data / "records/exhibits.jsonl").write_text("nonsense\n"),
        "its records cannot be read",
    ),
    "original": (
        lambda data: next((data / "originals").iterdir()).write_bytes(b"another"),
        "is not what the ledger says",
    ),
    "summary": (
        lambda data: alter(data / "case.json", '"name": "2026-1"', '"name": "2026-9"'),
        "case.json does not agree with the ledger",
    ),
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_altered_bundle_is_refused_and_named(bundle, second, lab, what):
    change, words = ALTERATIONS[what]
    change(bundle / "data")
    assert sha256sum(bundle).returncode != 0
    with pytest.raises(BundleError, match="validation failed"):
        import_bundle(second, bundle, lab.actor)
    rebag(bundle)
    with pytest.raises(BundleError, match=words) as raised:
        import_bundle(second, bundle, lab.actor)
    assert raised.value.exit_code == ExitCode.ATTENTION
    assert second.cases() == []


def test_stand_alone_program_sees_forgeries(bundle):
    alter(bundle / "data/records/findings.jsonl", '"detected"', '"not_detected"')
    assert "findings 1/1/1" in check_without_locard(bundle).stderr
    alter(bundle / "data/ledger.jsonl", '"actor":"examiner"', '"actor":"nobody"')
    assert "entry 1" in check_without_locard(bundle).stderr


def test_wrong_head_is_refused(bundle, second, lab):
    with pytest.raises(BundleError, match="no entry has the hash that you gave"):
        import_bundle(second, bundle, lab.actor, "ab" * 32)


@pytest.mark.parametrize("target", ["data/extra.txt", "data/originals/link.jpg"])
def test_added_files_and_links_are_refused(bundle, second, lab, target):
    if target.endswith("jpg"):
        (bundle / target).symlink_to("/etc/passwd")
    else:
        (bundle / target).write_text("slipped in")
    with pytest.raises(BundleError, match=r"extra\.txt|symbolic link"):
        import_bundle(second, bundle, lab.actor)


def test_what_is_no_bundle_is_refused(second, lab, tmp_path):
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(BundleError, match="is not a bundle"):
            import_bundle(second, folder, lab.actor)
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "file").touch()
    bagit.make_bag(str(tmp_path / "bag"), checksums=["sha256"])
    with pytest.raises(BundleError, match="holds no case"):
        import_bundle(second, tmp_path / "bag", lab.actor)


def test_bundle_of_a_newer_version_is_refused(bundle, second, lab):
    alter(bundle / "data/case.json", '"format": 1', '"format": 2')
    rebag(bundle)
    with pytest.raises(BundleError, match="has format 2"):
        import_bundle(second, bundle, lab.actor)


def test_case_is_imported_once(examined, bundle, second, lab):
    import_bundle(second, bundle, lab.actor)
    with pytest.raises(CaseError, match="in the vault already"):
        import_bundle(second, bundle, lab.actor)
    with pytest.raises(CaseError, match="in the vault already"):
        import_bundle(examined.vault, bundle, lab.actor)


def test_name_of_another_case_is_refused(bundle, second, lab):
    second.create_case("2026-1", "", "", lab.actor)
    with pytest.raises(CaseError, match="another case of the name"):
        import_bundle(second, bundle, lab.actor)


def test_harmed_case_is_not_exported(examined, tmp_path):
    examined.exhibit("E0001").path.unlink()
    with pytest.raises(BundleError, match="missing from the store"):
        export(examined, tmp_path / "bundle")
    path = examined.exhibit("E0001").path
    path.write_bytes(b"another")
    with pytest.raises(BundleError, match="altered in the store"):
        export(examined, tmp_path / "bundle")
    assert not list(tmp_path.glob("*bundle*"))


def test_export_does_not_overwrite(examined, bundle):
    before = json.loads((bundle / "data/case.json").read_text())
    with pytest.raises(CaseError, match="is there already"):
        export(examined, bundle)
    assert json.loads((bundle / "data/case.json").read_text()) == before


def test_export_into_nowhere_is_an_error_in_words(examined, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LocardError, match="cannot be written"):
        export(examined, tmp_path / "file" / "bundle")


DIE_IN_EXPORT = """
import os, sys
from pathlib import Path
import bagit
from locard.vault import bundle
from locard.vault.vault import Vault
make = bagit.make_bag
def die(*arguments, **options):
    make(*arguments, **options)
    os.kill(os.getpid(), 9)
bagit.make_bag = die
with Vault.open(Path(sys.argv[1])) as vault:
    bundle.export(vault.case("2026-1"), Path(sys.argv[2]))
"""


def test_killed_export_leaves_nothing_that_looks_whole(examined, tmp_path):
    destination = tmp_path / "bundle"
    command = [sys.executable, "-c", DIE_IN_EXPORT, str(examined.vault.folder), str(destination)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert not destination.exists()
    assert (tmp_path / ".bundle.partial").exists()
    export(examined, destination)
    assert not (tmp_path / ".bundle.partial").exists()
    assert sha256sum(destination).returncode == 0
