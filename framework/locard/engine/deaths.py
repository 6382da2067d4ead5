"""Tells from a worker's exit code what it died of."""

from __future__ import annotations

import signal
from pathlib import Path

from locard.engine.executor import WorkerDied

_VMSTAT = Path("/proc/vmstat")
_MAYBE_MEMORY = frozenset({signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS})


def out_of_memory_kills() -> int:
    """Return how many processes the kernel has killed for want of memory since it started."""
    try:
        text = _VMSTAT.read_text()
    except OSError:
        return 0
    count = text.partition("\noom_kill ")[2].split(maxsplit=1)
    return int(count[0]) if count else 0


def cause_of_death(exit_code: int, *, memory_kills: int = 0) -> WorkerDied:
    """Return the reason and words for a worker's death.

    Args:
        exit_code: As :attr:`multiprocessing.Process.exitcode` has it: minus the signal, or what
            the process gave to ``exit``.
        memory_kills: How many processes the kernel killed for want of memory while it ran. A
            ``SIGKILL`` that nobody of ours sent is laid to memory where there was one.
    """
    if exit_code >= 0:
        return WorkerDied("crash", f"the worker process ended itself with status {exit_code}")
    number = -exit_code
    words = f"signal {number}, {(signal.strsignal(number) or 'unknown').lower()}"
    if number == signal.SIGALRM:
        return WorkerDied("timeout", "the time limit was reached")
    if number == signal.SIGKILL and memory_kills:
        return WorkerDied("memory", f"the system ran out of memory and ended the worker ({words})")
    if number == signal.SIGKILL:
        return WorkerDied("crash", f"the worker process was killed from outside ({words})")
    if number in _MAYBE_MEMORY:
        # Compiled code that is refused memory mostly dies of one of these; the exit code cannot
        # tell that from a defect.
        words += "; a defect in compiled code, or the memory limit"
    return WorkerDied("crash", f"the worker process crashed ({words})")
