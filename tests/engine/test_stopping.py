"""However the parent ends, no worker outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from locard.engine.tasks import Subject

LAB = Path(__file__).parent / "lab"

SCRIPT = """
import signal
import sys
from pathlib import Path
from locard.engine.run import examine
from locard.engine.tasks import Subject
from locard.pipelines import resolve
from locard.plugins import catalogue

def main():
    # A test run in the background may have been started with interrupts ignored, which children
    # inherit; here somebody sits at the terminal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    scratch, *rest = sys.argv[1:]
    plugins = catalogue()
    steps = [
        {"name": "mean", "plugin": "acme-mean"},
        {"name": "act", "plugin": "acme-misbehave", "parameters": {"act": "ACT"}},
    ]
    pipeline = resolve({"name": "test", "version": "1", "steps": steps}, "test", plugins)
    subjects = [Subject(sha, Path(path), path) for sha, path in zip(rest[::2], rest[1::2])]
    print("begun", flush=True)
    summary = examine(
        pipeline, subjects, plugins=plugins, sink=lambda *_: None, scratch=Path(scratch), workers=2
    )
    print("interrupted" if summary.interrupted else "done", summary.exhibits, flush=True)

if __name__ == "__main__":
    main()
"""

Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path, photographs: Callable[[int], list[Subject]]) -> Iterator[Start]:
    """Starts an examination in a process group of its own, as a terminal does."""
    started: list[subprocess.Popen[str]] = []

    def begin(act: str) -> subprocess.Popen[str]:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(SCRIPT.replace("ACT", act)))
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        words = [word for s in photographs(6) for word in (s.sha256, str(s.path))]
        process = subprocess.Popen(
            [sys.executable, str(script), str(scratch), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(LAB), "LOCARD_PLUGINS": "acme-hostile"},
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def working(process: subprocess.Popen[str], spools: Path) -> list[psutil.Process]:
    """Wait until both workers are in their second step; return all processes of the run."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if len(list(spools.glob("*/mean.json"))) == 2:
            return psutil.Process(process.pid).children(recursive=True)
        time.sleep(0.05)
    raise AssertionError("the workers did not begin")


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("act", ["loops-in-c", pytest.param("sleeps", marks=pytest.mark.slow)])
def test_workers_die_with_a_parent_that_is_killed(start: Start, tmp_path: Path, act: str) -> None:
    process = start(act)
    children = working(process, tmp_path / "scratch")
    assert len(children) >= 2
    process.kill()
    process.wait()
    assert gone(children)


@pytest.mark.parametrize("act", ["sleeps", pytest.param("loops-in-c", marks=pytest.mark.slow)])
def test_ctrl_c_stops_cleanly(start: Start, tmp_path: Path, act: str) -> None:
    process = start(act)
    children = working(process, tmp_path / "scratch")
    os.killpg(process.pid, signal.SIGINT)  # the terminal tells every process of the group
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "interrupted 0\n", "")
    assert gone(children)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_ctrl_c_while_workers_start_is_quiet(start: Start) -> None:
    process = start("nothing")
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert out.split()[0] in ("interrupted", "done")
    assert (process.returncode, err) == (0, "")
