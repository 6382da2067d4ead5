"""Each layout on a small tree in the structure in which its data set is published."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from locard.evaluation.datasets import DatasetError, Sample
from locard.evaluation.datasets.layouts import LAYOUTS
from locard.evaluation.datasets.layouts.files import connected
from locard.evaluation.datasets.loading import Dataset, detect, load
from locard.plugins import Catalogue

HEIGHT, WIDTH = 12, 16
LEFT = np.zeros((HEIGHT, WIDTH), bool)
LEFT[:, :8] = True

WHITE = np.where(LEFT, 255, 0).astype(np.uint8)
"""A mask that is white where the left half was tampered with."""
BLACK = 255 - WHITE


@pytest.fixture(scope="module")
def plugins() -> Catalogue:
    return Catalogue()


def put(path: Path, pixels: np.ndarray | None = None) -> None:
    """Write an image of its own content, or the one given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if pixels is None:
        pixels = np.full((HEIGHT, WIDTH, 3), len(list(path.parent.iterdir())), np.uint8)
    Image.fromarray(pixels).save(path)


def kinds(dataset: Dataset) -> dict[str, str]:
    return {sample.name: sample.kind for sample in dataset.samples}


def of(dataset: Dataset, name: str) -> Sample:
    (sample,) = (sample for sample in dataset.samples if sample.name == name)
    return sample


def assert_left(dataset: Dataset, name: str) -> None:
    truth = dataset.truth(of(dataset, name), HEIGHT, WIDTH)
    assert truth.dtype == np.bool_
    np.testing.assert_array_equal(truth, LEFT)


def loaded(folder: Path, plugins: Catalogue, layout: str) -> Dataset:
    """Load a folder whose layout is found out, and that has no problems."""
    assert detect(folder, plugins) == layout
    dataset = load(folder, None, plugins)
    assert dataset.facts.layout == layout
    assert dataset.facts.problems == ()
    names = [sample.name for sample in dataset.samples]
    assert names == sorted(names)
    return dataset


# --- CASIA ---------------------------------------------------------------------------------------


def test_casia1_as_published(tmp_path: Path, plugins: Catalogue) -> None:
    images = tmp_path / "CASIA 1.0 dataset"
    masks = tmp_path / "CASIA 1.0 groundtruth"
    put(images / "Au" / "Au_ani_0055.JPG")
    put(images / "Au" / "Au_txt_0001.jpg")
    put(images / "Modified Tp" / "Tp" / "Sp" / "Sp_D_NNN_A_ani0055_pla0025_0287.jpg")
    put(images / "Modified Tp" / "Tp" / "CM" / "Sp_S_NNN_A_txt0001_txt0001_0007.jpg")
    put(images / "Original Tp" / "Tp" / "Sp" / "Sp_D_NNN_A_ani0055_pla0025_0287.jpg")
    put(masks / "Sp" / "Sp_D_NNN_A_ani0055_pla0025_0287_gt.png", WHITE)
    put(masks / "CM" / "Sp_S_NNN_A_txt0001_txt0001_0007_gt.png", WHITE)
    dataset = loaded(tmp_path, plugins, "casia1")
    splice = "CASIA 1.0 dataset/Modified Tp/Tp/Sp/Sp_D_NNN_A_ani0055_pla0025_0287.jpg"
    copied = "CASIA 1.0 dataset/Modified Tp/Tp/CM/Sp_S_NNN_A_txt0001_txt0001_0007.jpg"
    assert kinds(dataset) == {
        "CASIA 1.0 dataset/Au/Au_ani_0055.JPG": "authentic",
        "CASIA 1.0 dataset/Au/Au_txt_0001.jpg": "authentic",
        splice: "splice",
        copied: "copy-move",
    }
    assert_left(dataset, splice)
    assert_left(dataset, copied)
    groups = {sample.name: sample.group for sample in dataset.samples}
    assert groups[splice] == groups["CASIA 1.0 dataset/Au/Au_ani_0055.JPG"]
    assert groups[copied] == groups["CASIA 1.0 dataset/Au/Au_txt_0001.jpg"]
    assert groups[splice] != groups[copied]


