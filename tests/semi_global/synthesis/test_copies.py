"""Copies of data sets that lived on: chains, masks, tables that tell, what cannot be used."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from locard.evaluation.datasets.loading import load
from locard.evaluation.treatments.pixels import encode_png
from locard.image import Image
from locard.plugins import catalogue
from locard.testing import photograph
from locard_kd_crop.datasets.tables import ijg, tables_of
from locard_semi_global.synthesis.after_life import (
    KINDS,
    Chain,
    Resize,
    draw_chain,
    followed,
    lived_on,
)
from locard_semi_global.synthesis.copies import Copied, copy
from locard_semi_global.synthesis.lives import Options
from locard_semi_global.synthesis.saving import Save, encode

from .conftest import mask_of, rows

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]


def copied(folder: Path, output: Path, **options: object) -> Copied:
    wanted: dict[str, object] = {"copies": 3, "seed": 1, "workers": 2, **options}
    return copy(Options(folder, output, **wanted), catalogue(), lambda *_: None)  # type: ignore[arg-type]


def jpeg(seed: int, quality: int) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(photograph(120, 160, seed=seed)).save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture
def forgeries(tmp_path: Path) -> Path:
    """Tampered JPEGs of quality 92, and authentic ones of quality 75, as in CASIA's trap."""
    folder = tmp_path / "set" / "val"
    for name in ("authentic", "tampered/splice", "masks/splice"):
        (folder / name).mkdir(parents=True)
    for number in range(4):
        (folder / f"authentic/{number}.jpg").write_bytes(jpeg(number, 75))
        (folder / f"tampered/splice/t{number}.jpg").write_bytes(jpeg(10 + number, 92))
        mask = np.zeros((120, 160), np.uint8)
        mask[20:60, 30 : 60 + number] = 255
        (folder / f"masks/splice/t{number}.png").write_bytes(encode_png(mask))
    return folder


# --- chains --------------------------------------------------------------------------------------


def test_every_kind_of_chain_is_drawn_and_does_what_it_says() -> None:
    data = encode(photograph(120, 160), Save(ijg(92), "4:2:0"))
    mask = np.zeros((120, 160), np.bool_)
    mask[40:80, 50:120] = True
    seen = Counter[str]()
    for seed in range(60):
        chain = draw_chain(np.random.default_rng(seed), 160, 120)
        file, suffix = lived_on(data, chain)
        image, truth = Image.from_bytes(file), followed(mask, chain)
        assert (image.width, image.height) == chain.size(160, 120) == truth.shape[::-1]
        assert truth.mean() == pytest.approx(mask.mean(), rel=0.1)
        assert (image.jpeg is None) == (suffix == "png")
        if image.jpeg is not None:
            last = chain.steps[-1]
            assert isinstance(last, Save)
            assert tables_of(image.jpeg) == last.tables
            assert image.jpeg.subsampling == last.subsampling
            assert 60 <= last.tables.quality <= 95
        seen[chain.kind] += 1
    assert set(seen) == set(KINDS)


def test_a_lost_header_changes_no_pixel() -> None:
    data = encode(photograph(120, 160), Save(ijg(80), "4:4:4"))
    file, suffix = lived_on(data, Chain("header-lost", (), True))
    assert suffix == "png"
    assert np.array_equal(Image.from_bytes(file).pixels, Image.from_bytes(data).pixels)
    assert lived_on(data, Chain("none", (), False)) == (data, "")


def test_messengers_reduce_large_pictures_to_their_sides() -> None:
    for seed in range(200):
        chain = draw_chain(np.random.default_rng(seed), 3000, 2000)
        if chain.kind == "messenger":
            step = chain.steps[0]
            assert isinstance(step, Resize)
            assert step.width in (1024, 1280, 1600, 2048)
            assert step.height == pytest.approx(step.width * 2 / 3, abs=1)


def test_masks_follow_a_resize_to_the_same_place() -> None:
    mask = np.zeros((100, 200), np.bool_)
    mask[50:, 100:] = True
    small = followed(mask, Chain("resized", (Resize(100, 50, "bicubic"),), True))
    assert np.array_equal(small, mask[::2, ::2])


# --- data sets -----------------------------------------------------------------------------------


def test_each_picture_is_there_as_it_is_and_lived_on(forgeries: Path, tmp_path: Path) -> None:
    outcome = copied(forgeries, tmp_path / "out")
    found = rows(tmp_path / "out")
    assert outcome.pictures == 8
    assert outcome.copies == len(found) == 4 * 4 + 4 * 5
    assert outcome.problems == ()
    by_parent = defaultdict(list)
    for row in found:
        by_parent[row["parent"]].append(row)
        assert row["split"] == "val"
        assert row["parent_sha256"] == Image.from_path(forgeries / row["parent"]).sha256
    for parent, copies in by_parent.items():
        original = (forgeries / parent).read_bytes()
        assert (tmp_path / "out" / copies[0]["path"]).read_bytes() == original
        assert copies[0]["after_life"] == "none"
        assert len({row["group"] for row in copies}) == 1
    dataset = load(tmp_path / "out", None, catalogue())
    assert dataset.facts.layout == "manifest"
    assert dataset.facts.problems == ()
    for row in found:
        if row["kind"] != "authentic":
            image = Image.from_path(tmp_path / "out" / row["path"])
            mask = mask_of(tmp_path / "out", row)
            assert mask.shape == (image.height, image.width)
            assert float(row["area"]) == pytest.approx(mask.mean(), abs=1e-4)


