"""Findings are kept whole or not at all, and what was altered is never believed."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from locard.engine.artifacts import read_map, read_mask, write_artifacts
from locard.engine.records import FindingRecord
from locard.errors import LocardError
from locard.evaluation.runs.finding_store import FindingStore
from locard.findings import Finding, HeatMap
from locard.outcomes import Outcome

KEY = "ab" * 32
VALUES = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def record(tmp_path: Path) -> FindingRecord:
    """A finding as a worker leaves it: its files in a spool folder."""
    return made(tmp_path / "spool")


def made(spool: Path, key: str | None = KEY) -> FindingRecord:
    spool.mkdir()
    finding = Finding.detected(
        0.5,
        "there",
        map=HeatMap(VALUES, cell=8, origin=(1, 2)),
        mask=np.eye(5, dtype=bool),
        pictures={"sheet": np.zeros((4, 4, 3), np.uint8)},
    )
    artifacts = write_artifacts(finding, "first", spool)
    measurements = {"cells": 12, "name": "é", "list": [1.5, None]}
    return FindingRecord(
        "first", "acme", "1", Outcome.DETECTED, 0.5, None, "there", (), measurements, artifacts,
        0.25, {"step": "first"}, key,
    )  # fmt: skip


def test_a_finding_comes_back_as_it_was_but_for_its_pictures(tmp_path: Path, record: FindingRecord):
    store = FindingStore(tmp_path / "findings")
    assert store.get(KEY) is None
    kept = store.keep(record)
    again = FindingStore(tmp_path / "findings").get(KEY)
    assert again == kept
    assert again.measurements == record.measurements
    assert [artifact.kind for artifact in again.artifacts] == ["map", "mask"]
    assert again.artifacts[0].path.parent == tmp_path / "findings" / "ab" / KEY
    heat_map = read_map(again)
    assert (heat_map.cell, heat_map.origin) == (8, (1, 2))
    np.testing.assert_array_equal(heat_map.values, VALUES)
    np.testing.assert_array_equal(read_mask(again), np.eye(5, dtype=bool))
    assert store.damaged == []


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": Outcome.FAILED, "reason": "crash"},
        {"outcome": Outcome.NOT_APPLICABLE, "reason": "input-failed"},
        {"cache_key": None},
        {"reused": True},
    ],
)
def test_what_must_not_be_used_again_is_not_kept(
    tmp_path: Path, record: FindingRecord, changes: dict
):
    store = FindingStore(tmp_path / "findings")
    record = replace(record, **changes)
    assert store.keep(record) == record
    assert store.get(KEY) is None
    assert all(artifact.path.is_file() for artifact in record.artifacts)


def altered_map(place: Path) -> None:
    path = place / "first.map.npy.gz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def missing_mask(place: Path) -> None:
    (place / "first.mask.png").unlink()


def cut_record(place: Path) -> None:
    path = place / "finding.json"
    path.write_bytes(path.read_bytes()[:-40])


def missing_record(place: Path) -> None:
    (place / "finding.json").unlink()


def other_record(place: Path) -> None:
    (place / "finding.json").write_text("[1, 2]")


def undecodable_record(place: Path) -> None:
    (place / "finding.json").write_bytes(b"\xff\xfe\xfd")


def another_key(place: Path) -> None:
    change(place, lambda plain: plain.update(cache_key="cd" * 32))


def file_elsewhere(place: Path) -> None:
    change(place, lambda plain: plain["artifacts"][0].update(path="/etc/hostname"))


def unknown_outcome(place: Path) -> None:
    change(place, lambda plain: plain.update(outcome="guilty"))


def change(place: Path, how) -> None:
    plain = json.loads((place / "finding.json").read_text())
    how(plain)
    (place / "finding.json").write_text(json.dumps(plain))


@pytest.mark.parametrize(
    "damage",
    [
        altered_map,
        missing_mask,
        cut_record,
        missing_record,
        other_record,
        undecodable_record,
        another_key,
        file_elsewhere,
        unknown_outcome,
    ],
)
def test_a_damaged_finding_is_thrown_away_with_a_word(
    tmp_path: Path, record: FindingRecord, damage
):
    store = FindingStore(tmp_path / "findings")
    store.keep(record)
    place = tmp_path / "findings" / "ab" / KEY
    damage(place)
    assert store.get(KEY) is None
    assert not place.exists()
    (word,) = store.damaged
    assert "damaged" in word
    assert KEY[:12] in word
    # It can be kept anew.
    store.keep(made(tmp_path / "again"))
    assert store.get(KEY) is not None


def test_what_is_there_stays_when_the_same_finding_comes_again(tmp_path: Path):
    store = FindingStore(tmp_path / "findings")
    first = store.keep(made(tmp_path / "one"))
    inode = first.artifacts[0].path.stat().st_ino
    second = store.keep(made(tmp_path / "two"))
    assert second == first
    assert first.artifacts[0].path.stat().st_ino == inode
    assert list((tmp_path / "findings" / "unfinished").iterdir()) == []


def test_what_a_killed_run_left_is_cleared_later(tmp_path: Path):
    store = FindingStore(tmp_path / "findings")
    old, new = (store.folder / "unfinished" / name for name in ("old", "new"))
    for place in (old, new):
        place.mkdir()
        (place / "first.map.npy.gz").write_bytes(b"half")
    os.utime(old, times=(time.time() - 7200,) * 2)
    FindingStore(tmp_path / "findings")
    assert not old.exists()
    assert new.exists()  # another run may be writing it


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path, record: FindingRecord):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LocardError, match="cannot be kept"):
        FindingStore(tmp_path / "file")
    store = FindingStore(tmp_path / "findings")
    (tmp_path / "findings" / "ab").write_text("no folder")
    with pytest.raises(LocardError, match="cannot be kept"):
        store.keep(record)
