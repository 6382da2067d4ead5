"""Trains in processes that are killed at a given moment; says what each folder came to.

    python killing.py FOLDER EVERY

For the n-th time, n = 1, 1 + EVERY, …, that a file is synced, moved into place or deleted, a
process is killed right before it; a second process then goes on. Prints a line of JSON for each:
the folder, whether the first process was killed, and how the second one ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from toy_task import ToyTask, quick

from locard.training.curves import Curves
from locard.training.loop import train


def run(folder: Path) -> None:
    train(ToyTask(), quick(checkpoint_minutes=1e-9, checkpoint_every=2), folder)


def in_child(work: Callable[[], None]) -> int:
    """Return how a process that does the work ended: 0, 1 for an error, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(folder: Path, moment: int) -> None:
    """Train, and die at the given event."""
    events = 0

    def dying(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keys: Any) -> Any:
            nonlocal events
            events += 1
            if events == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **keys)

        return call

    # A killed process loses nothing that it wrote: only a machine that stops does.
    os.fsync = dying(lambda descriptor: None)
    Path.replace = dying(Path.replace)
    Path.unlink = dying(Path.unlink)
    run(folder)


def main(folder: Path, every: int) -> None:
    torch.set_num_threads(1)
    Curves.draw = lambda *arguments, **keys: None
    run(folder / "first")  # loads what is loaded late, once for all processes
    moment, survived = 1, False
    while not survived:
        place = folder / str(moment)
        ended = in_child(partial(killed_at, place, moment))
        survived = ended == 0
        ended_again = in_child(partial(run, place))
        said = {"folder": str(place), "killed": ended == -signal.SIGKILL, "again": ended_again}
        print(json.dumps(said), flush=True)
        moment += every


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
