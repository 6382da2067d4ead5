"""The report as PDF."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html import unescape

import pytest

from locard.errors import LocardError
from locard.report import pdf
from locard.report.html import render

weasyprint = pytest.importorskip("weasyprint")


def test_pages_are_written(report, tmp_path):
    path = tmp_path / "report.pdf"
    pdf.PdfExporter().write(replace(report, exhibits=report.exhibits[:1]), path)
    data = path.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.pdf"]


def test_each_plate_is_merged_and_nothing_is_scripted(report):
    html = unescape("".join(render(report, static=True)))
    assert "<use" not in html
    assert 'type="radio"' not in html
    assert len(re.findall('<image class="merged"', html)) == 10  # 2 exhibits of 2 and 3 plates
    assert "script-src 'none'" in html  # so that no script of anybody's would run


@pytest.mark.parametrize("address", ["file:///etc/passwd", "http://localhost:9/", "relative.png"])
def test_it_reaches_nothing_outside(address, monkeypatch, report, tmp_path):
    monkeypatch.setattr(pdf, "render", lambda *_, **__: [f"<img src='{address}'>"])
    reached = []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *a, **k: reached.append(a))
    path = tmp_path / "report.pdf"
    try:
        pdf.PdfExporter().write(report, path)
    except weasyprint.urls.FatalURLFetchingError:
        assert not path.exists()
    assert reached == []


def test_a_missing_weasyprint_is_told_with_what_to_do(report, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    path = tmp_path / "report.pdf"
    with pytest.raises(LocardError, match="needs WeasyPrint") as caught:
        pdf.PdfExporter().write(report, path)
    assert "pip install 'locard[pdf]'" in caught.value.hint
    assert not path.exists()


def test_an_empty_case_can_be_printed(report, tmp_path):
    empty = replace(report, exhibits=(), examinations=(), methods=(), ledger=())
    pdf.PdfExporter().write(empty, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
