"""A report's size in memory does not grow with its exhibits."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from locard.report import figures
from locard.report.html import render


@pytest.fixture
def many(report):
    """Thirty exhibits with the findings of the first."""
    exhibit, result = report.exhibits[0], report.examinations[0].results[0]
    labels = [f"E{number:04d}" for number in range(1, 31)]
    return replace(
        report,
        exhibits=tuple(replace(exhibit, label=label) for label in labels),
        examinations=(
            replace(
                report.examinations[0],
                results=tuple(replace(result, exhibit=label) for label in labels),
            ),
        ),
    )


def test_pictures_live_no_longer_than_their_section(many, monkeypatch):
    made = []

    def thumbnail(exhibit, max_side):
        pixels = np.zeros((136, 200, 3), dtype=np.uint8)
        made.append(weakref.ref(pixels))
        return pixels

    monkeypatch.setattr(figures, "thumbnail", thumbnail)
    pieces = render(many)
    next(pieces)
    assert made == []
    for _ in pieces:
        gc.collect()  # sections hold cycles: what is held only by them does not count
        assert sum(pixels() is not None for pixels in made) <= 2
    assert len(made) == 30
