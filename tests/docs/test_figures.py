"""The figures in the pages are those of the result files."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def load_generator() -> ModuleType:
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module("generate_figures")
    finally:
        sys.path.remove(str(DOCS))


generator = load_generator()


@pytest.mark.parametrize("page", generator.pages(), ids=lambda page: page.name)
def test_figures_are_those_of_the_result_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert generator.filled(text) == text, "run python docs/generate_figures.py"


def test_the_main_page_has_all_its_tables() -> None:
    text = (DOCS / "how-good.md").read_text(encoding="utf-8")
    assert len(generator.BLOCK.findall(text)) >= 9


def test_no_result_file_names_a_path_of_the_machine_that_made_it() -> None:
    for name in generator.TITLES:
        assert not Path(generator.results(name).command["dataset"]).is_absolute()


def test_a_page_that_says_otherwise_is_found() -> None:
    text = (DOCS / "how-good.md").read_text(encoding="utf-8")
    block = generator.BLOCK.search(text)
    assert block is not None
    assert generator.filled(text.replace(block[0], block[1] + block[3])) == text
