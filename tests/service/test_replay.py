"""A replay names every difference, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from locard.engine.records import ArtifactRecord, FindingRecord
from locard.outcomes import Outcome
from locard.service.replay import Difference, compare_exhibit

MAP = ArtifactRecord("map", "map", Path("x"), "aa" * 32, 10, "application/gzip", {"cell": 8})
FINDING = FindingRecord(
    step="noise",
    plugin="noise",
    plugin_version="1",
    outcome=Outcome.DETECTED,
    score=0.5,
    measurements={"sigma": 1.25},
    artifacts=(MAP,),
    seconds=0.2,
    receipt={"started": "then", "models": []},
)


def differences(again: FindingRecord) -> list[Difference]:
    return compare_exhibit("E0001", {"noise": FINDING}, (again,))


def test_time_and_machine_are_no_difference():
    assert differences(replace(FINDING, seconds=9.0, reused=True, receipt={"started": "now"})) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"outcome": Outcome.NOT_DETECTED}, "outcome"),
        ({"score": 0.5000001}, "score"),
        ({"reason": "other"}, "reason"),
        ({"plugin_version": "2"}, "plugin_version"),
        ({"measurements": {"sigma": 1.26}}, "measurements"),
        ({"regions": ({"x": 1},)}, "regions"),
        ({"artifacts": (replace(MAP, sha256="bb" * 32),)}, "map map"),
        ({"artifacts": ()}, "map map"),
        ({"receipt": {"models": [{"name": "m", "sha256": "cc"}]}}, "models"),
    ],
)
def test_each_difference_is_named(change, what):
    found = differences(replace(FINDING, **change))
    assert [(item.exhibit, item.step, item.what) for item in found] == [("E0001", "noise", what)]


def test_a_step_that_is_gone_or_new_is_named():
    found = compare_exhibit("E0001", {"noise": FINDING}, (replace(FINDING, step="other"),))
    assert [(item.step, item.recorded, item.replayed) for item in found] == [
        ("noise", "recorded", None),
        ("other", None, "replayed"),
    ]
