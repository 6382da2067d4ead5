"""What docs/report.md shows works."""

from __future__ import annotations

import re
from pathlib import Path

from locard.report.exporter import Exporter

PAGE = Path(__file__).parents[2] / "docs" / "report.md"


def test_the_exporter_of_the_page_writes_a_report(report, tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {"__name__": "acme_text"}
    exec(code, names)
    exporters: list[type[Exporter]] = []
    names["register_exporters"](exporters.append)
    path = tmp_path / "report.txt"
    exporters[0]().write(report, path)
    assert "E0001 history-refined: detected\n" in path.read_text(encoding="utf-8")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 9
