"""The engine over many exhibits: order, events, cache, chains, bad files, and how it stops."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locard import hookimpl
from locard.engine.artifacts import read_map, read_mask
from locard.engine.events import Examined, Finished, Started
from locard.engine.executor import Executor, WorkerDied
from locard.engine.run import examine
from locard.engine.tasks import Subject, Task
from locard.errors import LocardError, PluginError
from locard.image import Image
from locard.outcomes import Outcome
from locard.plugins import Catalogue

Run = Callable[..., Any]

INVERT = {"name": "inverted", "plugin": "acme-invert", "input": "acme-mean"}
AGAIN = {"name": "again", "plugin": "acme-invert", "input": "inverted"}


def test_a_chain_of_steps_over_one_exhibit(run: Run, pipeline: Run, photographs: Run) -> None:
    (subject,) = photographs(1)
    results = run(pipeline("acme-mean", INVERT, AGAIN), [subject])
    result = results[subject.name]
    assert (result.sha256, result.width, result.height) == (subject.sha256, 32, 24)
    mean, inverted, again = result.findings
    luma = Image.from_path(subject.path).luma / 255
    assert np.array_equal(read_map(mean).values, luma)  # type: ignore[union-attr]
    assert np.array_equal(read_map(inverted).values, 1 - luma)  # type: ignore[union-attr]
    assert np.array_equal(read_map(again).values, 1 - (1 - luma))  # type: ignore[union-attr]
    assert np.array_equal(read_mask(mean), luma > luma.mean())  # type: ignore[operator]
    assert mean.score == again.score == pytest.approx(float(luma.mean()))
    assert mean.regions == (
        {"x": 0, "y": 0, "width": 1, "height": 1, "label": "corner", "score": 0.5}
        | {"measurements": {}},
    )
    assert [a.name for a in mean.artifacts] == ["map", "mask", "thumbnail"]


def test_a_receipt_says_what_it_takes_to_run_again(
    run: Run, pipeline: Run, photographs: Run
) -> None:
    (subject,) = photographs(1)
    made = pipeline({"name": "a", "plugin": "acme-with-model", "parameters": {"weight": 0.5}})
    finding = run(made, [subject]).finding(subject.name, "a")
    receipt = finding.receipt
    expected = {
        "step": "a",
        "plugin": "acme-with-model",
        "plugin_version": "1",
        "distribution": "acme-hostile",
        "distribution_version": "1.0",
        "parameters": {"weight": 0.5},
        "limits": {"seconds": 60.0, "mebibytes": 512},
        "input": None,
        "models": [{"name": "acme", "version": "1", "sha256": "ab" * 32}],
        "seconds": finding.seconds,
    }
    assert {name: receipt[name] for name in expected} == expected
    assert receipt["started"] < receipt["ended"]
    assert receipt["started"].endswith("+00:00")
    assert receipt["environment"]["packages"]["numpy"] == np.__version__
    assert "pillow" in receipt["decoder"]
    assert receipt["peak_mebibytes"] >= 0
    assert 0 < finding.seconds < 60


def test_two_hundred_exhibits_each_once_and_few_under_way(
    plugins: Catalogue, pipeline: Run, photographs: Run, tmp_path: Path
) -> None:
    subjects = photographs(200)
    taken = delivered = most_under_way = 0
    names: list[str] = []
    threads: set[int] = set()

    def taking() -> Iterator[Subject]:
        nonlocal taken
        for subject in subjects:
            taken += 1
            yield subject

    def sink(subject: Subject, result: Any) -> None:
        nonlocal delivered, most_under_way
        most_under_way = max(most_under_way, taken - delivered)
        delivered += 1
        names.append(subject.name)
        threads.add(threading.get_ident())
        assert len(list(tmp_path.iterdir())) <= 4
        assert all(a.path.is_file() for f in result.findings for a in f.artifacts)

    summary = examine(
        pipeline("acme-mean", "acme-jpeg-only"),
        taking(),
        plugins=plugins,
        sink=sink,
        scratch=tmp_path,
        workers=2,
    )
    assert sorted(names) == [subject.name for subject in subjects]
    assert most_under_way <= 4
    assert threads == {threading.get_ident()}
    assert summary.outcomes == {Outcome.DETECTED: 300, Outcome.NOT_APPLICABLE: 100}
    assert (summary.exhibits, summary.reused, summary.interrupted) == (200, 0, False)
    assert list(tmp_path.iterdir()) == []


class Observer:
    def __init__(self, *, fail: bool = False) -> None:
        self.events: list[Any] = []
        self.fail = fail

    @hookimpl
    def observe(self, event: Any) -> None:
        self.events.append(event)
        if self.fail:
            raise RuntimeError("the observer stumbles")


def test_observers_are_told_and_cannot_stop_the_run(
    run: Run,
    plugins: Catalogue,
    pipeline: Run,
    photographs: Run,
    caplog: pytest.LogCaptureFixture,
) -> None:
    good, bad = Observer(), Observer(fail=True)
    for name, observer in (("good", good), ("bad", bad)):
        plugins.manager.register(observer, name=name)
    try:
        results = run(pipeline("acme-mean"), photographs(3), total=3)
    finally:
        for observer in (good, bad):
            plugins.manager.unregister(observer)
    started, *examined, finished = good.events
    assert started == Started(exhibits=3, steps=1, workers=1)
    assert [type(event) for event in examined] == [Examined] * 3
    assert {e.subject.name for e in examined} == set(results)
    assert isinstance(finished, Finished)
    assert (finished.exhibits, finished.interrupted) == (3, False)
    assert bad.events == [started]
    assert caplog.text.count("the observer stumbles") == 1


def test_files_that_are_no_images_are_findings(
    run: Run, pipeline: Run, photographs: Run, subject_of: Run, tmp_path: Path
) -> None:
    contents = {
        "empty.jpg": b"",
        "text.jpg": b"not a picture at all\n" * 10,
        "cut.png": photographs(1)[0].path.read_bytes()[:200],
    }
    subjects = []
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        subjects.append(subject_of(tmp_path / name))
    subjects.append(Subject("00" * 32, tmp_path / "missing.jpg", "missing.jpg"))
    results = run(pipeline("acme-mean", INVERT), [*subjects, *photographs(1)])
    reasons = {name: [f.reason for f in result.findings] for name, result in results.items()}
    assert reasons == {
        "empty.jpg": ["empty", "empty"],
        "text.jpg": ["not-an-image", "not-an-image"],
        "cut.png": ["truncated", "input-failed"],
        "missing.jpg": ["unreadable", "unreadable"],
        "0000-24.png": [None, None],
    }
    assert (results["text.jpg"].width, results["text.jpg"].height) == (None, None)
    assert (results["cut.png"].width, results["cut.png"].height) == (32, 24)


def test_a_file_that_changed_is_not_examined(run: Run, pipeline: Run, photographs: Run) -> None:
    (subject,) = photographs(1)
    results = run(pipeline("acme-mean", INVERT), [replace(subject, sha256="00" * 32)])
    finding, refined = results[subject.name].findings
    assert (finding.outcome, finding.reason) == (Outcome.FAILED, "altered")
    assert subject.sha256 in finding.explanation
    assert refined.reason == "input-failed"


def test_findings_are_reused_by_key_and_feed_refiners(
    run: Run, pipeline: Run, photographs: Run, tmp_path: Path
) -> None:
    (subject,) = photographs(1)
    first = run(pipeline("acme-mean"), [subject]).finding(subject.name, "acme-mean")
    cache = {first.cache_key: first}
    renamed = {"name": "mean", "plugin": "acme-mean"}
    refiner = {"name": "dark", "plugin": "acme-invert", "input": "mean"}
    results = run(pipeline(renamed, refiner), [subject], cached=cache.get)
    mean, dark = results[subject.name].findings
    assert mean == replace(first, step="mean", reused=True)
    assert not dark.reused
    assert dark.measurements == {"mask": True}
    assert np.array_equal(
        read_map(dark).values,  # type: ignore[union-attr]
        1 - read_map(first).values,  # type: ignore[union-attr]
    )
    cache[dark.cache_key] = dark
    whole = run(pipeline(renamed, refiner), [subject], cached=cache.get, executor="local")
    assert [finding.reused for finding in whole[subject.name].findings] == [True, True]
    assert (whole.summary.reused, whole.summary.exhibits) == (2, 1)


def test_other_parameters_are_not_reused(run: Run, pipeline: Run, photographs: Run) -> None:
    (subject,) = photographs(1)
    first = run(pipeline("acme-mean"), [subject]).finding(subject.name, "acme-mean")
    other = {"name": "acme-mean", "plugin": "acme-mean", "parameters": {"weight": 2.0}}
    again = run(pipeline(other), [subject], cached={first.cache_key: first}.get)
    finding = again.finding(subject.name, "acme-mean")
    assert not finding.reused
    assert finding.score == pytest.approx(2 * first.score)


def test_a_sink_that_raises_ends_the_run_and_the_workers(
    plugins: Catalogue, pipeline: Run, act: Run, photographs: Run, tmp_path: Path
) -> None:
    def full(subject: Subject, result: Any) -> None:
        raise LocardError("the vault is full")

    with pytest.raises(LocardError, match="the vault is full"):
        examine(
            pipeline("acme-mean"),
            photographs(20),
            plugins=plugins,
            sink=full,
            scratch=tmp_path,
            workers=2,
        )
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_executor_is_named(run: Run, pipeline: Run) -> None:
    with pytest.raises(PluginError, match="no executor 'dask'") as caught:
        run(pipeline("acme-mean"), [], executor="dask")
    assert "local" in (caught.value.hint or "")


class Doomed(Executor):
    """Workers that die before they begin."""

    name = "doomed"

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.submitted = 0

    def submit(self, task: Task) -> Future[None]:
        self.submitted += 1
        future: Future[None] = Future()
        future.set_exception(WorkerDied("crash", "the worker process ended before it could begin"))
        return future

    def close(self, *, kill: bool = False) -> None:
        pass


class Disk(Doomed):
    """Workers that cannot write to the scratch folder."""

    name = "disk"

    def submit(self, task: Task) -> Future[None]:
        future: Future[None] = Future()
        future.set_exception(OSError(28, "No space left on device"))
        return future


@pytest.fixture
def executors(plugins: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    for executor in (Doomed, Disk):
        monkeypatch.setitem(plugins.executors, executor.name, executor)


@pytest.mark.usefixtures("executors")
def test_workers_that_never_start_end_in_findings(
    run: Run, pipeline: Run, photographs: Run
) -> None:
    results = run(pipeline("acme-mean", INVERT), photographs(5), executor="doomed")
    assert len(results) == 5
    findings = [finding for result in results.values() for finding in result.findings]
    assert {(f.outcome, f.reason) for f in findings} == {(Outcome.FAILED, "crash")}
    assert {f.explanation for f in findings} == {"the worker process ended before it could begin"}


@pytest.mark.usefixtures("executors")
def test_a_full_scratch_folder_is_said_in_words(run: Run, pipeline: Run, photographs: Run) -> None:
    with pytest.raises(LocardError, match=r"findings cannot be written to .*No space left"):
        run(pipeline("acme-mean"), photographs(1), executor="disk")
