"""Photographs of cameras that never were, human segmentations, and data sets made of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy.io import savemat

from locard_kd_crop.datasets.tables import ijg
from locard_semi_global.synthesis.build import Built, build
from locard_semi_global.synthesis.plan import Options

SCENES = ("astronaut", "coffee", "chelsea", "ihc", "motorcycle_left", "rocket", "retina", "hubble")
MAKE, MODEL = 0x010F, 0x0110
SPLIT_SEED = 3
"""Of a division in which each split has two photographs at least."""


def scene(name: str) -> Pillow.Image:
    path = next((Path(skimage.__file__).parent / "data").glob(f"{name}*"))
    with Pillow.open(path) as picture:
        return picture.convert("RGB")


def camera_file(picture: Pillow.Image, quality: int, camera: str) -> bytes:
    """Return a camera's JPEG with tables of its own."""
    file, exif = io.BytesIO(), Pillow.Exif()
    exif[MAKE], exif[MODEL] = "Acme", camera
    tables = ijg(quality)
    own = [[min(255, entry + 1) for entry in some] for some in (tables.luma, tables.chroma)]
    picture.save(file, "JPEG", exif=exif, subsampling="4:2:0", qtables=own)
    return file.getvalue()


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pixels(path: Path) -> NDArray[np.uint8]:
    with Pillow.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def mask_of(folder: Path, row: dict[str, str]) -> NDArray[np.bool_]:
    with Pillow.open(folder / row["mask"]) as picture:
        grey = np.asarray(picture)
    assert set(np.unique(grey)) <= {0, 255}
    return grey == 255


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight cameras with two photographs each, of different scenes."""
    folder = tmp_path_factory.mktemp("photographs")
    for number, name in enumerate(SCENES):
        whole = scene(name)
        half = whole.crop((0, 0, whole.width, whole.height // 2))
        quality = 78 + 2 * number
        (folder / f"{name}.jpg").write_bytes(camera_file(whole, quality, f"Model {number}"))
        if min(half.size) >= 160:
            (folder / f"{name}_top.jpg").write_bytes(camera_file(half, quality, f"Model {number}"))
    return folder


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Segmentations by two people in the order of the Berkeley data set."""
    folder = tmp_path_factory.mktemp("segmentations")
    for number in range(3):
        labels = np.ones((60, 90), np.uint16)
        labels[10:40, 10 : 40 + 5 * number] = 2
        labels[45:58, 50:80] = 3
        people = np.empty((1, 2), object)
        for person in range(2):
            people[0, person] = {"Segmentation": labels}
        savemat(folder / f"{number}.mat", {"groundTruth": people})
    return folder


def built(photographs: Path, output: Path, world: str = "jpeg", **options: object) -> Built:
    wanted: dict[str, object] = {
        "images": 48,
        "sizes": "176x128,224x160",
        "workers": 2,
        "seed": 1,
        "split_seed": SPLIT_SEED,
        **options,
    }
    files = sorted(str(path) for path in photographs.iterdir())
    return build(files, Options(output, world, **wanted), lambda *_: None)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def jpeg_set(photographs: Path, shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of the JPEG world; nobody may change it."""
    folder = tmp_path_factory.mktemp("sets") / "jpeg"
    built(photographs, folder, shapes=shapes, images=96)
    return folder


@pytest.fixture(scope="session")
def camera_set(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of the camera world; nobody may change it."""
    folder = tmp_path_factory.mktemp("sets") / "camera"
    built(photographs, folder, "camera", sizes="144x128")
    return folder