def test_casia1_in_a_lab_s_order(tmp_path: Path, plugins: Catalogue) -> None:
    put(tmp_path / "authentic" / "Au_pla_0025.jpg")
    for stem in (
        "Sp_D_NNN_A_ani0055_pla0025_0287",
        "Sp_D_NND_A_nat0054_nat0054_0189",  # D, and yet made of one photograph
        "Sp_S_NNN_R_arc0003_arc0004_0051",  # S, and yet made of two
    ):
        put(tmp_path / "tampered" / f"{stem}.jpg")
        put(tmp_path / "masks" / f"{stem}.png", WHITE)
    dataset = loaded(tmp_path, plugins, "casia1")
    assert kinds(dataset) == {
        "authentic/Au_pla_0025.jpg": "authentic",
        "tampered/Sp_D_NND_A_nat0054_nat0054_0189.jpg": "copy-move",
        "tampered/Sp_D_NNN_A_ani0055_pla0025_0287.jpg": "splice",
        "tampered/Sp_S_NNN_R_arc0003_arc0004_0051.jpg": "splice",
    }
    assert_left(dataset, "tampered/Sp_D_NNN_A_ani0055_pla0025_0287.jpg")


def test_casia2(tmp_path: Path, plugins: Catalogue) -> None:
    put(tmp_path / "Au" / "Au_ani_00018.jpg")
    put(tmp_path / "Tp" / "Tp_D_CND_M_N_ani00018_sec00096_00138.tif")
    put(tmp_path / "Tp" / "Tp_D_CNN_M_N_ind00091_10647.jpg")  # renamed to S with the source twice
    masks = tmp_path / "CASIA 2 Groundtruth"
    put(masks / "Tp_D_CND_M_N_ani00018_sec00096_00138_gt.png", WHITE)
    put(masks / "Tp_S_CNN_M_N_ind00091_ind00091_10647_gt.png", WHITE)
    dataset = loaded(tmp_path, plugins, "casia2")
    assert kinds(dataset) == {
        "Au/Au_ani_00018.jpg": "authentic",
        "Tp/Tp_D_CND_M_N_ani00018_sec00096_00138.tif": "splice",
        "Tp/Tp_D_CNN_M_N_ind00091_10647.jpg": "copy-move",
    }
    assert_left(dataset, "Tp/Tp_D_CND_M_N_ani00018_sec00096_00138.tif")
    assert_left(dataset, "Tp/Tp_D_CNN_M_N_ind00091_10647.jpg")
    assert of(dataset, "Au/Au_ani_00018.jpg").group == (
        of(dataset, "Tp/Tp_D_CND_M_N_ani00018_sec00096_00138.tif").group
    )


def test_a_mask_of_other_sources_is_not_taken_for_its_number(
    tmp_path: Path, plugins: Catalogue
) -> None:
    put(tmp_path / "Tp" / "Tp_D_CNN_M_N_ind00091_ani00001_10647.jpg")
    put(tmp_path / "CASIA 2 Groundtruth" / "Tp_D_CNN_M_N_pla00003_nat00004_10647_gt.png", WHITE)
    dataset = load(tmp_path, None, plugins)
    assert dataset.samples[0].mask is None
    assert dataset.facts.problems == (
        "Tp/Tp_D_CNN_M_N_ind00091_ani00001_10647.jpg: it is tampered and has no mask",
    )


def test_of_two_masks_of_one_number_and_sources_none_is_taken(
    tmp_path: Path, plugins: Catalogue
) -> None:
    put(tmp_path / "Tp" / "Tp_D_CNN_M_N_ind00091_10647.jpg")
    for middle in ("S_CNN_M_N", "S_CNN_S_N"):
        name = f"Tp_{middle}_ind00091_ind00091_10647_gt.png"
        put(tmp_path / "CASIA 2 Groundtruth" / name, WHITE)
    assert load(tmp_path, None, plugins).samples[0].mask is None


