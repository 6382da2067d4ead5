"""The processes of a pool of pebble's, as Locard needs them.

pebble starts workers, hands out tasks and replaces workers that died. What is added here: a worker
starts with its environment in force, dies with its parent, is deaf to Ctrl-C, and its death is told
so that pebble heeds it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from locard.engine.receipts import THREADS_VARIABLE

THREAD_VARIABLES = (
    THREADS_VARIABLE,
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)
ENDED_WITH_SUCCESS = 256
"""Stands for exit code 0, which pebble takes for the end of a worker that had nothing to do."""
_GRACE_SECONDS = 0.15
_PR_SET_PDEATHSIG = 1


class _WorkerProcess(SpawnProcess):
    """A worker process: starts as a worker must, and tells pebble of its death so that it heeds."""

    def __init__(self, environment: Mapping[str, str], **rest: Any) -> None:
        super().__init__(**rest)
        self._settings = environment
        self._sentenced = False
        self._seen_dead: float | None = None

    def start(self) -> None:
        """Start with its environment in force from the first import, and deaf to Ctrl-C.

        Ctrl-C goes to every process of the terminal; what becomes of workers is for the parent.
        """
        before = {name: os.environ.get(name) for name in self._settings}
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        os.environ.update(self._settings)
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            _restore(before)

    def terminate(self) -> None:
        """End the process."""
        self._sentenced = True
        super().terminate()

    def is_alive(self) -> bool:
        """Return whether it runs, or died by itself a moment ago.

        pebble looks for the task of a worker that died. A worker that dies at once may be gone
        before pebble has read that it took one; then the task would wait for its timeout.
        """
        alive = super().is_alive()
        if alive or self._sentenced:
            return alive
        now = time.monotonic()
        self._seen_dead = self._seen_dead or now
        return now - self._seen_dead < _GRACE_SECONDS

    @property
    def exitcode(self) -> int | None:
        """Exit code; never 0, for a worker that ends while the pool runs has not succeeded."""
        code = super().exitcode
        return ENDED_WITH_SUCCESS if code == 0 else code


class WorkerContext(SpawnContext):
    """The context in which pebble makes its processes: fresh interpreters, of our kind.

    Args:
        threads: How many threads the numerical libraries of each may use.
    """

    def __init__(self, threads: int) -> None:
        super().__init__()
        # What the user set is left alone.
        self._settings = {name: str(threads) for name in THREAD_VARIABLES if name not in os.environ}

    def Process(self, **rest: Any) -> _WorkerProcess:  # type: ignore[override]  # noqa: N802
        """Make a process; what multiprocessing's own contexts call it."""
        return _WorkerProcess(self._settings, **rest)


def _restore(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def prepare_worker(parent: int) -> None:
    """Make a worker ready: it dies with its parent, at once when told to, and is silent."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent died while we started
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Standard output belongs to the command line's own words; a plugin's go to standard error.
    os.dup2(2, 1)
