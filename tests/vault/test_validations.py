"""Validation records in each database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from locard.canonical import canonical_json, sha256_of
from locard.evaluation.validation.record import ValidationRecord
from locard.vault.bundle import export, import_bundle
from locard.vault.errors import BundleError
from locard.vault.validations import RELIED_ON
from locard.vault.vault import Vault
from locard.vault.verify import verify

PIPELINE = '{"name": "test", "steps": [], "version": "1"}'
GOLDEN = Path(__file__).parents[1] / "validation" / "golden" / "record-1.json"
RESULTS = '{"a": "\\u0000 \u202e é"}'


def record_of(vault: str) -> ValidationRecord:
    changes = {"vault": vault, "results_sha256": sha256_of(RESULTS), "actor": "Edmond \u202e é"}
    return ValidationRecord.parse(canonical_json(json.loads(GOLDEN.read_text()) | changes))


def test_a_record_is_kept_and_validates_in_its_own_vault_alone(any_vault, lab):
    kept = any_vault.validations
    foreign, own = record_of("another vault"), record_of(kept.vault_id)
    kept.add(foreign, RESULTS)
    assert kept.valid_for(own.method) is None
    kept.add(own, RESULTS)
    assert kept.valid_for(own.method) == own
    assert kept.get(own.sha256) == (own, RESULTS)
    assert {record.sha256 for record in kept.list()} == {own.sha256, foreign.sha256}
    any_vault.create_case("c", "", "", lab.actor)
    assert list(verify(any_vault.case("c"))) == []


def test_nobody_brings_a_validation_of_this_vault_from_elsewhere(case, lab, tmp_path):
    """Its identifier stands in every record that leaves it: who has one can write another."""
    victim = case.vault
    with Vault.open(tmp_path / "forger", create=True) as forger:
        record = record_of(victim.validations.vault_id)
        forger.validations.add(record, RESULTS)
        forger.create_case("theirs", "", "", lab.actor)
        theirs = forger.case("theirs")
        list(theirs.add([lab.photographs(1)], actor=lab.actor))
        relied = {RELIED_ON: {"grid": record.sha256}}
        digest = sha256_of(PIPELINE)
        examination = theirs.begin_examination(PIPELINE, digest, relied, None, lab.actor)
        for exhibit in examination.pending():
            lab.record(examination, exhibit)
        examination.finish(lab.actor)
        bundle = export(theirs, tmp_path / "bundle")
    with pytest.raises(BundleError, match="says that it was made in this vault"):
        import_bundle(victim, bundle, lab.actor)
    assert [known.name for known in victim.cases()] == ["2026-1"]
    assert victim.validations.valid_for(record.method) is None
    with Vault.open(tmp_path / "third", create=True) as third:
        import_bundle(third, bundle, lab.actor)
        assert third.validations.list() == [record]
        assert third.validations.valid_for(record.method) is None
    # Where the record was made it is known, and no obstacle.
    victim.validations.add(record, RESULTS)
    import_bundle(victim, bundle, lab.actor)
