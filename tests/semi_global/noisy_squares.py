"""Small data sets of spliced pictures, made on the spot."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image as Pillow

SIDE = (72, 80)
"""Height and width of the pictures in pixels."""


def jpeg(pixels: np.ndarray, quality: int) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()


def make_set(folder: Path, count: int, split: str = "train", seed: int = 0) -> Path:
    """Write pictures, every other one with a noisy square in it, and their manifest."""
    random = np.random.default_rng([seed, len(split)])
    source = skimage.data.astronaut() if split == "train" else skimage.data.coffee()
    rows = []
    for number in range(count):
        top = int(random.integers(0, source.shape[0] - SIDE[0]))
        left = int(random.integers(0, source.shape[1] - SIDE[1]))
        pixels = source[top : top + SIDE[0], left : left + SIDE[1]].astype(np.float64)
        row = {"path": f"{number}.jpg", "kind": "authentic", "split": split, "group": ""}
        if number % 2:
            y, x = int(random.integers(0, 40)), int(random.integers(0, 40))
            mask = np.zeros(SIDE, np.uint8)
            mask[y : y + 32, x : x + 40] = 255
            pixels += (mask[..., None] > 0) * random.normal(0, 25, pixels.shape)
            row |= {"kind": "splice", "mask": f"{number}-mask.png"}
            folder.mkdir(parents=True, exist_ok=True)
            Pillow.fromarray(mask).save(folder / row["mask"])
        folder.mkdir(parents=True, exist_ok=True)
        data = jpeg(np.clip(pixels, 0, 255).astype(np.uint8), 90)
        (folder / row["path"]).write_bytes(data)
        row["group"] = f"{split} {number}"
        rows.append(row)
    write_manifest(folder, rows)
    return folder


def read_manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_manifest(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["path", "kind", "mask", "group", "split"], restval="")
        writer.writeheader()
        writer.writerows(rows)
