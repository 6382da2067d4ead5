"""Checks that are no metrics: what they say of findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from locard.engine.records import ArtifactRecord, FindingRecord
from locard.evaluation.datasets import Sample
from locard.outcomes import Outcome
from locard.service import validation_checks
from locard.testing.bad_files import bad_files

MAP = ArtifactRecord("map", "map", Path("x"), "aa" * 32, 1, "application/gzip")
FINDING = FindingRecord(
    step="grid", plugin="jpeg-grid", plugin_version="1", outcome=Outcome.DETECTED, artifacts=(MAP,)
)


@dataclass
class Runs:
    """Gives the findings of one run after the other."""

    runs: list

    def __call__(self, subjects):
        finding = self.runs.pop(0)
        return {subject.sha256: finding for subject in subjects}


DATASET = SimpleNamespace(
    samples=tuple(Sample(name, Path(name), "authentic") for name in ("a", "b", "c")),
    hashes={"a": "1", "b": "2", "c": "3"},
)


def repeatability(*runs, count=3):
    return validation_checks._repeatability(DATASET, count, Runs(list(runs)))


def test_the_same_twice_is_repeatable_whatever_the_time_it_took():
    found = repeatability(FINDING, replace(FINDING, seconds=9.0, reused=True, receipt={"x": 1}))
    assert found.status == "met"


@pytest.mark.parametrize(
    "change",
    [
        {"score": 0.1},
        {"outcome": Outcome.NOT_DETECTED},
        {"measurements": {"x": 1}},
        {"artifacts": (replace(MAP, sha256="bb" * 32),)},
    ],
)
def test_whatever_else_differs_is_not(change):
    found = repeatability(FINDING, replace(FINDING, **change))
    assert found.status == "not met"
    assert "3 of 3 images gave another finding: a, b, c" in found.sentence


def test_a_failure_is_no_repeatable_finding():
    failed = replace(FINDING, outcome=Outcome.FAILED, reason="error")
    assert repeatability(failed, failed).status == "not met"


def test_fewer_images_than_asked_for_are_not_assessable():
    assert repeatability(FINDING, FINDING, count=4).status == "not assessable"


@pytest.mark.parametrize(
    ("reason", "status"),
    [("truncated", "met"), ("error", "not met"), ("timeout", "not met"), ("crash", "not met")],
)
def test_a_crash_is_no_outcome(reason, status):
    failed = replace(FINDING, outcome=Outcome.FAILED, reason=reason)
    found = validation_checks._bad_input(Runs([failed]))
    assert found.status == status
    assert ("cut.jpg" in found.sentence) == (status == "not met")


def test_bad_files_are_bad_and_always_the_same():
    from locard.errors import ImageError
    from locard.image import Image

    unreadable = []
    for name, data in bad_files().items():
        try:
            Image.from_bytes(data).pixels  # noqa: B018  what is looked at is whether it can be
        except ImageError:
            unreadable.append(name)
    assert set(bad_files()) - set(unreadable) == {
        "trailer.jpg",
        "wrong-name.jpg",
        "zeros-in-tables.jpg",
    }
    bad_files.cache_clear()
    again = bad_files()
    assert list(again.values()) == list(bad_files().values())
