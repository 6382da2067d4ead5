"""Runs that do not come to their end, or meet another: nothing lost, nothing twice.

Real processes, real signals. `kill -9` hits the whole process group at random moments: each
round starts ``locard examine --resume``, kills everything that it started, and checks that nothing
survives; in the end the case is whole and verifies.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
EXHIBITS = 40
PIPELINE = """
name = "rounds"
version = "1"

[[steps]]
name = "ela"
plugin = "ela"

[[steps]]
name = "noise"
plugin = "noise"

[[steps]]
name = "refined"
plugin = "dense-crf"
input = "noise"
"""


def locard(folder: Path, *words: str, expect: tuple[int, ...] = (0,)) -> list[dict]:
    """Run a command to its end and return the objects that it prints."""
    done = subprocess.run(
        [*LOCARD, *words, "--vault", "vault"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in expect, done.stderr + done.stdout
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def group(pgid: int) -> list[int]:
    """Return the processes of a group that are alive."""
    alive = []
    for process in psutil.process_iter(["pid", "status"]):
        try:
            if os.getpgid(process.pid) == pgid and process.info["status"] != "zombie":
                alive.append(process.pid)
        except ProcessLookupError:
            continue
    return alive


def examine_and_kill(folder: Path, seconds: float) -> bool:
    """Start to examine, kill the whole group after some time; whether it was still running."""
    process = subprocess.Popen(
        [*LOCARD, "examine", "K-1", "-p", "p.toml", "--resume", "--vault", "vault", "-w", "2"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        process.wait(seconds)
        running = False
    except subprocess.TimeoutExpired:
        running = True
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    _, errors = process.communicate()
    assert running or process.returncode in (0, 1), errors.decode()
    assert_gone(process.pid)
    return running


def assert_gone(pgid: int) -> None:
    """Check that no process of a group is left; the last may need a moment to end."""
    deadline = time.monotonic() + 5
    while group(pgid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert group(pgid) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case of small photographs, nothing examined."""
    generator = np.random.default_rng(7)
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    for number in range(EXHIBITS):
        smooth = generator.normal(128, 40, (12, 16, 3)).clip(0, 255).astype(np.uint8)
        picture = Image.fromarray(smooth).resize((160, 120), Image.Resampling.BICUBIC)
        picture.save(photographs / f"{number:02d}.jpg", quality=90)
    (tmp_path / "p.toml").write_text(PIPELINE)
    locard(tmp_path, "case", "new", "K-1")
    locard(tmp_path, "exhibit", "add", "K-1", "photographs")
    return tmp_path


@pytest.mark.parametrize("rounds", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_nothing_is_lost_and_nothing_is_there_twice(folder: Path, rounds: int):
    chance = random.Random(rounds)
    kills = 0
    version = 1
    while kills < rounds:
        if examine_and_kill(folder, chance.uniform(0.3, 6.0)):
            kills += 1
        else:
            # It came to its end: another pipeline gives the next rounds something to do.
            version += 1
            (folder / "p.toml").write_text(PIPELINE.replace('"1"', f'"{version}"'))
    locard(folder, "examine", "K-1", "-p", "p.toml", "--resume", "--json")
    assert_whole(folder)


def test_a_second_run_is_told_who_holds_the_case_and_ctrl_c_keeps_what_is_done(folder: Path):
    steps = "".join(f'[[steps]]\nname = "ghost-{n}"\nplugin = "ghost"\n' for n in range(12))
    (folder / "p.toml").write_text(f'name = "long"\nversion = "1"\n{steps}')
    first = subprocess.Popen(
        [*LOCARD, "examine", "K-1", "-p", "p.toml", "--vault", "vault", "-w", "1"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A test run in the background may have been started with interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for_findings(folder)
    second = subprocess.run(
        [*LOCARD, "examine", "K-1", "-p", "p.toml", "--vault", "vault"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 3
    assert f"is in use by process {first.pid}" in second.stderr
    os.killpg(first.pid, signal.SIGINT)
    _, errors = first.communicate(timeout=60)
    assert first.returncode == 130, errors
    assert "what was finished is kept" in errors
    assert "Traceback" not in errors
    assert_gone(first.pid)
    (run,) = locard(folder, "examine", "K-1", "-p", "p.toml", "--resume", "--json")
    assert run["resumed"]
    assert 0 < run["exhibits"] < EXHIBITS
    assert_whole(folder, steps=12)


def wait_for_findings(folder: Path) -> None:
    """Wait until some exhibits have their findings."""
    deadline = time.monotonic() + 60
    with closing(sqlite3.connect(folder / "vault" / "vault.db")) as database:
        while time.monotonic() < deadline:
            if database.execute("SELECT count(*) FROM findings").fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError("nothing was examined")


def assert_whole(folder: Path, steps: int = 3) -> None:
    """Check that each finished examination has each finding once, and that the case verifies."""
    problems = locard(folder, "case", "verify", "K-1", "--json")
    assert [item for item in problems if item.get("kind") in ("altered", "missing", "added")] == []
    from locard.vault.vault import Vault

    with Vault.open(folder / "vault") as vault:
        case = vault.case("K-1")
        examinations = case.examinations()
        assert all(one.facts.finished_at for one in examinations)
        for facts in examinations:
            stored = case.findings(examination=facts.number)
            counts = Counter((item.exhibit, item.finding.step) for item in stored)
            assert len(counts) == EXHIBITS * steps
            assert set(counts.values()) == {1}
        assert list(vault.scratch.iterdir()) == []
