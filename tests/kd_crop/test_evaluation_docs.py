"""Pages' tables of crop models, from a file of results."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from locard_kd_crop.evaluation.results import (
    CropResults,
    FigureResult,
    MethodResult,
    PartResult,
    PhotographResult,
    SetResult,
)

DOCS = Path(__file__).parents[2] / "docs"


def load(name: str) -> ModuleType:
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS))


def figure(name: str, value: float, low: float | None, high: float | None) -> FigureResult:
    return FigureResult(figure=name, value=value, low=low, high=high, images=8, groups=3)


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    part = PartResult(
        table="strata",
        name="C",
        size="256 px and more",
        images=8,
        figures=(figure("balanced_accuracy", 0.975, 0.9501, 1.0), figure("auc", 1.0, None, None)),
    )
    alarms = PartResult(
        table="false alarms",
        name="all",
        size="any size",
        images=4,
        figures=(figure("false_alarms", 0.0, 0.0, 0.0125),),
    )
    method = MethodResult(
        name="student",
        key="0",
        parameters=12345,
        macs=5_000_000,
        evidence_macs=0,
        bytes=61_400,
        time=4.25,
        lossless_threshold=0,
        jpeg_threshold=0.5,
        alarms=(),
        older_grids=(PhotographResult(photograph="a|b.jpg", x=3, y=0, agree=4, images=5),),
        parts=(part, alarms),
    )
    results = CropResults(
        created="2026-11-21T00:00:00+00:00",
        locard="1",
        split="test",
        sets=(SetResult(name="made", tool="Pillow 13", manifest_sha256="ab" * 32, images=12),),
        methods=(method,),
    )
    (tmp_path / "crop-made.json").write_text(results.model_dump_json(), "utf-8")
    monkeypatch.setattr(load("crop_figures"), "RUNS", tmp_path)
    load("crop_figures").crop_results.cache_clear()
    return "crop-made"


def test_tables_of_a_page(named: str) -> None:
    page = "\n".join(
        f"<!-- figures: {words} -->\n<!-- end of figures -->"
        for words in (
            f"crop_strata {named} balanced_accuracy",
            f"crop_strata {named} auc large",
            f"crop_alarms {named}",
            f"crop_costs {named}",
            f"crop_sets {named}",
            f"crop_photographs {named}",
        )
    )
    filled = load("generate_figures").filled(page)
    assert "256 px and more: balanced accuracy at the decision threshold:" in filled
    assert "| C (n = 8) | .975 (.950–1.000) |" in filled
    assert "| C (n = 8) | 1.000 |" in filled
    assert "| all (n = 8) | .000 (.000–.013) |" in filled
    assert "| student | 12,345 | 61 | 5.0 | – | 4.2 |" in filled
    assert "| made | Pillow 13 | 12 | `abababababababab…` |" in filled
    assert "| a\\|b.jpg | student | 3, 0 | 4 of 5 | counted as false alarms |" in filled
    assert load("generate_figures").filled(filled) == filled
