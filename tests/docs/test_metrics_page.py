"""The page of metrics has the definitions that the code has."""

from __future__ import annotations

import runpy
from pathlib import Path

from locard.evaluation.metrics import METRICS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    generator = runpy.run_path(str(DOCS / "generate_metrics.py"))
    written = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert written == generator["page"](written), "run `python docs/generate_metrics.py`"
    assert all(f"| `{name}`" in written for name in METRICS)
