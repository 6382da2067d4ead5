"""The page on data sets: its layout works as it stands, its list loads, its figures hold."""

from __future__ import annotations

import os
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from locard.evaluation.datasets.layouts import LAYOUTS
from locard.evaluation.datasets.leaks import DEPTH, FOLDS, MARGIN, find_leaks
from locard.evaluation.datasets.loading import detect, load
from locard.evaluation.datasets.strata import MAX_VALUES, MIN_IMAGES
from locard.plugins import Catalogue
from locard.testing import encode, jpeg, photograph

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text("utf-8")
SCENE = photograph(40, 60)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """The installed layouts and the page's own, from a plugin that is its snippet."""
    module = ModuleType("acme_layouts_of_the_page")
    for code in blocks("python")[:2]:
        exec(code, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    core = EntryPoint("core", "locard.builtin", "locard")
    return Catalogue([core, EntryPoint("acme", module.__name__, "locard")])


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    mask = np.zeros((40, 60), np.uint8)
    mask[:10] = 255
    for number in (17, 18):
        case = tmp_path / f"case-{number}"
        case.mkdir()
        (case / "original.jpg").write_bytes(jpeg(SCENE))
        (case / "forged.jpg").write_bytes(jpeg(SCENE[::-1]))
        (case / "forged-area.png").write_bytes(encode(mask, "PNG"))
    return tmp_path


def test_the_page_s_layout_loads_a_lab_s_folder(cases: Path, plugins: Catalogue) -> None:
    assert detect(cases, plugins) == "acme-cases"
    (cases / "case-18" / "forged-area.png").unlink()
    dataset = load(cases, None, plugins)
    assert [(s.name, s.kind, s.group) for s in dataset.samples] == [
        ("case-17/forged.jpg", "splice", "case-17"),
        ("case-17/original.jpg", "authentic", "case-17"),
        ("case-18/forged.jpg", "splice", "case-18"),
        ("case-18/original.jpg", "authentic", "case-18"),
    ]
    assert dataset.facts.problems == ("case-18/forged.jpg: it is tampered and has no mask",)
    assert dataset.truth(dataset.samples[0], 40, 60).mean() == 0.25


def test_the_page_s_dark_masks_are_the_others_turned(cases: Path, plugins: Catalogue) -> None:
    dark = sys.modules["acme_layouts_of_the_page"].AcmeDarkMasks()
    samples = list(dark.samples(cases))
    assert dark.truth(samples[0]).mean() == 0.75


def test_the_page_s_program_runs(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cases / "images").mkdir()
    (cases / "masks").mkdir()
    (cases / "images" / "a.jpg").write_bytes((cases / "case-17" / "forged.jpg").read_bytes())
    (cases / "masks" / "a.png").write_bytes((cases / "case-17" / "forged-area.png").read_bytes())
    namespace: dict[str, object] = {}
    exec(blocks("python")[2], namespace)
    shares = namespace["tampered_shares"](cases)  # type: ignore[operator]
    assert shares == {"images/a.jpg": 0.25}


def test_the_page_s_list_loads(tmp_path: Path) -> None:
    (text,) = blocks("csv")
    (tmp_path / "manifest.csv").write_text(text)
    (tmp_path / "masks").mkdir()
    for name in "abc":
        (tmp_path / f"{name}.jpg").write_bytes(jpeg(SCENE))
        mask = np.full((40, 60), 255, np.uint8)
        (tmp_path / "masks" / f"{name}.png").write_bytes(encode(mask, "PNG"))
    dataset = load(tmp_path, None, Catalogue())
    assert dataset.facts.problems == ()
    assert dataset.facts.kinds == {"authentic": 1, "removal": 1, "splice": 1}
    assert dataset.samples[0].group == dataset.samples[1].group == "scene 1"


def test_every_layout_has_its_section() -> None:
    sections = re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)
    general = {"folder", "manifest"}
    assert set(sections) == {layout.name for layout in LAYOUTS} - general
    assert "Layout `folder`" in PAGE
    assert "## A list: manifest.csv" in PAGE


def test_the_page_s_numbers_are_the_code_s() -> None:
    assert f"depth {DEPTH}" in PAGE
    assert f"above {0.5 + MARGIN:.2f}" in PAGE
    assert FOLDS == 5
    assert f"2 to {MAX_VALUES} values, and on average {MIN_IMAGES} images" in PAGE


@pytest.mark.skipif("LOCARD_DATA" not in os.environ, reason="needs LOCARD_DATA with casia1")
def test_the_page_s_figures_are_measured() -> None:
    folder = Path(os.environ["LOCARD_DATA"]) / "casia1" / "val"
    dataset = load(folder, None, Catalogue())
    together, *_ = leaks = find_leaks(dataset)
    (tables,) = (leak for leak in leaks if leak.feature == "quantisation tables")
    assert dataset.facts.kinds["authentic"] == 103
    assert dataset.facts.images == 103 + 114
    assert f"{tables.balanced_accuracy:.1%}".replace("%", " %") == "99.5 %"
    assert together.balanced_accuracy == 1.0
