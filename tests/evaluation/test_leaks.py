"""The leak check finds what was saved in two ways, and is silent where all was saved alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from locard.evaluation.datasets.header_facts import FEATURES, header_facts
from locard.evaluation.datasets.inspection import inspect
from locard.evaluation.datasets.leaks import TOGETHER, find_leaks, separability
from locard.evaluation.datasets.loading import Dataset, load
from locard.evaluation.results import LeakFinding
from locard.image import Image
from locard.plugins import Catalogue
from locard.testing import encode, jpeg, samples

Save = Callable[[np.ndarray, bool], bytes]

SIDE = 96


@pytest.fixture(scope="module")
def plugins() -> Catalogue:
    return Catalogue()


def photographs() -> Iterator[tuple[str, np.ndarray]]:
    """Yield 24 parts of wheel photographs, none of which shares a pixel with another."""
    scenes = (
        ("astronaut", skimage.data.astronaut()),
        ("coffee", skimage.data.coffee()),
        ("chelsea", skimage.data.chelsea()),
        ("rocket", skimage.data.rocket()),
    )
    for name, scene in scenes:
        for index in range(6):
            top, left = divmod(index, 3)
            part = scene[top * SIDE : (top + 1) * SIDE, left * SIDE : (left + 1) * SIDE]
            yield f"{name}-{index}", np.ascontiguousarray(part)


def data_set(folder: Path, save: Save) -> None:
    """Write each photograph as it is, and with a part of the next one pasted in."""
    parts = list(photographs())
    lines = ["path,kind,mask,group"]
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[30:70, 30:70] = 255
    (folder / "mask.png").write_bytes(encode(mask, "PNG"))
    for index, (name, part) in enumerate(parts):
        donor = parts[(index + 7) % len(parts)][1]
        spliced = np.where(mask[:, :, None] > 0, donor, part)
        (folder / f"{name}-a").write_bytes(save(part, False))
        (folder / f"{name}-t").write_bytes(save(spliced, True))
        lines += [f"{name}-a,authentic,,{name}", f"{name}-t,splice,mask.png,{name}"]
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")


def leaks_of(folder: Path, plugins: Catalogue, save: Save) -> dict[str, LeakFinding]:
    data_set(folder, save)
    return {leak.feature: leak for leak in find_leaks(load(folder, None, plugins))}


def leaking(found: dict[str, LeakFinding]) -> set[str]:
    return {name for name, leak in found.items() if leak.leaks}


@pytest.mark.parametrize(
    "save",
    [
        pytest.param(lambda part, _: jpeg(part, 90), id="jpeg"),
        pytest.param(lambda part, _: encode(part, "PNG"), id="png"),
        pytest.param(lambda part, _: jpeg(part, 60 + int(part[0, 0, 0]) % 40), id="any-quality"),
    ],
)
def test_a_set_saved_alike_does_not_leak(tmp_path: Path, plugins: Catalogue, save: Save) -> None:
    found = leaks_of(tmp_path, plugins, save)
    assert list(found) == [TOGETHER, *FEATURES]
    assert leaking(found) == set(), found


def cut(part: np.ndarray, tampered: bool) -> np.ndarray:
    return np.ascontiguousarray(part[:, : SIDE - 8]) if tampered else part


@pytest.mark.parametrize(
    ("save", "feature"),
    [
        pytest.param(
            lambda part, tampered: jpeg(part, 90 if tampered else 85),
            "quantisation tables",
            id="quality",
        ),
        pytest.param(
            lambda part, tampered: jpeg(part, subsampling="4:4:4" if tampered else "4:2:0"),
            "chroma subsampling",
            id="subsampling",
        ),
        pytest.param(
            lambda part, tampered: jpeg(part, progressive=tampered), "JPEG coding", id="progressive"
        ),
        pytest.param(
            lambda part, tampered: jpeg(part, comment=b"by GIMP" if tampered else b""),
            "metadata",
            id="comment",
        ),
        pytest.param(
            lambda part, tampered: encode(part, "PNG") if tampered else encode(part, "TIFF"),
            "file format",
            id="format",
        ),
        pytest.param(lambda part, tampered: jpeg(cut(part, tampered)), "width × height", id="size"),
    ],
)
def test_what_differs_is_found_and_named(
    tmp_path: Path, plugins: Catalogue, save: Save, feature: str
) -> None:
    found = leaks_of(tmp_path, plugins, save)
    assert {feature, TOGETHER} <= leaking(found), found
    assert found[feature].balanced_accuracy == 1.0


def test_four_groups_of_a_class_are_too_few(tmp_path: Path, plugins: Catalogue) -> None:
    data_set(tmp_path, lambda part, tampered: jpeg(part, 90 if tampered else 85))
    lines = (tmp_path / "manifest.csv").read_text().splitlines()
    (tmp_path / "manifest.csv").write_text("\n".join(lines[:9]) + "\n")
    assert find_leaks(load(tmp_path, None, plugins)) == ()
    (tmp_path / "manifest.csv").write_text("\n".join(lines[:11]) + "\n")
    assert leaking({leak.feature: leak for leak in find_leaks(load(tmp_path, None, plugins))})


# --- numbers -------------------------------------------------------------------------------------


def test_a_feature_that_only_names_the_group_does_not_help() -> None:
    random = np.random.default_rng(3)
    groups = np.repeat(np.arange(30), 6)
    tampered = np.repeat(random.permutation(np.arange(30) % 2).astype(bool), 6)
    names = np.eye(30)[groups]
    value, low, _ = separability(names, tampered, groups)
    # Whoever lets a group be on both sides tells them all.
    assert value < 0.7
    assert low < 0.55


def test_noise_does_not_leak_and_a_shifted_mean_does() -> None:
    random = np.random.default_rng(5)
    groups, tampered = np.arange(400) // 2, np.arange(400) % 2 == 1
    noise = random.standard_normal((400, 5))
    value, low, high = separability(noise, tampered, groups)
    assert low <= value <= high
    assert low < 0.55
    # Two normal distributions three deviations apart: Φ(1.5) = 0.933 at best.
    value, low, high = separability(
        noise + 3 * tampered[:, None] * [1, 0, 0, 0, 0], tampered, groups
    )
    assert 0.89 < value < 0.96
    assert low > 0.55


def test_classes_of_unequal_size_count_the_same() -> None:
    groups, tampered = np.arange(200), np.arange(200) >= 190
    constant = np.zeros((200, 1))
    value, _, _ = separability(constant, tampered, groups)
    assert value == 0.5


def test_facts_are_as_many_for_every_kind_of_file() -> None:
    shapes = set()
    for sample in samples.photographs(32):
        facts = header_facts(Image.from_bytes(sample.data))
        assert tuple(facts) == FEATURES
        assert np.isfinite(np.concatenate(list(map(np.asarray, facts.values())))).all()
        shapes.add(tuple(map(len, facts.values())))
    assert len(shapes) == 1


def test_tables_are_those_of_the_file() -> None:
    data = jpeg(np.zeros((16, 16, 3), np.uint8), 75)
    image = Image.from_bytes(data)
    assert image.jpeg is not None
    luma, chroma = image.jpeg.table(0).ravel(), image.jpeg.table(1).ravel()
    assert header_facts(image)["quantisation tables"] == [*luma, *chroma]
    assert header_facts(image)["bytes per pixel"] == [len(data) / 256]


# --- inspection ----------------------------------------------------------------------------------


def inspected(folder: Path, plugins: Catalogue) -> Dataset:
    data_set(folder, lambda part, _: jpeg(part, 90))
    return load(folder, None, plugins)


def test_a_good_set_is_clean(tmp_path: Path, plugins: Catalogue) -> None:
    assert inspect(inspected(tmp_path, plugins)).clean


def test_duplicates_and_empty_masks_are_found(tmp_path: Path, plugins: Catalogue) -> None:
    data_set(tmp_path, lambda part, _: jpeg(part, 90))
    (tmp_path / "coffee-0-t").write_bytes((tmp_path / "coffee-0-a").read_bytes())
    (tmp_path / "rocket-1-a").write_bytes((tmp_path / "rocket-2-a").read_bytes())
    for name, level in (("none.png", 0), ("all.png", 255)):
        (tmp_path / name).write_bytes(encode(np.full((SIDE, SIDE), level, np.uint8), "PNG"))
    (tmp_path / "cut.png").write_bytes((tmp_path / "none.png").read_bytes()[:-20])
    text = (tmp_path / "manifest.csv").read_text()
    for name, mask in (("1", "none"), ("2", "all"), ("3", "cut")):
        row = f"chelsea-{name}-t,splice,"
        text = text.replace(f"{row}mask.png", f"{row}{mask}.png")
    (tmp_path / "manifest.csv").write_text(text)
    found = inspect(load(tmp_path, None, plugins))
    assert found.duplicates == (("coffee-0-a", "coffee-0-t"), ("rocket-1-a", "rocket-2-a"))
    assert found.across == (("coffee-0-a", "coffee-0-t"),)
    empty, full, damaged = found.problems
    assert empty == "chelsea-1-t: its mask marks nothing"
    assert full == "chelsea-2-t: its mask marks every pixel"
    assert damaged.startswith("chelsea-3-t: the mask ")
    assert not found.clean


# --- real files ----------------------------------------------------------------------------------


@pytest.mark.skipif("LOCARD_DATA" not in os.environ, reason="needs LOCARD_DATA with casia1")
def test_casia1_leaks(plugins: Catalogue) -> None:
    folder = Path(os.environ["LOCARD_DATA"]) / "casia1" / "val"
    found = {leak.feature: leak for leak in find_leaks(load(folder, None, plugins))}
    assert {TOGETHER, "quantisation tables"} <= leaking(found)
    assert found["quantisation tables"].balanced_accuracy > 0.95
    assert "file format" not in leaking(found)
