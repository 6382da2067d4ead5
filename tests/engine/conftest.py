"""A lab's plugins as an installed package, photographs as files, and a way to run them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from locard.engine.records import ExhibitResult, FindingRecord
from locard.engine.run import Summary, examine
from locard.engine.tasks import Subject
from locard.pipelines import Pipeline, resolve
from locard.plugins import ALLOW_LIST_VARIABLE, Catalogue, allow_list

LAB = Path(__file__).parent / "lab"
"""A folder as ``pip install --target`` makes it: modules beside their ``.dist-info``.

Worker processes get the parent's ``sys.path``, so they find the plugin as they would in a lab.
"""


@pytest.fixture(scope="module")
def plugins() -> Iterator[Catalogue]:
    """The core and the lab's plugins, here and in worker processes.

    For a module, not the session: tests of other folders start commands of their own, which must
    not inherit the allow-list.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ALLOW_LIST_VARIABLE, "acme-hostile,acme-broken")
        patch.setattr(sys, "path", [str(LAB), *sys.path])
        yield Catalogue(allowed=allow_list())


@pytest.fixture(scope="module")
def pipeline(plugins: Catalogue) -> Callable[..., Pipeline]:
    """Makes a pipeline of steps given as dictionaries, or as names of plugins."""

    def make(*steps: dict[str, Any] | str) -> Pipeline:
        tables = [
            {"name": step, "plugin": step} if isinstance(step, str) else step for step in steps
        ]
        return resolve({"name": "test", "version": "1", "steps": tables}, "test", plugins)

    return make


@pytest.fixture(scope="session")
def act() -> Callable[..., dict[str, Any]]:
    """Makes a step that misbehaves, named after what it does."""

    def make(what: str, **limits: float) -> dict[str, Any]:
        return {
            "name": what,
            "plugin": "acme-misbehave",
            "parameters": {"act": what},
            "limits": {"seconds": 20, "mebibytes": 512} | limits,
        }

    return make


def _subject(path: Path) -> Subject:
    return Subject(hashlib.sha256(path.read_bytes()).hexdigest(), path, path.name)


@pytest.fixture(scope="session")
def subject_of() -> Callable[[Path], Subject]:
    """Makes a subject of a file."""
    return _subject


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], list[Subject]]:
    """Makes so many small PNG and JPEG files, each different."""
    folder = tmp_path_factory.mktemp("photographs")

    def make(count: int, side: int = 24) -> list[Subject]:
        made = []
        for number in range(count):
            path = folder / f"{number:04d}-{side}.{'jpg' if number % 2 else 'png'}"
            if not path.exists():
                noise = np.random.default_rng(number).integers(0, 256, (side, side + 8, 3))
                Pillow.fromarray(noise.astype(np.uint8)).save(path)
            made.append(_subject(path))
        return made

    return make


class Results(dict[str, ExhibitResult]):
    """Results by the subject's name, with the summary."""

    summary: Summary

    def finding(self, name: str, step: str) -> FindingRecord:
        return next(f for f in self[name].findings if f.step == step)


@pytest.fixture
def run(plugins: Catalogue, tmp_path: Path) -> Callable[..., Results]:
    """Examines subjects and gathers the results; artifacts are kept in a folder."""
    return lambda *args, **rest: _run_in(tmp_path, plugins, *args, **rest)


@pytest.fixture(scope="module")
def run_once(
    plugins: Catalogue, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Results]:
    """The same for results that several tests look at."""
    return lambda *args, **rest: _run_in(tmp_path_factory.mktemp("run"), plugins, *args, **rest)


def _run_in(
    folder: Path,
    plugins: Catalogue,
    pipeline: Pipeline,
    subjects: list[Subject],
    workers: int = 1,
    **rest: Any,
) -> Results:
    results = Results()
    kept = folder / "kept"
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)

    def keep(subject: Subject, result: ExhibitResult) -> None:
        results[subject.name] = _move_artifacts(result, kept / subject.sha256)

    results.summary = examine(
        pipeline,
        subjects,
        plugins=plugins,
        sink=keep,
        scratch=scratch,
        workers=workers,
        **rest,
    )
    return results


def _move_artifacts(result: ExhibitResult, folder: Path) -> ExhibitResult:
    """Move artifacts out of the scratch folder, as a vault does."""
    folder.mkdir(parents=True, exist_ok=True)

    def moved(finding: FindingRecord) -> FindingRecord:
        if finding.reused:
            return finding
        artifacts = tuple(
            replace(artifact, path=artifact.path.rename(folder / artifact.path.name))
            for artifact in finding.artifacts
        )
        return replace(finding, artifacts=artifacts)

    return replace(result, findings=tuple(moved(finding) for finding in result.findings))
