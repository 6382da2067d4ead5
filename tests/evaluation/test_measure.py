"""One exhibit against its truth: maps are read back, and what is missing is said."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import painted
import pytest

from locard.engine.artifacts import write_artifacts
from locard.engine.records import ExhibitResult, FindingRecord
from locard.evaluation.datasets.loading import Dataset, load
from locard.evaluation.runs.measure import Exhibit, Measured, measure, unmeasured
from locard.evaluation.treatments import parse
from locard.evaluation.treatments.copies import Copy, Refused, make_copy
from locard.findings import Finding, HeatMap
from locard.outcomes import Outcome
from locard.plugins import Catalogue

HALF = painted.HEIGHT // 2, painted.WIDTH // 2


@pytest.fixture(scope="module")
def plugins() -> Catalogue:
    return Catalogue(allowed=frozenset())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return painted.make(tmp_path / "set")


def dataset_in(folder: Path, plugins: Catalogue) -> Dataset:
    return load(folder, "folder", plugins)


def found(tmp_path: Path, **finding) -> FindingRecord:
    spool = tmp_path / "spool"
    spool.mkdir(exist_ok=True)
    artifacts = write_artifacts(Finding.detected(0.5, "there", **finding), "first", spool)
    return FindingRecord(
        "first",
        "acme",
        "1",
        Outcome.DETECTED,
        0.5,
        artifacts=artifacts,
        seconds=0.25,
        cache_key="ab" * 32,
        likelihood={"log10_lr": 1.5},
    )


def exhibit_of(dataset: Dataset, name: str, *findings: FindingRecord, **rest) -> Exhibit:
    sample = next(sample for sample in dataset.samples if sample.name == name)
    size = rest.pop("size", (painted.WIDTH, painted.HEIGHT))
    result = ExhibitResult(dataset.hashes[name], *size, findings)
    return Exhibit(sample, result, **rest)


def measured(dataset: Dataset, exhibit: Exhibit) -> Measured:
    """Measure, after a journey to another process."""
    return measure(*pickle.loads(pickle.dumps((dataset, exhibit, frozenset()))))


def test_a_coarse_map_and_a_mask_are_held_against_the_truth(
    tmp_path: Path, folder: Path, plugins: Catalogue
):
    dataset = dataset_in(folder, plugins)
    cells = np.zeros(HALF, np.float32)
    cells[5:15, 8:23] = 0.8  # rows 10 to 30 of columns 16 to 46: 580 of 600, and 20 beside
    mask = np.zeros((painted.HEIGHT, painted.WIDTH), bool)
    mask[10:20, 15:45] = True
    record = found(tmp_path, map=HeatMap(cells, cell=2), mask=mask)
    (row,) = measured(dataset, exhibit_of(dataset, "tampered/splice/s0.png", record)).rows
    assert row.pixels.f1 == pytest.approx(2 * 580 / (600 + 600))
    assert row.pixels.iou == pytest.approx(580 / 620)
    assert row.pixels.mask_f1 == pytest.approx(2 * 300 / (300 + 600))
    assert row.pixels.best_threshold == pytest.approx(0.8)
    assert row.has_map
    assert row.tampered
    assert (row.score, row.log10_lr, row.seconds) == (0.5, 1.5, 0.25)
    assert row.finding_key == "ab" * 32
    assert (row.format, row.width, row.height, row.jpeg_quality) == ("PNG", 60, 40, None)
    assert row.subsets == {
        "kind": "splice",
        "source": "lossless file",
        "size": "below 0.5 MP",
        "share": "10-30 %",
    }
    assert row.sha256 == hashlib.sha256((folder / row.sample).read_bytes()).hexdigest()


def test_a_missing_map_is_a_map_of_zeros(tmp_path: Path, folder: Path, plugins: Catalogue):
    dataset = dataset_in(folder, plugins)
    exhibit = exhibit_of(dataset, "tampered/splice/s0.png", found(tmp_path))
    (row,) = measured(dataset, exhibit).rows
    assert not row.has_map
    assert row.pixels.f1 == 0
    assert row.pixels.best_f1 == pytest.approx(2 * 600 / (2400 + 600))


def test_of_an_authentic_image_only_the_marked_share_is_defined(
    tmp_path: Path, folder: Path, plugins: Catalogue
):
    dataset = dataset_in(folder, plugins)
    values = np.zeros((painted.HEIGHT, painted.WIDTH), np.float32)
    values[:4] = 1
    record = found(tmp_path, map=HeatMap(values))
    result = measured(dataset, exhibit_of(dataset, "authentic/a0.png", record))
    assert result.problem is None
    assert result.rows[0].pixels.marked == pytest.approx(0.1)
    assert result.rows[0].pixels.f1 is None


def test_a_treated_copy_is_held_against_the_treated_truth(
    tmp_path: Path, folder: Path, plugins: Catalogue
):
    dataset = dataset_in(folder, plugins)
    treatment = parse("crop-15-10")
    name = "tampered/splice/s0.png"
    copy = make_copy(folder / name, treatment, tmp_path / "copy")
    assert isinstance(copy, Copy)
    assert copy.sha256 == hashlib.sha256((tmp_path / "copy").read_bytes()).hexdigest()
    values = np.zeros((30, 45), np.float32)
    values[:20, :30] = 1
    record = found(tmp_path, map=HeatMap(values))
    exhibit = exhibit_of(
        dataset, name, record, size=(45, 30), treatment=treatment, facts=copy.facts
    )
    (row,) = measured(dataset, exhibit).rows
    assert row.treatment == "crop-15-10"
    assert row.pixels.f1 == 1
    assert (row.width, row.height) == (45, 30)
    assert row.subsets["share"] == "10-30 %"  # of the image as it was, in every table


def test_an_image_that_cannot_be_treated_says_why(tmp_path: Path, folder: Path):
    name = folder / "authentic/a0.png"
    refused = make_copy(name, parse("crop-0-39"), tmp_path / "copy")
    assert isinstance(refused, Refused)
    assert "fewer than 8 pixels" in refused.reason
    (tmp_path / "broken.png").write_bytes(name.read_bytes()[:100])
    assert isinstance(make_copy(tmp_path / "broken.png", parse("png"), tmp_path / "c"), Refused)
    assert not (tmp_path / "copy").exists()
    with pytest.raises(OSError, match="No such file"):
        make_copy(name, parse("png"), tmp_path / "nowhere" / "copy")


def without_mask(folder: Path) -> None:
    (folder / "masks/s0.png").unlink()


def smaller_mask(folder: Path) -> None:
    painted.save(folder / "masks/s0.png", np.full(HALF, 255, np.uint8))


def broken_mask(folder: Path) -> None:
    path = folder / "masks/s0.png"
    data = path.read_bytes()
    path.write_bytes(data[:60] + bytes(20) + data[80:])


def empty_mask(folder: Path) -> None:
    painted.save(folder / "masks/s0.png", np.zeros((painted.HEIGHT, painted.WIDTH), np.uint8))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without_mask, "no mask"),
        (smaller_mask, "30 × 20"),
        (broken_mask, "cannot be read"),
        (empty_mask, "marks nothing"),
    ],
)
def test_without_a_usable_mask_there_are_no_pixel_figures(
    tmp_path: Path, folder: Path, plugins: Catalogue, spoil, words: str
):
    spoil(folder)
    dataset = dataset_in(folder, plugins)
    record = found(tmp_path, map=HeatMap(np.ones((painted.HEIGHT, painted.WIDTH), np.float32)))
    result = measured(dataset, exhibit_of(dataset, "tampered/splice/s0.png", record))
    assert words in result.problem
    (row,) = result.rows
    assert row.pixels is None
    assert row.has_map
    assert row.outcome == Outcome.DETECTED


def test_an_exhibit_that_could_not_be_read_has_no_pixel_figures(folder: Path, plugins: Catalogue):
    dataset = dataset_in(folder, plugins)
    failed = FindingRecord("first", "acme", "1", Outcome.FAILED, reason="corrupt")
    exhibit = exhibit_of(dataset, "authentic/a0.png", failed, size=(None, None))
    (row,) = measured(dataset, exhibit).rows
    assert row.pixels is None
    assert row.reason == "corrupt"


def test_an_image_that_is_gone_is_a_problem(tmp_path: Path, folder: Path, plugins: Catalogue):
    dataset = dataset_in(folder, plugins)
    (folder / "authentic/a0.png").unlink()
    result = measured(dataset, exhibit_of(dataset, "authentic/a0.png", found(tmp_path)))
    assert "a0.png" in result.problem
    assert result.rows[0].subsets == {"kind": "authentic"}


def test_a_map_that_is_gone_is_a_problem(tmp_path: Path, folder: Path, plugins: Catalogue):
    dataset = dataset_in(folder, plugins)
    record = found(tmp_path, map=HeatMap(np.ones((painted.HEIGHT, painted.WIDTH), np.float32)))
    record.artifacts[0].path.unlink()
    other = replace(found(tmp_path), step="second")
    exhibit = exhibit_of(dataset, "authentic/a0.png", record, other)
    result = measured(dataset, exhibit)
    assert "the map of first cannot be used" in result.problem
    assert [row.pixels is None for row in result.rows] == [True, False]
    assert [row.pixels for row in unmeasured(exhibit, "why").rows] == [None, None]
