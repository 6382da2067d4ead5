"""Pictures with a bright square, and a model that finds what is bright."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from .bright_models import write_model

COLUMNS = ("path", "kind", "mask", "group", "split")
SIDE = 128


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with the version 0.0.1 of semi-global."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder)
    return folder


@pytest.fixture(autouse=True)
def _own_models(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCARD_MODELS", str(models))


def noise(seed: int, level: float = 70, side: int = SIDE) -> np.ndarray:
    """Return a dark picture: uint8, (side, side, 3)."""
    values = np.random.default_rng(seed).normal(level, 12, (side, side, 3))
    return np.clip(values, 0, 255).astype(np.uint8)


def with_square(seed: int, x: int, y: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a dark picture with a bright square on the grid, and where that is."""
    pixels = noise(seed)
    mask = np.zeros(pixels.shape[:2], np.bool_)
    mask[y : y + side, x : x + side] = True
    pixels[mask] = noise(seed + 1000, 200)[mask]
    return pixels, mask


def write_set(
    folder: Path, tampered: int = 4, authentic: int = 4, split: str = "val", first: int = 0
) -> Path:
    """Write a data set with a manifest: splices and copy-moves in turns, and authentic ones.

    Pictures of another ``first`` are other pictures, of other groups.
    """
    (folder / "masks").mkdir(parents=True)
    rows = []
    for number in range(tampered):
        pixels, mask = with_square(first + number, 16, 24, 16 * (1 + number % 3))
        Pillow.fromarray(pixels).save(folder / f"t{number}.png")
        Pillow.fromarray(mask).convert("L").save(folder / "masks" / f"t{number}.png")
        kind = ("splice", "copy-move")[number % 2]
        rows.append((f"t{number}.png", kind, f"masks/t{number}.png", f"g{first + number}", split))
    for number in range(authentic):
        Pillow.fromarray(noise(50 + first + number)).save(folder / f"a{number}.png")
        rows.append((f"a{number}.png", "authentic", "", f"g{first + number}", split))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *rows])
    return folder


@pytest.fixture(scope="session")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four tampered pictures and four that are not."""
    return write_set(tmp_path_factory.mktemp("sets") / "squares")