# --- the others ----------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [False, True])
def test_columbia(tmp_path: Path, plugins: Catalogue, nested: bool) -> None:
    authentic = tmp_path / "4cam_auth" / ("4cam_auth" if nested else ".")
    spliced = tmp_path / "4cam_splc" / ("4cam_splc" if nested else ".")
    put(authentic / "canong3_02_sub_01.tif")
    put(authentic / "kodakdcs330_05_sub_03.bmp")
    put(spliced / "canong3_canonxt_sub_01.tif")
    colours = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    colours[LEFT] = (0, 200, 0)
    colours[~LEFT] = (200, 0, 0)
    colours[:, 7] = (0, 255, 0)
    colours[:, 8] = (255, 0, 0)
    put(spliced / "edgemask" / "canong3_canonxt_sub_01_edgemask.jpg", colours)
    dataset = loaded(tmp_path, plugins, "columbia")
    assert sorted(kinds(dataset).values()) == ["authentic", "authentic", "splice"]
    (splice,) = (sample for sample in dataset.samples if sample.tampered)
    assert splice.facts == {"history": "never compressed", "camera": "canong3+canonxt"}
    truth = dataset.truth(splice, HEIGHT, WIDTH)
    # The mask is a JPEG with colours at half the resolution: the seam may be off by a pixel.
    np.testing.assert_array_equal(truth[:, :7], LEFT[:, :7])
    np.testing.assert_array_equal(truth[:, 9:], LEFT[:, 9:])


def test_carvalho(tmp_path: Path, plugins: Catalogue) -> None:
    top = tmp_path / "tifs-database"
    put(top / "DSO-1" / "normal-01.png")
    put(top / "DSO-1" / "splicing-01.png")
    put(top / "DSO-1" / "._splicing-01.png")
    put(top / "DSO-1-Fake-Images-Masks" / "splicing-01.png", BLACK)
    dataset = loaded(tmp_path, plugins, "carvalho")
    assert kinds(dataset) == {
        "tifs-database/DSO-1/normal-01.png": "authentic",
        "tifs-database/DSO-1/splicing-01.png": "splice",
    }
    assert_left(dataset, "tifs-database/DSO-1/splicing-01.png")


NIST_COLUMNS = (
    "TaskID|ProbeFileID|ProbeFileName|ProbeMaskFileName|DonorFileID|DonorFileName|"
    "DonorMaskFileName|IsTarget|ProbePostProcessed|DonorPostProcessed|ManipulationQuality|"
    "IsManipulationTypeRemoval|IsManipulationTypeSplice|IsManipulationTypeCopyClone|Collection|"
    "BaseFileName|Lighting|IsControl|CorrespondingControlFileName|SemanticConsistency"
)
NIST_ROWS = (
    "m|1|probe/NC2016_0001.jpg|reference/manipulation/mask/NC2016_1001.png||||Y|none||simple"
    "|N|Y|N|Nimble-SCI|world/NC2016_9001.jpg|same|N||",
    "m|2|probe/NC2016_0002.jpg|reference/manipulation/mask/NC2016_1002.png||||Y|rescale||simple"
    "|Y|N|N|Nimble-SCI|world/NC2016_9001.jpg|same|N||",
    "m|3|probe/NC2016_0003.jpg|reference/manipulation/mask/NC2016_1003.png||||Y|none||simple"
    "|N|N|Y|Nimble-WEB|world/NC2016_9002.jpg|same|N||",
    "m|4|probe/NC2016_0004.jpg|||||N|none|||||||world/NC2016_9002.jpg||||",
)


