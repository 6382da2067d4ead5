"""The page of commands is what the commands say of themselves."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date():
    generator = runpy.run_path(str(DOCS / "generate_cli.py"))
    written = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert written == generator["page"](), "run `python docs/generate_cli.py`"
