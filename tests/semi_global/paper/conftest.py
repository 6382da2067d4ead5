"""Photographs with a splice, as a data set on disk, and as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from PIL import Image

SCENES = ("astronaut", "coffee", "chelsea", "rocket")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def scene(name: str, side: int = 256) -> np.ndarray:
    """Return a part of a photograph of scikit-image's: uint8, (side, side, 3)."""
    path = next((Path(skimage.__file__).parent / "data").glob(f"{name}*"))
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))[:side, :side].copy()


@pytest.fixture(scope="session")
def spliced() -> tuple[np.ndarray, np.ndarray]:
    """A photograph with a square of another, and its mask."""
    pixels, mask = scene("astronaut"), np.zeros((256, 256), np.uint8)
    pixels[64:192, 96:224] = scene("coffee")[40:168, 40:168]
    mask[64:192, 96:224] = 1
    return pixels, mask


@pytest.fixture(scope="session")
def data_set(
    tmp_path_factory: pytest.TempPathFactory, spliced: tuple[np.ndarray, np.ndarray]
) -> Path:
    """Photographs and splices with a column that says the split."""
    folder = tmp_path_factory.mktemp("data")
    pixels, mask = spliced
    Image.fromarray(mask * np.uint8(255)).save(folder / "mask.png")
    rows = ["path,kind,mask,group,split"]
    for number, split in enumerate(("train", "train", "val", "test")):
        shifted = np.clip(pixels.astype(int) + 3 * number, 0, 255).astype(np.uint8)
        Image.fromarray(shifted).save(folder / f"splice-{number}.png")
        rows.append(f"splice-{number}.png,splice,mask.png,s{number},{split}")
        Image.fromarray(scene(SCENES[number])).save(folder / f"real-{number}.png")
        rows.append(f"real-{number}.png,authentic,,r{number},{split}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder
