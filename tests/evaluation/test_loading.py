"""Loading: which layout, which samples, what cannot be used, and whose fault it is."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from locard.evaluation.datasets import DatasetError, Layout, Sample
from locard.evaluation.datasets.loading import detect, load, spread
from locard.hookspecs import hookimpl
from locard.plugins import Catalogue
from locard.testing import encode, jpeg, photograph

SCENE = photograph(24, 32)


@pytest.fixture(scope="module")
def plugins() -> Catalogue:
    return Catalogue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two authentic images and two tampered ones, with good masks."""
    for name in ("authentic", "tampered", "masks"):
        (tmp_path / name).mkdir()
    for index, name in enumerate(("authentic/a", "authentic/b", "tampered/c", "tampered/d")):
        (tmp_path / f"{name}.jpg").write_bytes(jpeg(SCENE + np.uint8(index)))
    for name in "cd":
        write_mask(tmp_path, name, (24, 32))
    return tmp_path


def write_mask(folder: Path, name: str, shape: tuple[int, int]) -> None:
    mask = np.zeros(shape, np.uint8)
    mask[: shape[0] // 2] = 255
    (folder / "masks" / f"{name}.png").write_bytes(encode(mask, "PNG"))


def names(folder: Path, plugins: Catalogue, limit: int | None = None) -> list[str]:
    return [sample.name for sample in load(folder, None, plugins, limit).samples]


# --- facts ---------------------------------------------------------------------------------------


def test_the_hash_can_be_recomputed_from_the_files(folder: Path, plugins: Catalogue) -> None:
    def sha256(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    records = [
        ["authentic/a.jpg", "authentic", sha256(folder / "authentic" / "a.jpg"), None],
        ["authentic/b.jpg", "authentic", sha256(folder / "authentic" / "b.jpg"), None],
        *(
            [
                f"tampered/{name}.jpg",
                "tampered",
                sha256(folder / "tampered" / f"{name}.jpg"),
                sha256(folder / "masks" / f"{name}.png"),
            ]
            for name in "cd"
        ),
    ]
    expected = hashlib.sha256(json.dumps(records, separators=(",", ":")).encode()).hexdigest()
    dataset = load(folder, None, plugins)
    assert dataset.facts.sha256 == expected
    assert dataset.facts.images == 4
    assert dataset.facts.kinds == {"authentic": 2, "tampered": 2}
    assert dataset.facts.problems == ()
    assert dataset.hashes == {record[0]: record[2] for record in records}


def test_another_mask_is_another_data_set(folder: Path, plugins: Catalogue) -> None:
    before = load(folder, None, plugins).facts.sha256
    (folder / "masks" / "c.png").write_bytes(encode(np.full((24, 32), 255, np.uint8), "PNG"))
    assert load(folder, None, plugins).facts.sha256 != before


def test_truth_of_authentic_and_tampered(folder: Path, plugins: Catalogue) -> None:
    dataset = load(folder, None, plugins)
    empty, *_, tampered = (dataset.truth(sample, 24, 32) for sample in dataset.samples)
    assert empty.shape == (24, 32)
    assert not empty.any()
    assert tampered[:12].all()
    assert not tampered[12:].any()


# --- what cannot be used -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((12, 16), "the mask has 16 × 12 pixels, the image 32 × 24"),
        ((32, 24), "the mask has 24 × 32 pixels, the image 32 × 24; it seems to be transposed"),
    ],
)
def test_a_mask_of_another_size_is_a_problem_and_no_truth(
    folder: Path, plugins: Catalogue, shape: tuple[int, int], words: str
) -> None:
    write_mask(folder, "c", shape)
    dataset = load(folder, None, plugins)
    assert dataset.facts.problems == (f"tampered/c.jpg: {words}",)
    assert dataset.without_truth == {"tampered/c.jpg"}
    assert dataset.facts.images == 4
    with pytest.raises(DatasetError) as caught:
        dataset.truth(dataset.samples[2], 24, 32)
    assert words in str(caught.value)
    assert dataset.truth(dataset.samples[3], 24, 32).any()


def test_masks_of_images_that_are_turned_for_display_are_warned_of(
    folder: Path, plugins: Catalogue
) -> None:
    """Turned by half, picture and mask have one size: whether they fit nobody can tell."""
    exif = Pillow.Exif()
    exif[0x0112] = 3
    for name in ("authentic/a", "tampered/c", "tampered/d"):
        (folder / f"{name}.jpg").write_bytes(jpeg(SCENE, exif=exif.tobytes()))
    mask = Pillow.open(folder / "masks" / "d.png")
    mask.save(folder / "masks" / "d.png", exif=exif.tobytes())  # drawn in the stored order
    dataset = load(folder, None, plugins)
    (problem,) = dataset.facts.problems
    assert problem.endswith("which they fit in size: tampered/c.jpg")
    assert not dataset.without_truth
    truth = dataset.truth(dataset.samples[2], 24, 32)
    assert truth[:12].all()
    assert not truth[12:].any()


def test_a_missing_mask_is_a_problem_and_no_truth(folder: Path, plugins: Catalogue) -> None:
    (folder / "masks" / "d.png").unlink()
    dataset = load(folder, None, plugins)
    assert dataset.facts.problems == ("tampered/d.jpg: it is tampered and has no mask",)
    with pytest.raises(DatasetError, match=r"tampered/d\.jpg is tampered and has no mask"):
        dataset.truth(dataset.samples[3], 24, 32)


def test_a_mask_that_is_no_image_is_a_problem(folder: Path, plugins: Catalogue) -> None:
    (folder / "masks" / "d.png").write_text("not yet drawn")
    dataset = load(folder, None, plugins)
    (problem,) = dataset.facts.problems
    assert problem.startswith("tampered/d.jpg: its mask cannot be used: the file is not an image")
    with pytest.raises(DatasetError, match="cannot be read"):
        dataset.truth(dataset.samples[3], 24, 32)


def test_images_that_cannot_be_read_are_left_out(folder: Path, plugins: Catalogue) -> None:
    (folder / "authentic" / "empty.jpg").write_bytes(b"")
    (folder / "authentic" / "text.png").write_text("text")
    (folder / "tampered" / "line\nbreak.jpg").write_bytes(jpeg(SCENE)[:40])
    dataset = load(folder, None, plugins)
    assert [sample.name for sample in dataset.samples] == [
        "authentic/a.jpg",
        "authentic/b.jpg",
        "tampered/c.jpg",
        "tampered/d.jpg",
    ]
    assert [problem.partition(" is left out: ")[0] for problem in dataset.facts.problems] == [
        "authentic/empty.jpg",
        "authentic/text.png",
        r"tampered/line\nbreak.jpg",
    ]


def test_a_file_that_is_not_the_stated_one_or_not_there_is_left_out(
    folder: Path, plugins: Catalogue
) -> None:
    good = hashlib.sha256((folder / "authentic" / "a.jpg").read_bytes()).hexdigest()
    (folder / "manifest.csv").write_text(
        "path,kind,sha256\n"
        f"authentic/a.jpg,authentic,{good.upper()}\n"
        f"authentic/b.jpg,authentic,{good}\n"
        "gone.jpg,authentic,\n"
    )
    dataset = load(folder, None, plugins)
    assert [sample.name for sample in dataset.samples] == ["authentic/a.jpg"]
    other, gone = dataset.facts.problems
    assert other.startswith("authentic/b.jpg is left out: its SHA-256 is ")
    assert gone == "gone.jpg is left out: there is no such file"


def test_a_name_that_is_not_utf_8_is_no_reason_to_stop(folder: Path, plugins: Catalogue) -> None:
    path = bytes(folder / "authentic") + b"/\xff.jpg"
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(jpeg(SCENE))
    dataset = load(folder, None, plugins)
    assert r"authentic/\udcff.jpg" in [sample.name for sample in dataset.samples]
    assert dataset.facts.images == 5
    dataset.facts.model_dump_json()


def test_a_folder_that_cannot_be_listed_is_no_empty_folder(
    folder: Path, plugins: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests may run as root, whom no permission stops.
    listed = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path).name == "masks":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    for layout in (None, "folder"):
        with pytest.raises(DatasetError, match="masks cannot be read: Permission denied"):
            load(folder, layout, plugins)


def test_nothing_usable_is_an_error(tmp_path: Path, plugins: Catalogue) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="holds no image that can be used"):
        load(tmp_path, "folder", plugins)


def test_no_folder_and_no_such_layout(folder: Path, plugins: Catalogue) -> None:
    with pytest.raises(DatasetError, match="does not exist"):
        load(folder / "gone", None, plugins)
    with pytest.raises(DatasetError, match="is not a folder"):
        load(folder / "masks" / "c.png", None, plugins)
    with pytest.raises(DatasetError, match="there is no layout 'casia3'"):
        load(folder, "casia3", plugins)


# --- which layout --------------------------------------------------------------------------------


def test_a_layout_of_one_data_set_goes_before_plain_folders(
    folder: Path, plugins: Catalogue
) -> None:
    assert detect(folder, plugins) == "folder"
    name = "tampered/Sp_D_NNN_A_ani0055_pla0025_0287.jpg"
    (folder / name).write_bytes(jpeg(SCENE))
    assert detect(folder, plugins) == "casia1"


def test_two_layouts_are_one_too_many(folder: Path, plugins: Catalogue) -> None:
    name = "tampered/Sp_D_NNN_A_ani0055_pla0025_0287.jpg"
    (folder / name).write_bytes(jpeg(SCENE))
    (folder / "manifest.csv").write_text(f"path,kind\n{name},splice\n")
    with pytest.raises(DatasetError, match="more than one layout: casia1, manifest"):
        load(folder, None, plugins)
    assert load(folder, "manifest", plugins).facts.images == 1


# --- layouts of plugins --------------------------------------------------------------------------


