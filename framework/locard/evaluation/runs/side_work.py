"""Processes that work beside an examination: they make treated copies and measure maps.

The engine's workers must not wait for either, and its parent process decodes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from locard.engine.processes import WorkerContext, prepare_worker
from locard.errors import LocardError

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST_SECONDS = 900.0


class WorkFailedError(LocardError):
    """A piece of work killed its process or took too long; others go on."""


class SideProcesses:
    """Processes that start when they get their first work, and die with this one.

    To be used in one thread.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._pool = ProcessPool(
            max_workers=count,
            initializer=prepare_worker,
            initargs=(os.getpid(),),
            context=WorkerContext(threads=1),
        )
        self._started = False

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function of a module in one of the processes.

        Raises:
            LocardError: No process can be started.
        """
        self._started = True
        try:
            _ = self._pool.active  # starts it in this thread: the processes die with their starter
            return self._pool.schedule(
                function, args=list(args), kwargs=dict(kwargs), timeout=_LONGEST_SECONDS
            )
        except RuntimeError as error:
            raise _cannot_start() from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._started:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()


def outcome_of(future: Future[T]) -> T:
    """Return what a call returned, when it has; raise what it raised.

    Raises:
        WorkFailedError: The call killed its process or took too long.
        LocardError: No process can be started.
    """
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise _cannot_start() from error
    except ProcessExpired as error:
        raise WorkFailedError(f"its process died (exit code {error.exitcode})") from error
    except (TimeoutError, CancelledError) as error:
        raise WorkFailedError(f"it took longer than {_LONGEST_SECONDS:g} s") from error


def _cannot_start() -> LocardError:
    return LocardError(
        "processes to measure maps cannot be started here",
        "Free memory or lower --workers, and run the command again.",
    )
