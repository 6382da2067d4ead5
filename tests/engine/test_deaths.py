"""What an exit code says of a worker's end. Real deaths are in test_hostile.py."""

from __future__ import annotations

import signal

import pytest

from locard.engine.deaths import cause_of_death, out_of_memory_kills


@pytest.mark.parametrize(
    ("code", "kills", "reason", "words"),
    [
        (-signal.SIGALRM, 0, "timeout", "time limit"),
        (-signal.SIGKILL, 1, "memory", "ran out of memory"),
        (-signal.SIGKILL, 0, "crash", "killed from outside (signal 9, killed)"),
        (-signal.SIGSEGV, 1, "crash", "signal 11, segmentation fault; a defect in compiled code"),
        (-signal.SIGTERM, 0, "crash", "signal 15, terminated)"),
        (0, 0, "crash", "ended itself with status 0"),
        (3, 0, "crash", "ended itself with status 3"),
    ],
)
def test_cause_of_death(code: int, kills: int, reason: str, words: str) -> None:
    death = cause_of_death(code, memory_kills=kills)
    assert death.reason == reason
    assert words in death.detail


def test_the_kernel_counts_its_kills() -> None:
    assert out_of_memory_kills() >= 0