class Grey(Layout):
    """A layout whose truth is no mask."""

    name = "grey"
    summary = "a test"

    def recognises(self, folder: Path) -> bool:
        return False

    def samples(self, folder: Path) -> Iterator[Sample]:
        yield Sample("c", folder / "tampered" / "c.jpg", "splice", folder / "masks" / "c.png")

    def truth(self, sample: Sample) -> np.ndarray:
        return np.full((24, 32), 0.5)


class Lab(Layout):
    """A layout that does as it is told."""

    name = "lab"
    summary = "a test"
    found: ClassVar[list[object]] = []

    def recognises(self, folder: Path) -> bool:
        return (folder / "raise").exists() and self._raise()

    def samples(self, folder: Path) -> Iterator[Sample]:
        yield from self.found  # type: ignore[misc]
        if not self.found:
            self._raise()

    def truth(self, sample: Sample) -> np.ndarray:
        return self._raise()

    def _raise(self) -> bool:
        raise ZeroDivisionError("one half")


@hookimpl
def register_layouts(register: object) -> None:
    register(Lab)  # type: ignore[operator]
    register(Grey)  # type: ignore[operator]


@pytest.fixture
def with_lab(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """The installed layouts and the one above, of a plugin called ``acme``."""
    import sys
    from types import ModuleType

    module = ModuleType("acme_layouts")
    module.register_layouts = register_layouts  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "acme_layouts", module)
    monkeypatch.setattr(Lab, "found", [])
    core = EntryPoint("core", "locard.builtin", "locard")
    plugins = Catalogue([core, EntryPoint("acme", "acme_layouts", "locard")])
    assert "lab" in plugins.layouts, plugins.entries
    return plugins


def test_a_layout_that_raises_is_laid_at_its_plugin_s_door(
    folder: Path, with_lab: Catalogue
) -> None:
    words = "layout 'lab' of plugin 'acme' is broken: ZeroDivisionError: one half"
    with pytest.raises(DatasetError, match=words):
        load(folder, "lab", with_lab)
    (folder / "raise").touch()
    with pytest.raises(DatasetError, match=words):
        detect(folder, with_lab)


def test_a_truth_that_raises_is_laid_at_its_plugin_s_door(
    folder: Path, with_lab: Catalogue
) -> None:
    path, mask = folder / "tampered" / "c.jpg", folder / "masks" / "c.png"
    Lab.found.append(Sample("c", path, "splice", mask))
    dataset = load(folder, "lab", with_lab)
    with pytest.raises(DatasetError, match="of plugin 'acme' is broken: ZeroDivisionError"):
        dataset.truth(dataset.samples[0], 24, 32)


def test_a_truth_must_be_a_mask(folder: Path, with_lab: Catalogue) -> None:
    dataset = load(folder, "grey", with_lab)
    with pytest.raises(DatasetError, match="of plugin 'acme' is broken: TypeError: its truth is"):
        dataset.truth(dataset.samples[0], 24, 32)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([1], "it yielded int, not locard.Sample"),
        ([Sample("a", Path("a"), "authentic")] * 2, "it yielded 'a' twice"),
        ([Sample("a", Path("a"), "Copy Move")], "is not in kebab-case"),
        ([Sample("a", Path("a"), "authentic", Path("m"))], "'a' is authentic and has a mask"),
        ([Sample("a", Path("a"), "splice", facts={"share": "1"})], "may not be named share"),
    ],
)
def test_what_a_layout_yields_is_checked_at_the_door(
    folder: Path, with_lab: Catalogue, found: list[object], words: str
) -> None:
    Lab.found.extend(found)
    with pytest.raises(DatasetError, match="layout 'lab' of plugin 'acme'") as caught:
        load(folder, "lab", with_lab)
    assert words in str(caught.value)


# --- limit ---------------------------------------------------------------------------------------


KINDS = st.lists(st.sampled_from(("authentic", "splice", "copy-move")), max_size=40)


@given(KINDS, st.integers(0, 50))
def test_a_limit_takes_evenly_from_all_kinds(kinds: list[str], limit: int) -> None:
    samples = [Sample(f"{i:03}", Path(), kind) for i, kind in enumerate(kinds)]
    chosen = spread(samples, limit)
    assert len(chosen) == min(limit, len(samples))
    assert len({sample.name for sample in chosen}) == len(chosen)
    assert chosen == sorted(chosen, key=lambda sample: sample.name)
    there, taken = Counter(kinds), Counter(sample.kind for sample in chosen)
    # No kind goes short by more than one while another, with images left, has more.
    assert all(
        taken[kind] + 1 >= taken[other] or taken[kind] == there[kind]
        for kind in there
        for other in there
    )


def test_a_limit_spans_the_whole_range_of_names() -> None:
    samples = [Sample(f"{i:03}", Path(), "splice") for i in range(100)]
    assert [sample.name for sample in spread(samples, 4)] == ["012", "037", "062", "087"]


def test_a_limit_is_the_same_every_time(folder: Path, plugins: Catalogue) -> None:
    chosen = names(folder, plugins, 2)
    assert len(chosen) == 2
    assert {name.split("/")[0] for name in chosen} == {"authentic", "tampered"}
    assert names(folder, plugins, 2) == chosen
    assert names(folder, plugins, 99) == names(folder, plugins)
