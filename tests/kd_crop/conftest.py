"""Photographs of cameras that never were, and data sets cut from them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import skimage
from PIL import Image as Pillow

from locard_kd_crop.datasets.build import Made, build
from locard_kd_crop.datasets.plan import Options
from locard_kd_crop.datasets.tables import ijg

SCENES = ("astronaut", "coffee", "chelsea", "ihc", "motorcycle_left", "rocket", "retina", "hubble")
QUALITIES = (96, 75, 92, 85, 88, 97, 80, 94)
MAKE, MODEL, WIDTH, HEIGHT = 0x010F, 0x0110, 0xA002, 0xA003


def scene(name: str) -> Pillow.Image:
    """Return a picture that never was a JPEG in this size: all are reduced."""
    path = next((Path(skimage.__file__).parent / "data").glob(f"{name}*"))
    with Pillow.open(path) as picture:
        whole = picture.convert("RGB")
    return whole.resize((whole.width * 3 // 4, whole.height * 3 // 4), Pillow.Resampling.LANCZOS)


def camera_file(
    name: str, quality: int, camera: str, stated: tuple[int, int] | None = None
) -> bytes:
    """Return a camera's JPEG, every other camera with tables of its own."""
    picture, file, exif = scene(name), io.BytesIO(), Pillow.Exif()
    exif[MAKE], exif[MODEL] = "Acme", camera
    if stated:
        exif.get_ifd(0x8769).update({WIDTH: stated[0], HEIGHT: stated[1]})
    tables = ijg(quality)
    own = [[min(255, entry + 1) for entry in some] for some in (tables.luma, tables.chroma)]
    how: dict[str, object] = {"qtables": own} if quality % 2 else {"quality": quality}
    picture.save(file, "JPEG", exif=exif, subsampling=("4:2:0", "4:2:2")[quality % 2], **how)
    return file.getvalue()


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(folder: Path, changed: Sequence[dict[str, str]]) -> None:
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(changed[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(changed)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for name, quality in zip(SCENES, QUALITIES, strict=True):
        (folder / f"{name}.jpg").write_bytes(camera_file(name, quality, f"Model {name}"))
    return folder


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let torch use one thread: networks of tests are so small that more wait for each other."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def built(photographs: Path, output: Path, tool: str = "pillow", **options: object) -> Made:
    wanted: dict[str, object] = {"pairs": 10, "sizes": "64-128", "workers": 2, **options}
    files = sorted(str(path) for path in photographs.iterdir())
    return build(files, Options(output, tool, **wanted), lambda *_: None)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def made(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a data set of all strata by Pillow; nobody may change it."""
    folder = tmp_path_factory.mktemp("made") / "pillow"
    built(photographs, folder, pairs=80)
    return folder
