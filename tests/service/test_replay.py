"""A replay names every difference, and nothing else."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from locard.engine.records import ArtifactRecord, FindingRecord
from locard.outcomes import Outcome
from locard.service.replay import Difference, compare_exhibit

MAP = ArtifactRecord(
    "map", "map", Path("x"), "aa" * 32, 10, "application/gzip", {"rows": 1, "columns": 800}
)


def written_map(folder: Path, name: str, values: list[float], level: int) -> ArtifactRecord:
    """Write a map as the engine does, at a level of compression."""
    stream = BytesIO()
    np.save(stream, np.array([values], np.float32))
    data = gzip.compress(stream.getvalue(), level, mtime=0)
    path = folder / name
    path.write_bytes(data)
    return replace(MAP, path=path, sha256=hashlib.sha256(data).hexdigest())


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
        ({"artifacts": (replace(MAP, sha256="bb" * 32, geometry={"rows": 2}),)}, "map map"),
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


def test_the_same_values_packed_otherwise_are_no_difference(tmp_path):
    values = [0.0, 0.25] * 400
    one = written_map(tmp_path, "one", values, level=1)
    other = written_map(tmp_path, "other", values, level=9)
    changed = written_map(tmp_path, "changed", [*values[:-1], 0.250001], level=1)
    assert one.sha256 != other.sha256
    recorded = {"noise": replace(FINDING, artifacts=(one,))}
    assert compare_exhibit("E0001", recorded, (replace(FINDING, artifacts=(other,)),)) == []
    found = compare_exhibit("E0001", recorded, (replace(FINDING, artifacts=(changed,)),))
    assert [(item.what, item.recorded) for item in found] == [("map map", one.sha256)]


def test_a_recorded_map_that_is_damaged_differs(tmp_path: Path) -> None:
    before = written_map(tmp_path, "before", [0.25, 0.5], 6)
    after = written_map(tmp_path, "after", [0.25, 0.5], 1)
    before.path.write_bytes(before.path.read_bytes()[:-9])
    recorded = {"noise": replace(FINDING, artifacts=(before,))}
    (found,) = compare_exhibit("E0001", recorded, (replace(FINDING, artifacts=(after,)),))
    assert found.what == "map map"
