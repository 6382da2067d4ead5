"""The local executor: worker processes on this machine, in a pool of pebble's.

pebble starts workers, hands out tasks and replaces workers that died. What is added here is what
an examination needs: a worker that dies with its parent, a number of threads for each, and the
cause of a worker's death.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from pebble import ProcessExpired, ProcessPool

from locard.engine.deaths import cause_of_death, out_of_memory_kills
from locard.engine.executor import Executor, WorkerDied
from locard.engine.limits import loading_limits
from locard.engine.receipts import THREADS_VARIABLE
from locard.engine.tasks import Task
from locard.errors import LocardError

THREAD_VARIABLES = (
    THREADS_VARIABLE,
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)
_WORKERS_A_PROCESSOR = 4
_WORKERS_ANYWHERE = 16
_POOLS_WITHOUT_A_RESULT = 3
"""So many pools may break in a row before the executor says that workers cannot be started."""
_MARGIN_SECONDS = 60.0
_OPENING_TOO = 2
"""A step that opens the file anew does so under its own limit, before it runs under it."""
_ENDED_WITH_SUCCESS = 256
"""Stands for exit code 0, which pebble takes for the end of a worker that had nothing to do."""
_GRACE_SECONDS = 0.15
_PR_SET_PDEATHSIG = 1


def available_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalExecutor(Executor):
    """Runs tasks in worker processes on this machine.

    To be made, used and closed in one thread: the workers die with the thread that started them.

    Raises:
        LocardError: There are many more workers than processors. All start at once, and would take
            the machine's memory and time from each other.
    """

    name = "local"

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        most = max(_WORKERS_ANYWHERE, _WORKERS_A_PROCESSOR * available_processors())
        if workers > most:
            raise LocardError(
                f"{workers} workers are too many for the {available_processors()} processors that "
                f"Locard may use: more than {most} only wait for each other",
                "Leave --workers away to have one for each processor.",
            )
        self._context = _Context(max(1, available_processors() // workers))
        self._pool: ProcessPool | None = None
        self._pending: set[Future[None]] = set()
        self._broken = threading.Event()
        self._pools_without_a_result = 0
        self._memory_kills = out_of_memory_kills()

    def submit(self, task: Task) -> Future[None]:
        """Run a task in the next worker that is free."""
        future: Future[None] = Future()
        if self._pool is not None and (self._broken.is_set() or not self._pool.active):
            self._retire()
        if self._pools_without_a_result >= _POOLS_WITHOUT_A_RESULT:
            future.set_exception(WorkerDied("crash", "worker processes cannot be started here"))
            return future
        self._pending.add(future)
        try:
            inner = self._schedule(task)
        except BrokenProcessPool as error:
            self._fail(future, self._explained(error))
        else:
            inner.add_done_callback(partial(self._pass_on, future))
        return future

    def close(self, *, kill: bool = False) -> None:
        """Stop all workers: after their tasks, or at once."""
        if not kill:
            for future in tuple(self._pending):
                future.exception()
        self._stop()

    def _schedule(self, task: Task) -> Future[None]:
        pool = self._started_pool()
        try:
            return pool.schedule(_run, args=(task,), timeout=_backstop(task))
        except RuntimeError as error:
            raise BrokenProcessPool("the pool broke a moment ago") from error

    def _started_pool(self) -> ProcessPool:
        if self._pool is None:
            pool = ProcessPool(
                max_workers=self.workers,
                initializer=_initialize,
                initargs=(os.getpid(),),
                context=self._context,
            )
            _ = pool.active  # asking starts it
            self._pool = pool
        return self._pool

    def _pass_on(self, future: Future[None], inner: Future[None]) -> None:
        """Say through our future how pebble's came out; runs in a thread of pebble's."""
        error = None if inner.cancelled() else inner.exception()
        if error is None:
            self._pools_without_a_result = 0
            self._pending.discard(future)
            if not future.done():
                future.set_result(None)
        else:
            self._fail(future, self._explained(error))

    def _explained(self, error: BaseException) -> BaseException:
        if isinstance(error, ProcessExpired):
            kills = out_of_memory_kills() - self._memory_kills
            self._memory_kills += kills
            self._pools_without_a_result = 0
            code = 0 if error.exitcode == _ENDED_WITH_SUCCESS else error.exitcode
            return cause_of_death(code, memory_kills=kills)
        if isinstance(error, TimeoutError):
            return WorkerDied("timeout", "the time limit was reached, and the worker was ended")
        if isinstance(error, BrokenProcessPool):
            self._broken.set()
            return _startup_death()
        return error

    def _fail(self, future: Future[None], error: BaseException) -> None:
        self._pending.discard(future)
        if not future.done():
            future.set_exception(error)

    def _retire(self) -> None:
        """Put a pool away whose workers died without a task; its tasks are to be tried again."""
        self._pools_without_a_result += 1
        self._stop()
        self._broken.clear()
        for future in tuple(self._pending):
            self._fail(future, _startup_death())

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


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
        return _ENDED_WITH_SUCCESS if code == 0 else code


class _Context(SpawnContext):
    """The context in which pebble makes its processes: fresh interpreters, of our kind."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        # What the user set is left alone.
        self._settings = {name: str(threads) for name in THREAD_VARIABLES if name not in os.environ}

    def Process(self, **rest: Any) -> _WorkerProcess:  # type: ignore[override]  # noqa: N802
        return _WorkerProcess(self._settings, **rest)


def _restore(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _backstop(task: Task) -> float:
    """Return the seconds after which pebble kills a worker that its own timers did not."""
    running = sum(_OPENING_TOO * step.limits.seconds for step in task.steps)
    # Once for all steps: only a first run ever, which compiles, takes long to load any.
    loading = max((loading_limits(step.limits).seconds for step in task.steps), default=0.0)
    return _MARGIN_SECONDS + running + loading


def _startup_death() -> WorkerDied:
    return WorkerDied("crash", "the worker process ended before it could begin")


def _initialize(parent: int) -> None:
    """Make a worker ready: it dies with its parent, at once when told to, and is silent."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent died while we started
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Standard output belongs to the command line's own words; a plugin's go to standard error.
    os.dup2(2, 1)


def _run(task: Task) -> None:
    # The worker module brings the imaging libraries, which the parent does without.
    from locard.engine.worker import run_task

    run_task(task)
