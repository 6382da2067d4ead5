"""The figures in the pages are those of the result files."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_figures", DOCS / "generate_figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
