"""Validation records in each database."""

from __future__ import annotations

import json
from pathlib import Path

from locard.canonical import canonical_json, sha256_of
from locard.evaluation.validation.record import ValidationRecord
from locard.vault.verify import verify

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
