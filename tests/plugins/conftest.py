"""Small packages on the import path, as an installer would leave them."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from locard.cli import main
from locard.detectors import Step
from locard.plugins import catalogue

Install = Callable[..., Path]
MakeStep = Callable[[str], type[Step]]

_numbers = itertools.count()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path; what is imported from it is forgotten afterwards."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def install(packages: Path) -> Install:
    """Leave a package in the folder: dist-info with entry points, and modules."""

    def install(
        distribution: str,
        entry_points: str | None = None,
        metadata: str | None = None,
        **modules: str,
    ) -> Path:
        info = packages / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        if metadata is None:
            metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n\nText\n"
        if metadata:
            (info / "METADATA").write_text(metadata)
        if entry_points is not None:
            (info / "entry_points.txt").write_text(dedent(entry_points))
        for name, source in modules.items():
            (packages / f"{name}.py").write_text(dedent(source))
        importlib.invalidate_caches()
        return packages

    return install


@pytest.fixture
def make_step(packages: Path) -> MakeStep:
    """Write a module that defines ``Step`` and return the class; a fresh process can import it."""

    def make(source: str) -> type[Step]:
        name = f"made_step_{next(_numbers)}"
        (packages / f"{name}.py").write_text(PRELUDE + dedent(source))
        importlib.invalidate_caches()
        step: type[Step] = importlib.import_module(name).Step
        return step

    return make


PRELUDE = dedent(
    '''\
    import os, random, socket, sys, tempfile, warnings
    from pathlib import Path
    import numpy as np
    from pydantic import ConfigDict, Field
    from locard import Budget, Detector, Finding, HeatMap, Needs, Outcome
    from locard import Parameters, Refiner, Region

    def brightness(image, cell=8):
        """Mean brightness of each whole or cut-off cell."""
        luma = np.asarray(image.luma, np.float32)
        height, width = luma.shape
        padded = np.pad(luma, ((0, -height % cell), (0, -width % cell)), mode="edge")
        rows, columns = padded.shape[0] // cell, padded.shape[1] // cell
        means = padded.reshape(rows, cell, columns, cell).mean(axis=(1, 3))
        return np.clip(means / 255, 0, 1).astype(np.float32)

    class Good(Detector):
        name = "good"
        version = "1"
        summary = "Bright parts"
        method = "The mean of the luma."
        limits = "It says nothing about manipulation."
        score_meaning = "mean brightness, 0 to 1"
        glossary = {"mean": "mean brightness"}
        budget = Budget(0.5, 1, 20, 50)

        class Parameters(Parameters):
            cell: int = Field(8, ge=1, le=64, description="side of a cell, in pixels")

        def examine(self, image):
            values = brightness(image, self.parameters.cell)
            heat_map = HeatMap(values, cell=self.parameters.cell)
            mean = float(values.mean())
            return Finding.not_detected(mean, "bright", map=heat_map, measurements={"mean": mean})

    class GoodRefiner(Refiner):
        name = "good-refiner"
        version = "1"
        summary = "Rounds a map"
        method = "Rounds each value."
        limits = "It adds nothing."
        score_meaning = "unchanged"

        def refine(self, image, finding):
            rounded = np.round(finding.map.values, 1).astype(np.float32)
            return finding.with_(map=HeatMap(rounded, finding.map.cell, finding.map.origin))

    '''
)


@pytest.fixture
def locard(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Run the command line in this process, with plugins discovered anew."""

    def run(*arguments: str) -> tuple[int, str, str]:
        catalogue.cache_clear()
        monkeypatch.setattr(sys, "argv", ["locard", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        code = 0 if caught.value.code is None else int(caught.value.code)
        return code, *capsys.readouterr()

    yield run
    catalogue.cache_clear()
