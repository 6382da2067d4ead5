"""Locks between processes, held by the kernel: a process that dies lets go of its own."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from locard.vault.canonical import now


class LockedError(Exception):
    """Another process holds the lock.

    Args:
        holder: What it wrote about itself: ``pid``, ``host``, ``since``; empty where it has not
            written yet.
    """

    def __init__(self, holder: dict[str, Any]) -> None:
        super().__init__(holder)
        self.holder = holder


@contextmanager
def file_lock(path: Path, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock on a file, which stays behind as a place to lock.

    Args:
        path: The lock file; made where it is not there.
        wait_seconds: How long to wait for another holder.

    Raises:
        LockedError: Another holder did not let go in time.
        OSError: The file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    _open_here.add(descriptor)
    try:
        _acquire(descriptor, time.monotonic() + wait_seconds)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _about_us(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        _close(descriptor)


_open_here: set[int] = set()


def _close(descriptor: int) -> None:
    if descriptor in _open_here:
        _open_here.remove(descriptor)
        os.close(descriptor)


def _close_all() -> None:
    for descriptor in tuple(_open_here):
        _close(descriptor)


# A forked worker inherits the descriptor, and with it the lock: should the parent be killed, the
# case would stay locked for as long as the worker lives.
os.register_at_fork(after_in_child=_close_all)


def _acquire(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockedError(_holder(descriptor)) from None
            time.sleep(0.05)
        else:
            return


def _about_us() -> bytes:
    about = {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}
    return json.dumps(about).encode()


def _holder(descriptor: int) -> dict[str, Any]:
    try:
        return dict(json.loads(os.pread(descriptor, 4096, 0)))
    except ValueError:
        return {}
