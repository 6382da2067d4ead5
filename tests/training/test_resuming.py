"""A run that is killed at any moment ends as one that is not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_task import ToyTask, quick

from locard.training.checkpoint import load
from locard.training.loop import train

HERE = Path(__file__).parent

SLOW_RUN = """
import sys, time
from pathlib import Path
import torch
from toy_task import ToyTask, quick
from locard.training.loop import train
torch.set_num_threads(1)
train(ToyTask(batch_count=20), quick(epochs=20, checkpoint_minutes=1e-3),
      Path(sys.argv[1]), watch=lambda progress: time.sleep(0.005))
"""


def outcome(folder: Path) -> dict[str, object]:
    """Return all of a run that does not depend on the clock."""
    found = load(folder / "checkpoint")
    assert found is not None
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    for line in lines:
        del line["seconds"]
    facts = json.loads((folder / "run.json").read_text())
    return {
        "best": (folder / "best.safetensors").read_bytes(),
        "weights": {name: value.numpy().tobytes() for name, value in found.weights.items()},
        "average": {name: value.numpy().tobytes() for name, value in found.average.items()},
        "optimizer": {name: value.numpy().tobytes() for name, value in found.optimizer.items()},
        "log": lines,
        "state": (facts["state"], facts["reason"], facts["steps"], facts["best"]),
        "left over": [p.name for p in folder.rglob("*") if p.name.endswith(".partial")],
        "checkpoint files": len(list((folder / "checkpoint").iterdir())),
    }


def check_every(every: int, folder: Path) -> int:
    whole = folder / "whole"
    train(ToyTask(), quick(checkpoint_minutes=1e-9, checkpoint_every=2), whole)
    expected = outcome(whole)
    done = subprocess.run(
        [sys.executable, str(HERE / "killing.py"), str(folder), str(every)],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    for run in runs:
        assert run["again"] == 0, (run, done.stderr)
        assert outcome(Path(run["folder"])) == expected, run
    return sum(run["killed"] for run in runs)


def test_killed_at_writes(tmp_path):
    assert check_every(19, tmp_path) >= 5


@pytest.mark.slow
def test_killed_at_every_write(tmp_path):
    assert check_every(1, tmp_path) >= 100


@pytest.mark.slow
def test_killed_from_outside_again_and_again(tmp_path):
    expected = tmp_path / "whole"
    train(ToyTask(batch_count=20), quick(epochs=20, checkpoint_minutes=1e-3), expected)
    folder, kills = tmp_path / "killed", 0
    for _ in range(50):
        process = subprocess.Popen(
            [sys.executable, "-c", SLOW_RUN, str(folder)], env={"PYTHONPATH": str(HERE)}
        )
        reached = (folder / "log.jsonl").read_bytes().count(b"\n") if kills else 0
        while process.poll() is None:
            log = folder / "log.jsonl"
            if log.exists() and log.read_bytes().count(b"\n") > reached + 3:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.003)
        if process.wait() == 0:
            break
        assert process.returncode == -signal.SIGKILL
        kills += 1
    assert kills >= 2
    assert outcome(folder) == outcome(expected)


def test_another_seed_is_another_run(tmp_path):
    train(ToyTask(), quick(), tmp_path / "one")
    train(ToyTask(), quick(seed=2), tmp_path / "two")
    one, two = outcome(tmp_path / "one"), outcome(tmp_path / "two")
    assert one["weights"] != two["weights"]
