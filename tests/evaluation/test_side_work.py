"""Processes beside an examination: what one of them dies of costs one piece of work."""

from __future__ import annotations

import math
import os

import pytest

from locard.evaluation.runs.side_work import SideProcesses, WorkFailedError, outcome_of


def test_a_death_costs_one_piece_of_work_and_an_error_comes_back_as_it_was():
    with SideProcesses(1) as processes:
        before = processes.submit(math.sqrt, 4.0)
        fatal = processes.submit(os._exit, 3)
        wrong = processes.submit(math.sqrt, -1.0)
        after = processes.submit(math.sqrt, 9.0)
        assert outcome_of(before) == 2
        with pytest.raises(WorkFailedError, match="exit code 3"):
            outcome_of(fatal)
        with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
            outcome_of(wrong)
        assert outcome_of(after) == 3


def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("locard.evaluation.runs.side_work._LONGEST_SECONDS", 0.5)
    with SideProcesses(1) as processes, pytest.raises(WorkFailedError, match="longer than"):
        outcome_of(processes.submit(math.factorial, 30_000_000))


def test_no_process_is_started_without_work():
    with SideProcesses(2):
        pass