def test_nist16(tmp_path: Path, plugins: Catalogue) -> None:
    top = tmp_path / "NC2016_Test0613"
    for number in (1, 2, 3):
        put(top / "probe" / f"NC2016_000{number}.jpg")
        put(top / "reference" / "manipulation" / "mask" / f"NC2016_100{number}.png", BLACK)
    put(top / "probe" / "NC2016_0004.jpg")
    reference = top / "reference" / "manipulation" / "NC2016-manipulation-ref.csv"
    reference.write_text("\n".join((NIST_COLUMNS, *NIST_ROWS, "")))
    dataset = loaded(tmp_path, plugins, "nist16")
    prefix = "NC2016_Test0613/probe/NC2016_000"
    assert kinds(dataset) == {
        f"{prefix}1.jpg": "splice",
        f"{prefix}2.jpg": "removal",
        f"{prefix}3.jpg": "copy-move",
        f"{prefix}4.jpg": "authentic",
    }
    groups = [sample.group for sample in dataset.samples]
    assert groups[0] == groups[1] != groups[2] == groups[3]
    assert of(dataset, f"{prefix}2.jpg").facts == {
        "collection": "Nimble-SCI",
        "quality": "simple",
        "post-processing": "rescale",
    }
    assert_left(dataset, f"{prefix}1.jpg")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("probe/NC2016_0001.jpg", "../outside.jpg"),
        ("reference/manipulation/mask/NC2016_1001.png", "/etc/passwd"),
    ],
)
def test_nist16_leads_nowhere_else(tmp_path: Path, plugins: Catalogue, old: str, new: str) -> None:
    reference = tmp_path / "reference" / "manipulation" / "NC2016-manipulation-ref.csv"
    reference.parent.mkdir(parents=True)
    reference.write_text("\n".join((NIST_COLUMNS, NIST_ROWS[0].replace(old, new), "")))
    with pytest.raises(DatasetError, match=f"'{new}' is no path below the folder"):
        load(tmp_path, None, plugins)


def test_nist16_with_another_file_in_place_of_the_reference(
    tmp_path: Path, plugins: Catalogue
) -> None:
    reference = tmp_path / "reference" / "manipulation" / "NC2016-manipulation-ref.csv"
    reference.parent.mkdir(parents=True)
    reference.write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match="no column IsTarget, ProbeFileName, ProbeMaskFileName"):
        load(tmp_path, None, plugins)


def test_coverage(tmp_path: Path, plugins: Catalogue) -> None:
    for number in ("7", "8"):
        put(tmp_path / "image" / f"{number}.tif")
        put(tmp_path / "image" / f"{number}t.tif")
        put(tmp_path / "mask" / f"{number}forged.tif", WHITE)
        put(tmp_path / "mask" / f"{number}copy.tif", BLACK)
        put(tmp_path / "mask" / f"{number}paste.tif", BLACK)
    dataset = loaded(tmp_path, plugins, "coverage")
    assert [(s.name, s.kind, s.group) for s in dataset.samples] == [
        ("image/7.tif", "authentic", "7"),
        ("image/7t.tif", "copy-move", "7"),
        ("image/8.tif", "authentic", "8"),
        ("image/8t.tif", "copy-move", "8"),
    ]
    assert_left(dataset, "image/7t.tif")


def test_korus(tmp_path: Path, plugins: Catalogue) -> None:
    levels = np.zeros((HEIGHT, WIDTH), np.uint8)
    levels[:, :4], levels[:, 4:8] = 255, 128  # changed, and changed by the way
    for camera in ("Canon_60D", "Nikon_D90"):
        top = tmp_path / "data-images" / camera
        put(top / "pristine" / "r001.TIF")
        put(top / "tampered-realistic" / "r001.TIF")
        put(top / "ground-truth" / "r001.PNG", levels)
    dataset = loaded(tmp_path, plugins, "korus")
    tampered = "data-images/Canon_60D/tampered-realistic/r001.TIF"
    assert Counter(kinds(dataset).values()) == {"authentic": 2, "tampered": 2}
    assert of(dataset, tampered).facts == {"history": "never compressed", "camera": "Canon_60D"}
    assert of(dataset, tampered).group == "Canon_60D/r001"
    assert_left(dataset, tampered)


def test_folders_may_be_links_and_links_may_run_in_circles(
    tmp_path: Path, plugins: Catalogue
) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "folder"
    folder.mkdir()
    for name in ("1.tif", "1t.tif"):
        put(elsewhere / "image" / name)
    put(elsewhere / "mask" / "1forged.tif", WHITE)
    (folder / "linked").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder)
    dataset = loaded(folder, plugins, "coverage")
    assert list(kinds(dataset)) == ["linked/image/1.tif", "linked/image/1t.tif"]
    put(elsewhere / "image" / "Sp_D_NNN_A_ani0055_pla0025_0287.png")
    names = [sample.name for sample in load(folder, "casia1", plugins).samples]
    assert names == ["linked/image/Sp_D_NNN_A_ani0055_pla0025_0287.png"]


