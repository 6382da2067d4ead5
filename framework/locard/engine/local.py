"""The local executor: worker processes on this machine, in a pool of pebble's.

pebble starts workers, hands out tasks and replaces workers that died. What is added here is what
an examination needs: a worker that dies with its parent, a number of threads for each, and the
cause of a worker's death.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from pebble import ProcessExpired, ProcessPool

from locard.engine.deaths import cause_of_death, out_of_memory_kills
from locard.engine.executor import Executor, WorkerDied
from locard.engine.limits import loading_limits
from locard.engine.processes import ENDED_WITH_SUCCESS, WorkerContext, prepare_worker
from locard.engine.tasks import Task
from locard.errors import LocardError

_WORKERS_A_PROCESSOR = 4
_WORKERS_ANYWHERE = 16
_POOLS_WITHOUT_A_RESULT = 3
"""So many pools may break in a row before the executor says that workers cannot be started."""
_MARGIN_SECONDS = 60.0
_OPENING_TOO = 2
"""A step that opens the file anew does so under its own limit, before it runs under it."""


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
        self._context = WorkerContext(max(1, available_processors() // workers))
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
                initializer=prepare_worker,
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
            code = 0 if error.exitcode == ENDED_WITH_SUCCESS else error.exitcode
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


def _backstop(task: Task) -> float:
    """Return the seconds after which pebble kills a worker that its own timers did not."""
    running = sum(_OPENING_TOO * step.limits.seconds for step in task.steps)
    # Once for all steps: only a first run ever, which compiles, takes long to load any.
    loading = max((loading_limits(step.limits).seconds for step in task.steps), default=0.0)
    return _MARGIN_SECONDS + running + loading


def _startup_death() -> WorkerDied:
    return WorkerDied("crash", "the worker process ended before it could begin")


def _run(task: Task) -> None:
    # The worker module brings the imaging libraries, which the parent does without.
    from locard.engine.worker import run_task

    run_task(task)