def test_tables_no_longer_tell_what_is_authentic(forgeries: Path, tmp_path: Path) -> None:
    outcome = copied(forgeries, tmp_path / "out")
    assert outcome.told_apart == 4
    for row in rows(tmp_path / "out"):
        authentic = row["kind"] == "authentic"
        assert (row["tables_tell"] == "yes") == (authentic and row["after_life"] == "none")
        if authentic and row["after_life"] != "none":
            assert row["after_life_steps"].startswith("jpeg ijg-92 4:2:0")
        if row["after_life"] == "tables-of-tampered":
            image = Image.from_path(tmp_path / "out" / row["path"])
            assert image.jpeg is not None
            assert tables_of(image.jpeg) == ijg(92)


def test_shared_tables_are_left_alone(forgeries: Path, tmp_path: Path) -> None:
    for number in range(4):
        (forgeries / f"authentic/{number}.jpg").write_bytes(jpeg(number, 92))
    outcome = copied(forgeries, tmp_path / "out")
    assert outcome.told_apart == 0
    assert not {row["tables_tell"] for row in rows(tmp_path / "out")} - {""}


def test_the_same_seed_gives_the_same_files(forgeries: Path, tmp_path: Path) -> None:
    copied(forgeries, tmp_path / "one", workers=1)
    copied(forgeries, tmp_path / "two", workers=3)
    copied(forgeries, tmp_path / "other", seed=2)
    first, second, other = (
        {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "two", "other")
    )
    assert first == second
    assert first["manifest.csv"] != other["manifest.csv"]


def test_what_is_broken_is_named_and_costs_nothing_else(forgeries: Path, tmp_path: Path) -> None:
    (forgeries / "masks/splice/t1.png").unlink()
    (forgeries / "masks/splice/t2.png").write_bytes(encode_png(np.zeros((9, 9), np.uint8)))
    whole = (forgeries / "authentic/3.jpg").read_bytes()
    (forgeries / "authentic/3.jpg").write_bytes(whole[: len(whole) // 3])
    (forgeries / "authentic/2.jpg").write_bytes(b"")
    output = tmp_path / "out"
    words = ["splice", "dataset", "after-life", str(forgeries), "-o", str(output), "--copies", "1"]
    for _ in range(2):
        done = subprocess.run(
            [*LOCARD, *words, "-w", "2"], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        for name in ("t1.jpg", "t2.jpg", "3.jpg", "2.jpg"):
            assert name in done.stderr
        parents = {row["parent"] for row in rows(output)}
        assert parents == {
            "authentic/0.jpg",
            "authentic/1.jpg",
            "tampered/splice/t0.jpg",
            "tampered/splice/t3.jpg",
        }


def test_built_data_sets_live_on(jpeg_set: Path, tmp_path: Path) -> None:
    """Facts stay, those of the copy's own columns under another name; so do splits and groups."""
    outcome = copied(jpeg_set, tmp_path / "out", copies=1)
    assert outcome.problems == ()
    parents = {row["path"]: row for row in rows(jpeg_set)}
    for row in rows(tmp_path / "out"):
        parent = parents[row["parent"]]
        assert row["split"] == parent["split"]
        assert row["group"] == parent["group"]
        assert row["parent_after_life"] == parent["after_life"]
        assert row["host_past"] == parent["host_past"]


def test_masks_are_read_as_their_layout_says(tmp_path: Path) -> None:
    """In the Nimble Challenge black is tampered; copies have it white, as all manifests do."""
    top = tmp_path / "NC2016"
    for name in ("probe", "reference/manipulation/mask"):
        (top / name).mkdir(parents=True)
    mask = np.full((120, 160), 255, np.uint8)
    mask[30:70, 40:100] = 0
    (top / "probe/a.jpg").write_bytes(jpeg(1, 90))
    (top / "probe/b.jpg").write_bytes(jpeg(2, 90))
    (top / "reference/manipulation/mask/a.png").write_bytes(encode_png(mask))
    lines = (
        "TaskID|ProbeFileName|ProbeMaskFileName|IsTarget|IsManipulationTypeSplice",
        "m|probe/a.jpg|reference/manipulation/mask/a.png|Y|Y",
        "m|probe/b.jpg||N|N",
    )
    reference = top / "reference/manipulation/NC2016-manipulation-ref.csv"
    reference.write_text("\n".join(lines), encoding="utf-8")
    outcome = copied(top, tmp_path / "out", split="test")
    assert outcome.problems == ()
    found = rows(tmp_path / "out")
    assert {row["split"] for row in found} == {"test"}
    tampered = [row for row in found if row["kind"] == "splice"]
    assert len(tampered) == 4
    assert np.array_equal(mask_of(tmp_path / "out", tampered[0]), mask == 0)
    for row in tampered:
        assert mask_of(tmp_path / "out", row).mean() == pytest.approx(40 * 60 / mask.size, rel=0.1)


def test_copies_do_not_go_into_the_data_set_itself(forgeries: Path) -> None:
    with pytest.raises(Exception, match="lies within the data set itself"):
        copied(forgeries, forgeries / "copies")
    assert not (forgeries / "copies").exists()
