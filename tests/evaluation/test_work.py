"""What an evaluation says of its images does not depend on which came back first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import painted
import pytest

from locard.engine.records import ExhibitResult
from locard.evaluation.datasets.loading import load
from locard.evaluation.runs.finding_store import FindingStore
from locard.evaluation.runs.work import Work
from locard.evaluation.treatments import parse
from locard.plugins import Catalogue


class Here:
    """Does at once, in this process, what is submitted."""

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*args))
        return done


def problems(folder: Path, scratch: Path, order: Callable[[list[Any]], list[Any]]) -> list[str]:
    scratch.mkdir()
    dataset = load(folder, "folder", Catalogue())
    store = FindingStore(scratch / "findings")
    treatments = [parse("crop-0-30"), parse("crop-0-35")]
    work = Work(dataset, treatments, store, Here(), scratch, 1)  # type: ignore[arg-type]
    for subject in order(list(work.subjects())):
        work.deliver(subject, ExhibitResult(subject.sha256, 60, 40, ()))
    assert work.rows() == ()
    return list(work.problems())


@pytest.mark.parametrize(
    "order", [lambda subjects: sorted(subjects, key=str), lambda subjects: subjects[::-1]]
)
def test_problems_come_in_the_order_of_samples(tmp_path: Path, order: Callable[..., Any]) -> None:
    folder = painted.make(tmp_path / "set")
    painted.save(folder / "masks/s1.png", np.zeros((painted.HEIGHT, painted.WIDTH), np.uint8))
    as_they_come = problems(folder, tmp_path / "one", list)
    assert as_they_come[:4] == [
        "tampered/splice/s1.png: its mask marks nothing",
        "tampered/copy-move/c0.png, under crop-0-30: its mask marks nothing",
        "tampered/splice/s0.png, under crop-0-30: its mask marks nothing",
        "tampered/splice/s2.png, under crop-0-30: its mask marks nothing",
    ]
    assert all("is left out of crop-0-35" in problem for problem in as_they_come[4:])
    assert len(as_they_come) == 4 + len(painted.RED)
    assert problems(folder, tmp_path / "other", order) == as_they_come
