"""Maps, masks and pictures survive the way to a file and back, to the bit."""

from __future__ import annotations

import gzip
import hashlib
import io
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from PIL import Image as Pillow

from locard.engine.artifacts import (
    read_finding,
    read_map,
    read_mask,
    read_values,
    write_artifacts,
)
from locard.engine.records import FindingRecord
from locard.findings import Finding, HeatMap, Region
from locard.outcomes import Outcome


def record(finding: Finding, folder: Path) -> FindingRecord:
    artifacts = write_artifacts(finding, "step", folder)
    return FindingRecord("step", "plugin", "1", finding.outcome, artifacts=artifacts)


def smooth(rows: int, columns: int) -> np.ndarray:
    return np.tile(np.linspace(0, 1, columns, dtype=np.float32), (rows, 1))


def noisy(rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(1).random((rows, columns), dtype=np.float32)


@settings(deadline=None, max_examples=30)
@given(values=arrays.arrays(np.float32, arrays.array_shapes(min_dims=2, max_dims=2)))
def test_a_map_comes_back_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray
) -> None:
    heat_map = HeatMap(values, cell=8, origin=(-3, 5))
    back = read_map(record(Finding.detected(1, "", map=heat_map), tmp_path_factory.mktemp("a")))
    assert back is not None
    assert (back.cell, back.origin, back.values.dtype) == (8, (-3, 5), np.float32)
    assert back.values.tobytes() == values.tobytes()


@pytest.mark.parametrize("make", [smooth, noisy])
def test_a_map_is_a_gzipped_npy_that_others_can_open(tmp_path: Path, make: object) -> None:
    values = make(300, 400)  # type: ignore[operator]
    (artifact,) = record(Finding.detected(1, "", map=HeatMap(values)), tmp_path).artifacts
    data = artifact.path.read_bytes()
    assert artifact.path.name == "step.map.npy.gz"
    assert (artifact.sha256, artifact.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert artifact.geometry == {"cell": 1, "origin": [0, 0], "rows": 300, "columns": 400}
    assert np.array_equal(np.load(io.BytesIO(gzip.decompress(data))), values)


def test_a_map_that_shrinks_is_compressed(tmp_path: Path) -> None:
    (artifact,) = record(Finding.detected(1, "", map=HeatMap(smooth(300, 400))), tmp_path).artifacts
    assert artifact.size < 300 * 400


def everything() -> Finding:
    """A finding with one artifact of each kind."""
    return Finding.detected(
        1,
        "",
        map=HeatMap(noisy(40, 50)),
        mask=noisy(40, 50) > 0.5,
        pictures={"hint": np.zeros((4, 5, 3), np.uint8)},
    )


def test_equal_findings_give_equal_files(tmp_path: Path) -> None:
    finding = everything()
    hashes = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        hashes.append([a.sha256 for a in record(finding, folder).artifacts])
    assert hashes[0] == hashes[1]
    assert len(set(hashes[0])) == 3


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (33, 64)])
def test_a_mask_comes_back(tmp_path: Path, shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(2).random(shape) > 0.5
    made = record(Finding.detected(1, "", mask=mask), tmp_path)
    assert np.array_equal(read_mask(made), mask)
    with Pillow.open(made.artifacts[0].path) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "1", shape[::-1])


def test_a_picture_is_a_png(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (6, 9, 3)).astype(np.uint8)
    made = record(Finding.inconclusive("aid", "", pictures={"error-level": pixels}), tmp_path)
    (artifact,) = made.artifacts
    assert (artifact.kind, artifact.name) == ("picture", "error-level")
    assert artifact.geometry == {"width": 9, "height": 6}
    with Pillow.open(artifact.path) as picture:
        assert np.array_equal(np.array(picture), pixels)


@pytest.mark.parametrize("kind", ["map", "mask", "picture"])
@pytest.mark.parametrize("length", [0, 4, 15, 40])
def test_a_file_that_was_cut_is_said_to_be_damaged(tmp_path: Path, kind: Any, length: int) -> None:
    made = record(everything(), tmp_path)
    artifact = made.artifact(kind)
    artifact.path.write_bytes(artifact.path.read_bytes()[:length])
    with pytest.raises(ValueError, match="is not what was written"):
        read_values(artifact)


@pytest.mark.parametrize("kind", ["mask", "picture"])
def test_a_picture_of_another_size_is_said_to_be_damaged(tmp_path: Path, kind: Any) -> None:
    artifact = record(everything(), tmp_path).artifact(kind)
    with pytest.raises(ValueError, match="is not what was written"):
        read_values(replace(artifact, geometry={"width": 1, "height": 1}))


def test_a_small_file_that_unpacks_to_a_huge_one_is_not_unpacked(tmp_path: Path) -> None:
    (record,) = write_artifacts(
        Finding.inconclusive("r", "e", map=HeatMap(np.zeros((4, 4), np.float32))), "s", tmp_path
    )
    bomb = gzip.compress(bytes(200_000_000), 9)
    assert len(bomb) < 200_000
    record.path.write_bytes(bomb)
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 4×4 values"):
        read_values(record)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_map_without_its_place_is_said_to_be_damaged(tmp_path: Path) -> None:
    made = record(everything(), tmp_path)
    bare = replace(made, artifacts=(replace(made.artifacts[0], geometry={}),))
    with pytest.raises(ValueError, match="is not what was written"):
        read_map(bare)


def test_a_finding_comes_back_for_a_refiner(tmp_path: Path) -> None:
    region = Region(1, 2, 3, 4, "here", 0.5, {"a": 1})
    artifacts = write_artifacts(
        Finding.detected(1, "", map=HeatMap(smooth(5, 6)), mask=smooth(5, 6) > 0.5), "s", tmp_path
    )
    kept = FindingRecord(
        "s",
        "plugin",
        "1",
        Outcome.DETECTED,
        score=0.75,
        explanation="seen",
        regions=(asdict(region),),
        measurements={"b": 2},
        artifacts=artifacts,
    )
    finding = read_finding(FindingRecord.from_json(kept.to_json(), tmp_path))
    assert (finding.outcome, finding.score, finding.explanation) == (Outcome.DETECTED, 0.75, "seen")
    assert finding.regions == (region,)
    assert finding.measurements == {"b": 2}
    assert finding.map is not None
    assert np.array_equal(finding.mask, smooth(5, 6) > 0.5)


def test_a_finding_without_arrays_has_no_files(tmp_path: Path) -> None:
    made = record(Finding.not_applicable("too-small", "…"), tmp_path)
    assert made.artifacts == ()
    assert read_map(made) is None
    assert read_mask(made) is None
    assert list(tmp_path.iterdir()) == []
