"""How the pages of methods write figures, and what they leave out."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = str(Path(__file__).parents[2] / "docs")
sys.path.insert(0, FOLDER)
try:
    tables = importlib.import_module("figure_tables")
    methods = importlib.import_module("method_figures")
finally:
    sys.path.remove(FOLDER)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, ".123"), (-0.0214, "−.021"), (-0.0001, ".000"), (0.9996, "1.000"), (1.5, "1.500")],
)
def test_a_figure_has_three_decimals_and_no_minus_before_zero(value: float, text: str) -> None:
    assert tables.short(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0001, "+.000"), (-0.0001, "−.000"), (0.0, ".000"), (0.012, "+.012")]
)
def test_a_difference_says_on_which_side_of_zero_it_is(value: float, text: str) -> None:
    assert methods._signed(value) == text


def test_variants_go_together_where_all_of_them_are_meant() -> None:
    titles = [
        "chart: cfa / a",
        "chart: cfa / b",
        "chart: noise / a",
        "chart: noise / b",
        "chart: g",
    ]
    chosen = ["chart: cfa / a", "chart: cfa / b", "chart: noise / b", "chart: g"]
    assert methods._together(chosen, titles) == ["chart: cfa", "chart: noise / b", "chart: g"]


def test_no_sensitivity_where_headers_tell_the_classes_apart() -> None:
    assert any(leak.leaks for leak in tables.results("casia1-val").leaks or ())
    found = tables.subset("casia1-val", "double-jpeg", "kind", "splice")
    assert found.metrics["sensitivity"].value is not None
    assert methods._sensitivity("casia1-val", found) == tables.NONE


def test_a_refiner_s_gain_is_that_of_the_result_file() -> None:
    (gain,) = tables.results("casia1-val-quick").gains
    assert (gain.step, gain.input) == ("double-jpeg-refined", "double-jpeg")
    change = gain.parts[0].differences["f1"]
    assert methods._signed_interval(change) in methods.gains("casia1-val-quick")
    before = tables.subset("casia1-val-quick", "double-jpeg")
    assert change.first == pytest.approx(before.metrics["f1"].value)