# --- folders and lists ---------------------------------------------------------------------------


def test_folders_by_class(tmp_path: Path, plugins: Catalogue) -> None:
    put(tmp_path / "authentic" / "a.jpg")
    put(tmp_path / "tampered" / "b.jpg")
    put(tmp_path / "tampered" / "Copy Move" / "c.png")
    put(tmp_path / "tampered" / "splice" / "deep" / "b.jpg")
    put(tmp_path / "masks" / "b_gt.png", WHITE)
    put(tmp_path / "masks" / "c.png", WHITE)
    put(tmp_path / "masks" / "splice" / "deep" / "b_mask.png", BLACK)
    dataset = loaded(tmp_path, plugins, "folder")
    assert kinds(dataset) == {
        "authentic/a.jpg": "authentic",
        "tampered/Copy Move/c.png": "copy-move",
        "tampered/b.jpg": "tampered",
        "tampered/splice/deep/b.jpg": "splice",
    }
    assert_left(dataset, "tampered/b.jpg")
    assert_left(dataset, "tampered/Copy Move/c.png")
    truth = dataset.truth(of(dataset, "tampered/splice/deep/b.jpg"), HEIGHT, WIDTH)
    np.testing.assert_array_equal(truth, ~LEFT)


def test_a_mask_that_may_belong_to_two_images_belongs_to_none(
    tmp_path: Path, plugins: Catalogue
) -> None:
    for kind in ("splice", "removal", "authentic"):
        put(tmp_path / "tampered" / kind / "a.jpg")
    put(tmp_path / "tampered" / "b_mask.jpg")
    put(tmp_path / "masks" / "removal" / "a.png", WHITE)
    put(tmp_path / "masks" / "a.png", WHITE)
    put(tmp_path / "masks" / "b_mask.png", WHITE)
    dataset = load(tmp_path, None, plugins)
    masks = {sample.name: sample.mask for sample in dataset.samples}
    assert masks == {
        "tampered/authentic/a.jpg": None,
        "tampered/b_mask.jpg": tmp_path / "masks" / "b_mask.png",
        "tampered/removal/a.jpg": tmp_path / "masks" / "removal" / "a.png",
        "tampered/splice/a.jpg": None,
    }
    assert dataset.facts.kinds == {"removal": 1, "splice": 1, "tampered": 2}


def test_folders_by_mask(tmp_path: Path, plugins: Catalogue) -> None:
    put(tmp_path / "Images" / "a.jpg")
    put(tmp_path / "Images" / "b.JPG")
    put(tmp_path / "Masks" / "b.png", WHITE)
    dataset = loaded(tmp_path, plugins, "folder")
    assert kinds(dataset) == {"Images/a.jpg": "authentic", "Images/b.JPG": "tampered"}
    assert_left(dataset, "Images/b.JPG")


def test_photographs_alone_are_authentic_only_when_told_so(
    tmp_path: Path, plugins: Catalogue
) -> None:
    put(tmp_path / "a.jpg")
    with pytest.raises(DatasetError, match="looks like none of the layouts"):
        detect(tmp_path, plugins)
    dataset = load(tmp_path, "folder", plugins)
    assert kinds(dataset) == {"a.jpg": "authentic"}
    assert not dataset.truth(dataset.samples[0], HEIGHT, WIDTH).any()


def manifest(folder: Path, text: str) -> None:
    (folder / "manifest.csv").write_bytes(text.encode())


