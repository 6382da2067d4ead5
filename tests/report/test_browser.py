"""The HTML report in a real browser: what is hostile does not run, what is ours does."""

from __future__ import annotations

import pytest
from PIL import Image as Pillow

from locard.report.html import HtmlExporter

MARK = "data-broken-out"


@pytest.fixture(scope="module")
def page(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    HtmlExporter().write(report, path)
    return path


def test_the_payload_would_leave_its_mark(chromium, tmp_path, hostile):
    path = tmp_path / "unprotected.html"
    path.write_text(f"<!DOCTYPE html><html><body>{hostile[0]}</body></html>", encoding="utf-8")
    assert f"{MARK}=" in chromium(path, "--dump-dom").partition(">")[2].partition(">")[0]


def test_hostile_text_does_not_run_and_our_script_does(chromium, page):
    dom = chromium(page, "--dump-dom")
    assert f'{MARK}="yes"' not in dom
    assert dom.rstrip().endswith("</html>")
    assert '<label class="opacity">' in dom  # revealed by the script
    assert '<label class="opacity" hidden' not in dom
    assert "--map-opacity: 0.75" in dom


@pytest.mark.slow
def test_it_fits_the_window(chromium, page, tmp_path):
    picture = tmp_path / "shot.png"
    chromium(page, f"--screenshot={picture}", "--window-size=800,1200", "--hide-scrollbars")
    with Pillow.open(picture) as shot:
        margin = shot.convert("L").crop((792, 0, 800, 1200))
        assert margin.getextrema()[0] > 200  # nothing sticks out into the right margin
