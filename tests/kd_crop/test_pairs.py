"""What pairs are: through the same steps, the old grid where the manifest says it, and no more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from locard.evaluation.datasets.header_facts import header_facts
from locard.image import Image
from locard_kd_crop.datasets.pairs import COLUMNS, OF_A_PICTURE
from locard_kd_crop.datasets.programs import ToolError
from locard_kd_crop.datasets.strata import WORSE_BANDS, ratio_band
from locard_kd_crop.datasets.tables import ijg, tables_of
from locard_kd_crop.datasets.tools import TOOLS
from locard_traces.zero_votes import luma_of, vote

from .conftest import built, rows

Row = dict[str, str]


def pairs_of(folder: Path) -> list[tuple[Row, Row]]:
    """Return uncropped and cropped rows, pair by pair."""
    ordered = sorted(rows(folder), key=lambda row: (int(row["pair"]), row["kind"]))
    return list(zip(ordered[::2], ordered[1::2], strict=True))


def grid_of(image: Image) -> str:
    """Return the origin that most pixels vote for."""
    votes = vote(luma_of(image.pixels))
    winner = int(np.bincount(votes[votes >= 0], minlength=64).argmax())
    return f"{winner % 8},{winner // 8}"


def test_pairs_differ_in_the_window_alone(made: Path) -> None:
    for uncropped, cropped in pairs_of(made):
        assert (uncropped["kind"], cropped["kind"]) == ("authentic", "crop")
        different = {name for name in COLUMNS if uncropped[name] != cropped[name]}
        assert different <= OF_A_PICTURE
        one, other = (header_facts(Image.from_path(made / r["path"])) for r in (uncropped, cropped))
        assert {name for name in one if one[name] != other[name]} <= {"bytes per pixel"}
        assert uncropped["offset"] == "0,0"
        assert max(abs(int(uncropped[a]) - int(cropped[a])) for a in "xy") <= 16


def test_rows_say_what_the_files_are(made: Path) -> None:
    for row in rows(made):
        image = Image.from_path(made / row["path"])
        assert image.sha256 == row["sha256"]
        assert (str(image.width), str(image.height)) == (row["width"], row["height"])
        if image.jpeg is None:
            assert row["last_tables"] == row["step_ratio"] == ""
            continue
        tables = tables_of(image.jpeg)
        assert tables is not None
        assert row["last_tables"] == tables.name
        assert row["last_subsampling"] == image.jpeg.subsampling
        if row["first_tables"].startswith("ijg-"):
            ratio = tables.step_ratio(ijg(int(row["first_quality"])))
            assert float(row["step_ratio"]) == pytest.approx(ratio, abs=1e-4)


def test_strata_are_what_they_are_called(made: Path) -> None:
    found = rows(made)
    assert Counter(row["stratum"] for row in found) == dict.fromkeys("ABCDE", 32)
    for row in found:
        first, last = row["first_quality"], row["last_quality"]
        if row["stratum"] == "A":
            assert row["path"].endswith(".png")
        elif row["stratum"] == "B":
            assert int(last) >= max(90, int(first) + 10)
        elif row["stratum"] == "C":
            assert 0.9 <= float(row["step_ratio"]) < 1.15
        elif row["stratum"] == "D":
            assert row["ratio"] == ratio_band(float(row["step_ratio"]))
            assert row["ratio"] in WORSE_BANDS
        if row["stratum"] != "E" and row["kind"] == "crop":
            assert row["offset"] != "0,0"
    lives = Counter(row["life"] for row in found if row["stratum"] != "E")
    assert lives == {"camera": 64, "earlier": 64}
    variants = {row["variant"] for row in found if row["stratum"] == "E"}
    assert variants == {"aligned to MCUs", "aligned to blocks", "never compressed", "resampled"}
    assert {row["offset"] for row in found if row["variant"].startswith("aligned")} == {"0,0"}


def test_last_tables_are_those_of_ijg_and_of_cameras_of_the_split(made: Path) -> None:
    of_splits: dict[str, set[str]] = {}
    for row in rows(made):
        if row["last_tables"].startswith("camera-"):
            of_splits.setdefault(row["last_tables"], set()).add(row["split"])
    assert len(of_splits) >= 3
    assert all(len(splits) == 1 for splits in of_splits.values())
    assert any(row["last_tables"].startswith("ijg-") for row in rows(made))


def test_pictures_lie_anywhere_in_the_frame(made: Path) -> None:
    for axis, length, side in (("x", "frame_width", "width"), ("y", "frame_height", "height")):
        places = {
            kind: [int(row[axis]) / (int(row[length]) - int(row[side]))
                   for row in rows(made) if row["kind"] == kind]
            for kind in ("authentic", "crop")
        }  # fmt: skip
        assert all(0.35 < np.mean(found) < 0.65 for found in places.values())
        assert all(np.std(found) > 0.2 for found in places.values())
        assert np.mean(places["crop"]) == pytest.approx(np.mean(places["authentic"]), abs=0.02)


def test_the_old_grid_is_where_the_manifest_says(made: Path) -> None:
    """Stored without loss, the grid of the first compression is whole (votes of ZERO)."""
    found = [row for row in rows(made) if row["stratum"] == "A"]
    right = [grid_of(Image.from_path(made / row["path"])) == row["grid"] for row in found]
    assert len(right) == 32
    # A window of 64 px on a smooth part may have too few votes.
    assert np.mean(right) > 0.95


def test_no_old_grid_where_there_was_none(made: Path) -> None:
    found = [row for row in rows(made) if row["life"] in ("never compressed", "resampled")]
    assert len(found) == 16
    assert {row["grid"] for row in found} == {""}


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_each_tool_cuts_what_the_manifest_says(
    tool: str, photographs: Path, tmp_path: Path
) -> None:
    try:
        version = TOOLS[tool].version()
    except ToolError as error:
        pytest.skip(error.message)
    folder = tmp_path / tool
    outcome = built(photographs, folder, tool, pairs=10, seed=3)
    assert (outcome.made, outcome.failed) == (10, {})
    found = rows(folder)
    assert {row["tool_version"] for row in found} == {version}
    assert {row["stratum"] for row in found} == ({"E"} if tool == "jpegtran" else set("ABCDE"))
    compared = 0
    for row in found:
        if row["life"] != "camera" or (tool != "jpegtran" and row["stratum"] != "A"):
            continue
        compared += 1
        whole = Image.from_path(photographs / row["photograph"])
        part = Image.from_path(folder / row["path"])
        x, y = int(row["x"]), int(row["y"])
        if tool == "jpegtran":
            blocks = part.coefficients[0]
            there = whole.coefficients[0][y // 8 :, x // 8 :]
            inside = (part.height // 8, part.width // 8)
            assert np.array_equal(blocks[: inside[0], : inside[1]], there[: inside[0], : inside[1]])
        else:
            there = whole.pixels[y : y + part.height, x : x + part.width]
            assert np.abs(part.pixels.astype(int) - there).max() <= (0 if tool == "pillow" else 3)
    assert compared
