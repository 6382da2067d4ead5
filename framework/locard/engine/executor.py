"""The seam behind which tasks run: local processes here, a cluster through a plugin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import Future
from typing import ClassVar, Self

from locard.engine.tasks import Task


class WorkerDied(Exception):  # noqa: N818  a fact about a worker, not an error of the caller
    """A worker was killed or crashed while it ran a task.

    Args:
        reason: ``timeout``, ``memory`` or ``crash``: what the finding in progress will carry.
        detail: The same in words ("signal 11, segmentation fault").
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class Executor(ABC):
    """Runs :func:`locard.engine.worker.run_task` somewhere.

    Class attributes:
        name: What ``--executor`` calls it.

    A subclass must let a task's spool folder be read by the parent once its future is done, whether
    it succeeded or died.
    """

    name: ClassVar[str]

    def __init__(self, workers: int) -> None:
        self.workers = workers

    @abstractmethod
    def submit(self, task: Task) -> Future[None]:
        """Run a task; the future raises :class:`WorkerDied` where its worker did not survive."""

    @abstractmethod
    def close(self, *, kill: bool = False) -> None:
        """Stop all workers: after their tasks, or at once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self.close(kill=kind is not None)
