"""Runs of a moment: nothing waits for the disk, and pictures are drawn only where looked at."""

from __future__ import annotations

import os

import pytest

from locard.training.curves import Curves


@pytest.fixture
def curves_are_drawn():
    """Ask for the pictures of the runs."""


@pytest.fixture(autouse=True)
def _quick_runs(request, monkeypatch):
    # No test turns the machine off.
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    if "curves_are_drawn" not in request.fixturenames:
        monkeypatch.setattr(Curves, "draw", lambda *arguments, **keys: None)
