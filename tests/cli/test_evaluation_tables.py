"""Cells of the tables that `locard evaluate` prints."""

from __future__ import annotations

import pytest

from locard.cli.evaluation_tables import _cell
from locard.evaluation.results import Estimate


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (None, "–"),
        (Estimate(value=None), "–"),
        (Estimate(value=0.5, images=3), ".500"),
        (Estimate(value=0.0, low=0.0, high=0.41, images=7), ".000\n.000–.410"),
        (Estimate(value=-0.02, low=-0.1, high=1.0, images=7), "-.020\n-.100 to 1.000"),
        (Estimate(value=None, infinite=True, images=7), "∞"),
        (Estimate(value=None, low=1.25, infinite=True, images=7), "∞\n1.250–∞"),
    ],
)
def test_a_figure_stands_above_its_interval(estimate: Estimate | None, words: str) -> None:
    assert _cell(estimate).plain == words
