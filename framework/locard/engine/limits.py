"""Limits on a step that the kernel keeps, so that not even compiled code can overrun them.

Time: an interval timer whose signal has its default action, which is to end the process. Python
need not get a turn for that, so a loop in C that holds the interpreter lock ends as well.

Memory: ``RLIMIT_DATA``, which counts private writable memory, used or not. What asks for more is
refused: numpy and Python raise :class:`MemoryError`, C code that does not look at what ``malloc``
returned crashes. Files that are mapped, and code, do not count. There is no such limit where the
system has no ``/proc``.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from locard.engine.tasks import Limits

_MEBIBYTE = 2**20
_LOADING_SECONDS = 300.0
_STATM = Path("/proc/self/statm")
_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"


@dataclass(slots=True)
class Usage:
    """What a step took.

    Attributes:
        peak_mebibytes: Most resident memory beyond what the process held before, or None where
            the system does not say.
    """

    peak_mebibytes: float | None = None


def loading_limits(limits: Limits) -> Limits:
    """Return the limits of a step's ``load``.

    Code that is compiled on its first use anywhere, or a large model on a slow disk, takes a time
    that has nothing to do with the picture.
    """
    return replace(limits, seconds=max(limits.seconds, _LOADING_SECONDS))


@contextmanager
def limited(limits: Limits) -> Iterator[Usage]:
    """Hold what runs inside to limits; only for the main thread of a worker process.

    Overrunning the time kills the process with ``SIGALRM``; overrunning the memory raises
    :class:`MemoryError` where the code can tell.

    Yields:
        The usage, filled in on leaving.
    """
    usage = Usage()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = _resident_after_reset()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _limit_memory(limits.mebibytes, hard)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    try:
        yield usage
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
        if held is not None:
            usage.peak_mebibytes = max(0, _status("VmHWM") - held) / 1024


def _limit_memory(mebibytes: int, hard: int) -> None:
    if not _STATM.exists():
        return
    pages = int(_STATM.read_text().split()[5])
    wanted = pages * resource.getpagesize() + mebibytes * _MEBIBYTE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def _resident_after_reset() -> int | None:
    """Set the kernel's record of peak memory back; return resident memory in KiB."""
    with suppress(OSError):
        _CLEAR_REFS.write_text(_RESET_PEAK)
        return _status("VmRSS")
    return None


def _status(field: str) -> int:
    """Return a field of ``/proc/self/status`` that is in KiB."""
    text = _STATUS.read_text()
    return int(text.partition(f"{field}:")[2].split(maxsplit=1)[0])
