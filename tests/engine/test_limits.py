"""Limits that the kernel keeps, each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

from locard.engine.limits import loading_limits
from locard.engine.tasks import Limits

PRELUDE = """
import re, resource, time
import numpy as np
from locard.engine.limits import limited
from locard.engine.tasks import Limits
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_loop_in_c_that_holds_the_lock_ends_at_its_time() -> None:
    done = python(
        """
        with limited(Limits(0.3, 512)):
            re.match(r"(a|a?)+$", "a" * 60 + "b")
        """
    )
    assert (done.returncode, done.stderr) == (-signal.SIGALRM, "")


def test_time_does_not_run_on_after_the_step() -> None:
    done = python(
        """
        with limited(Limits(0.2, 512)):
            pass
        time.sleep(0.4)
        print("alive")
        """
    )
    assert (done.returncode, done.stdout) == (0, "alive\n")


def test_memory_is_refused_beyond_the_limit_and_given_again_afterwards() -> None:
    done = python(
        """
        before = resource.getrlimit(resource.RLIMIT_DATA)
        with limited(Limits(30, 100)) as usage:
            np.ones(40 * 2**17)
            try:
                np.ones(120 * 2**17)
            except MemoryError:
                print("refused")
        assert resource.getrlimit(resource.RLIMIT_DATA) == before
        np.ones(120 * 2**17)
        print(30 < usage.peak_mebibytes < 60)
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "refused\nTrue\n", "")


def test_limits_are_lifted_when_the_step_raises() -> None:
    done = python(
        """
        try:
            with limited(Limits(0.2, 100)):
                raise ValueError
        except ValueError:
            np.ones(200 * 2**17)
            time.sleep(0.4)
            print("alive")
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "alive\n", "")


def test_loading_has_time_to_compile_and_no_more_memory():
    assert loading_limits(Limits(60.0, 512)) == Limits(300.0, 512)
    assert loading_limits(Limits(900.0, 512)) == Limits(900.0, 512)
