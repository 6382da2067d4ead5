"""The local executor, beside what plugins do to its workers: deaths that belong to no task."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from locard.engine.executor import WorkerDied
from locard.engine.local import LocalExecutor, available_processors
from locard.engine.processes import THREAD_VARIABLES
from locard.engine.tasks import Subject, Task

NOTHING_TO_DO = Task(Subject("00" * 32, Path("nowhere"), "nowhere"), (), Path("nowhere"))


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor(1) as made:
        yield made


def workers() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]


def test_a_task_comes_back_and_the_worker_stays(executor: LocalExecutor) -> None:
    assert executor.submit(NOTHING_TO_DO).result(timeout=60) is None
    (first,) = workers()
    executor.submit(NOTHING_TO_DO).result(timeout=60)
    assert workers() == [first]


def test_closing_leaves_no_worker() -> None:
    executor = LocalExecutor(2)
    futures = [executor.submit(NOTHING_TO_DO) for _ in range(5)]
    executor.close()
    assert all(future.done() for future in futures)
    assert workers() == []


def test_threads_are_shared_out_and_the_parents_environment_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in THREAD_VARIABLES[1:]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(THREAD_VARIABLES[0], "7")
    before = dict(os.environ)
    with LocalExecutor(1) as executor:
        executor.submit(NOTHING_TO_DO).result(timeout=60)
        environment = workers()[0].environ()
    assert dict(os.environ) == before
    assert environment[THREAD_VARIABLES[0]] == "7"
    assert {environment[name] for name in THREAD_VARIABLES[1:]} == {str(available_processors())}


def test_an_idle_worker_that_is_killed_costs_nothing(executor: LocalExecutor) -> None:
    executor.submit(NOTHING_TO_DO).result(timeout=60)
    (worker,) = workers()
    worker.kill()
    # The task may meet the pool before or after it notices; the engine tries such a task again.
    deaths = [executor.submit(NOTHING_TO_DO).exception(timeout=60) for _ in range(2)]
    assert deaths[1] is None
    assert deaths[0] is None or isinstance(deaths[0], WorkerDied)


def test_a_pool_that_broke_unseen_is_replaced(executor: LocalExecutor) -> None:
    executor.submit(NOTHING_TO_DO).result(timeout=60)
    (worker,) = workers()
    worker.kill()
    deadline = time.monotonic() + 60
    while executor._pool is not None and executor._pool.active:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert executor.submit(NOTHING_TO_DO).result(timeout=60) is None


UNGUARDED = """
import sys
from pathlib import Path
from locard.engine.run import examine
from locard.engine.tasks import Subject
from locard.pipelines import resolve
from locard.plugins import catalogue

plugins = catalogue()
steps = [{"name": "mean", "plugin": "acme-mean"}]
pipeline = resolve({"name": "test", "version": "1", "steps": steps}, "test", plugins)
scratch, *rest = sys.argv[1:]
subjects = [Subject(sha, Path(path), path) for sha, path in zip(rest[::2], rest[1::2])]
def sink(subject, result):
    print(*[(f.outcome.value, f.reason) for f in result.findings])
examine(pipeline, subjects, plugins=plugins, sink=sink, scratch=Path(scratch), workers=1)
"""


@pytest.mark.slow
def test_workers_that_cannot_start_end_in_failed_findings(
    photographs: Callable[[int], list[Subject]], tmp_path: Path
) -> None:
    """A script without the guard that ``multiprocessing`` wants: workers die importing it."""
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    words = [word for s in photographs(4) for word in (s.sha256, str(s.path))]
    lab = str(Path(__file__).parent / "lab")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": lab, "LOCARD_PLUGINS": "acme-hostile"},
    )
    assert done.stdout.splitlines() == ["('failed', 'crash')"] * 4
    assert done.returncode == 0


def test_a_worker_that_dies_at_once_is_noticed(executor: LocalExecutor) -> None:
    """Death in the instant in which the task is taken: pebble alone may lose such a task."""
    pool: Any = executor._started_pool()
    future = pool.schedule(os._exit, args=(0,))
    with pytest.raises(OSError, match="Abnormal termination"):
        future.result(timeout=60)
