"""One pair of a synthetic data set: a tampered picture and its authentic twin."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locard.evaluation.datasets.building import BuildError, sha256_of_bytes, write
from locard.evaluation.synthesis.histories import HISTORIES, MARGIN, History, moved, paste
from locard.evaluation.synthesis.shapes import Region, draw_region
from locard.evaluation.synthesis.sources import Crop, Photograph, draw_crop
from locard.evaluation.treatments.pixels import encode_png

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair to make: where from, and which."""

    output: Path
    history: str
    index: int
    seed: int
    size: int
    group: tuple[Photograph, ...]

    @property
    def stem(self) -> str:
        """Path of its files below their folders, without ending."""
        return f"{self.history}/{self.index:05d}"

    @property
    def record(self) -> Path:
        """The file that holds its rows, and is there when the pair is complete."""
        return self.output / "recipes" / f"{self.stem}.json"


def make_pair(pair: Pair) -> None:
    """Make a pair and write its files, the record of its recipe last.

    Raises:
        BuildError: A photograph is not what it was, or the folder cannot be written.
    """
    history = HISTORIES[pair.history]
    random = np.random.default_rng([pair.seed, 1, zlib.crc32(pair.history.encode()), pair.index])
    host, donor = _photographs(pair.group, history, random)
    recipe = dict(history.draw(random))
    region = draw_region(random, pair.size, pair.size)
    crops = [draw_crop(_pixels(one), pair.size + MARGIN, random) for one in (host, donor)]
    authentic, tampered = _pictures(history, recipe, region, crops, random)
    if "variant" in recipe:
        recipe["variant"] = f"{pair.history}, {recipe['variant']}"
    facts = {
        "history": pair.history,
        "group": "+".join(sorted(one.sha256[:8] for one in pair.group)),
        "shape": region.kind,
        "edge": region.edge,
        "area": round(float(region.mask.mean()), 4),
        "host": host.sha256[:16],
        "donor": donor.sha256[:16],
        "host_reduction": crops[0].reduction,
        "donor_reduction": crops[1].reduction,
        **recipe,
    }
    suffix = "jpg" if "last_quality" in recipe else "png"
    files = {
        f"images/{pair.stem}-authentic.{suffix}": history.store(authentic, recipe),
        f"images/{pair.stem}-tampered.{suffix}": history.store(tampered, recipe),
        f"masks/{pair.stem}.png": encode_png(region.mask.astype(np.uint8) * 255),
    }
    kinds = ("authentic", history.kind)
    masks = ("", f"masks/{pair.stem}.png")
    rows = [
        {"path": path, "kind": kind, "mask": mask, "sha256": sha256_of_bytes(files[path]), **facts}
        for path, kind, mask in zip(files, kinds, masks, strict=False)
    ]
    for path, data in files.items():
        write(pair.output / path, data)
    write(pair.record, json.dumps(rows, indent=1).encode())


def _photographs(
    group: Sequence[Photograph], history: History, random: np.random.Generator
) -> tuple[Photograph, Photograph]:
    order = random.permutation(len(group))
    host = group[order[0]]
    return host, host if history.one_photograph else group[order[1]]


def _pictures(
    history: History,
    recipe: dict[str, str | int | float],
    region: Region,
    crops: Sequence[Crop],
    random: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the authentic and the tampered picture, before they are stored."""
    seeds = [int(seed) for seed in random.integers(0, 2**32, 2)]
    host = history.host(crops[0].pixels, recipe, seeds[0])
    if not history.one_photograph:
        return host, paste(host, history.donor(crops[1].pixels, recipe, seeds[1]), region)
    copy, x, y = moved(host, region.mask, random)
    recipe["moved"] = f"{x},{y}"
    return host, paste(host, copy, region)


@lru_cache(maxsize=3)
def _pixels(photograph: Photograph) -> NDArray[np.uint8]:
    from locard.image import Image

    image = Image.from_path(photograph.path)
    if image.sha256 != photograph.sha256:
        raise BuildError(
            f"{photograph.name} changed while the data set was made",
            "Leave the photographs alone, and run the command again.",
        )
    return image.pixels