def test_manifest(tmp_path: Path, plugins: Catalogue) -> None:
    for name in ("images/a.jpg", "images/b.jpg", "odd, name.jpg"):
        put(tmp_path / name)
    put(tmp_path / "masks" / "b.png", WHITE)
    manifest(
        tmp_path,
        "\ufeffpath,kind,mask,group,camera\r\n"
        "images/a.jpg,authentic,,1,Nikon D90\r\n"
        "./images/b.jpg,splice,masks/b.png,1,\r\n"
        '"odd, name.jpg",authentic,,,Canon\r\n'
        ",,,,\r\n",
    )
    dataset = loaded(tmp_path, plugins, "manifest")
    assert [(s.name, s.kind, s.group, dict(s.facts)) for s in dataset.samples] == [
        ("images/a.jpg", "authentic", "1", {"camera": "Nikon D90"}),
        ("images/b.jpg", "splice", "1", {}),
        ("odd, name.jpg", "authentic", None, {"camera": "Canon"}),
    ]
    assert_left(dataset, "images/b.jpg")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,mask\na.jpg,\n", "no column kind"),
        ("path,kind,size\na.jpg,authentic,1\n", "a column may not be named size"),
        ("path,kind\n../a.jpg,authentic\n", "line 2: '../a.jpg' is no path below the folder"),
        ("path,kind\n/etc/passwd,authentic\n", "line 2: '/etc/passwd' is no path below"),
        ("path,kind\na\0.jpg,authentic\n", "is no path below"),
        ("path,kind,mask\na.jpg,authentic,a.jpg\n", "line 2: an authentic image has no mask"),
        ("path,kind\na.jpg,\n", "line 2: the kind is empty"),
        ("path,kind\na.jpg,Spliced!\n", "is not in kebab-case"),
        ("path,kind\na.jpg,authentic\na.jpg,splice\n", "line 3: a.jpg is listed twice"),
        ("path,kind\na.jpg,authentic,more\n", "line 2: more values than there are columns"),
        ('path,kind\n"a.jpg,authentic\n', "cannot be read"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_line(
    tmp_path: Path, plugins: Catalogue, text: str, message: str
) -> None:
    put(tmp_path / "a.jpg")
    manifest(tmp_path, text)
    with pytest.raises(DatasetError) as caught:
        load(tmp_path, None, plugins)
    assert message in str(caught.value)


def test_a_manifest_that_is_no_text_is_refused(tmp_path: Path, plugins: Catalogue) -> None:
    (tmp_path / "manifest.csv").write_bytes(b"path,kind\n\xff\xfe,authentic\n")
    with pytest.raises(DatasetError, match="is not UTF-8"):
        load(tmp_path, None, plugins)


# --- all -----------------------------------------------------------------------------------------


def test_every_layout_says_what_it_is_and_refuses_an_empty_folder(
    tmp_path: Path, plugins: Catalogue
) -> None:
    assert {layout.name for layout in LAYOUTS} <= plugins.layouts.keys()
    for layout in LAYOUTS:
        assert layout.summary
        assert not layout().recognises(tmp_path)
        with pytest.raises(DatasetError, match="is not laid out as"):
            list(layout().samples(tmp_path))


def test_connected_is_transitive() -> None:
    members = {"x": ["a", "b"], "y": ["b", "c"], "z": ["c"], "lone": ["d"], "unknown": []}
    assert connected(members) == {"x": "x", "y": "x", "z": "x", "lone": "lone", "unknown": None}


# --- real files ----------------------------------------------------------------------------------


@pytest.mark.skipif("LOCARD_DATA" not in os.environ, reason="needs LOCARD_DATA with casia1")
def test_casia1_in_real_files(plugins: Catalogue) -> None:
    folder = Path(os.environ["LOCARD_DATA"]) / "casia1" / "val"
    dataset = loaded(folder, plugins, "casia1")
    assert dataset.facts.kinds == {"authentic": 103, "copy-move": 72, "splice": 42}
    for sample in dataset.samples[::10]:
        with Image.open(sample.path) as picture:
            truth = dataset.truth(sample, picture.height, picture.width)
        if sample.tampered:
            with Image.open(sample.mask) as mask:
                white = np.asarray(mask.convert("RGB")).min(axis=2) > 127
            np.testing.assert_array_equal(truth, white)
        else:
            assert not truth.any()
