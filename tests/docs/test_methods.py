"""Every method has its page with measured figures, and what pages say to run is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from locard.plugins import catalogue

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
METHODS = sorted((DOCS / "methods").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
SCRIPT = re.compile(r"\b(?:benchmarks|docs|demo)/\w+\.py")
IN_TABLE = re.compile(r"^\| `(\w+\.py)\b", re.MULTILINE)
OTHER_FIGURES = {
    "dense-crf": "gains casia1-val-quick",
    "kd-crop": "crop_strata crop-test balanced_accuracy",
    "semi-global": "splice splice-paper paper",
    "frame-metadata": "edits frame-metadata-tuning frame-metadata-test",
}
"""Refiners have no figures but what they gain; crops and splices have evaluations of their own."""


def test_every_shipped_method_has_a_page_and_every_page_a_method() -> None:
    assert [page.stem for page in METHODS] == sorted(catalogue().steps)


@pytest.mark.parametrize("page", METHODS, ids=lambda page: page.stem)
def test_a_page_has_the_figures_of_its_method(page: Path) -> None:
    asked = OTHER_FIGURES.get(page.stem, f"step {page.stem}")
    block = f"<!-- figures: {asked} -->\n\n"
    _, found, after = page.read_text("utf-8").partition(block)
    assert found, f"write <!-- figures: {asked} -->, then run python docs/generate_figures.py"
    assert after.partition("<!-- end of figures -->")[0].count("\n| ") > 5


@pytest.mark.parametrize("page", METHODS, ids=lambda page: page.stem)
def test_the_navigation_has_the_page(page: Path) -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    assert f"- methods/{page.name}\n" in navigation


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_scripts_that_a_page_names_are_there(page: Path) -> None:
    named = set(SCRIPT.findall(page.read_text("utf-8")))
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_the_page_of_benchmarks_names_all_of_them() -> None:
    named = set(IN_TABLE.findall((DOCS / "benchmarks.md").read_text("utf-8")))
    assert named == {path.name for path in (ROOT / "benchmarks").glob("*.py")}
