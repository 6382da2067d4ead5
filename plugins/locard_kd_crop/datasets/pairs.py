"""One pair of a data set: an uncropped picture and a crop, through the very same steps."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.building import sha256_of_bytes, write
from locard.evaluation.datasets.header_facts import header_facts
from locard.image import Image
from locard_kd_crop.datasets.frames import choose_windows, make_frame
from locard_kd_crop.datasets.photographs import Photograph
from locard_kd_crop.datasets.programs import ToolError
from locard_kd_crop.datasets.recipes import CAMERA, Recipe, draw
from locard_kd_crop.datasets.sizes import Size
from locard_kd_crop.datasets.strata import BLIND, LOSSLESS, fits, ratio_band, side_band
from locard_kd_crop.datasets.tables import Tables, tables_of
from locard_kd_crop.datasets.tools import TOOLS, Window

AUTHENTIC, CROP = "authentic", "crop"
"""Kinds of a pair's pictures, in the order of its rows."""

COLUMNS = (
    *("path", "kind", "group", "sha256", "pair", "split", "stratum", "variant"),
    *("tool", "tool_version", "encoder", "photograph", "photograph_sha256", "camera"),
    *("life", "reduction", "first_tables", "first_quality", "first_subsampling"),
    *("last_tables", "last_quality", "last_subsampling", "step_ratio", "ratio"),
    *("width", "height", "side", "frame_width", "frame_height", "x", "y", "offset", "grid"),
)
"""Of the manifest. What a pair does not have is empty."""

OF_A_PICTURE = frozenset({"path", "kind", "sha256", "x", "y", "offset", "grid"})
"""Columns in which the two pictures of a pair differ; in all others they are the same."""

_VARYING = "bytes per pixel"
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair to make.

    Attributes:
        output: Folder of the data set.
        index: Number of the pair.
        seed: Of the data set.
        stratum: ``A`` to ``E``.
        variant: Of the stratum.
        tool: Name of the tool.
        version: Of the tool, for the manifest.
        photograph: What it is cut from.
        source: Of the photograph: what may not be in two splits.
        split: Where the pair belongs.
        sizes: To choose from.
        cameras: Tables of the cameras of this split.
    """

    output: Path
    index: int
    seed: int
    stratum: str
    variant: str
    tool: str
    version: str
    photograph: Photograph
    source: str
    split: str
    sizes: tuple[Size, ...]
    cameras: tuple[Tables, ...]

    @property
    def stem(self) -> str:
        """Path of its files below their folders, without ending."""
        return f"{self.stratum}/{self.index:06d}"

    @property
    def record(self) -> Path:
        """The file that holds its rows, and is there when the pair is complete."""
        return self.output / "recipes" / f"{self.stem}.json"


def make_pair(pair: Pair) -> str | None:
    """Make a pair and write its files, the record of its recipe last.

    Returns:
        Why it cannot be made, in words; None where it was.

    Raises:
        BuildError: The folder cannot be written.
    """
    try:
        rows, files = _made(pair)
    except LocardError as error:
        return f"{pair.photograph.name}: {error.sentences}"
    except (OSError, MemoryError) as error:
        return f"{pair.photograph.name}: {getattr(error, 'strerror', None) or 'not enough memory'}"
    for path, data in files.items():
        write(pair.output / path, data)
    write(pair.record, json.dumps(rows, indent=1).encode())
    return None


def _made(pair: Pair) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Return the rows of a pair and its files by path."""
    random = np.random.default_rng([pair.seed, 1, pair.index])
    tool = TOOLS[pair.tool]
    recipe = draw(
        random, pair.photograph, pair.stratum, pair.variant, tool, pair.sizes, pair.cameras
    )
    windows = choose_windows(random, pair.photograph, recipe)
    with tempfile.TemporaryDirectory(prefix="locard-") as scratch:
        frame = make_frame(pair.photograph, recipe, windows, Path(scratch))
        pictures = tool.files(frame.path, frame.windows, recipe.step)
    images = [Image.from_bytes(data) for data in pictures]
    last = _checked(pair, recipe, images)
    suffix = "jpg" if images[0].jpeg else "png"
    shared = {**_facts_of_pair(pair), **_facts_of_recipe(pair, recipe, last)}
    rows: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for kind, window, data in zip((AUTHENTIC, CROP), windows, pictures, strict=True):
        path = f"images/{pair.stem}-{kind}.{suffix}"
        files[path] = data
        rows.append(
            {
                "path": path,
                "kind": kind,
                "sha256": sha256_of_bytes(data),
                **shared,
                **_facts_of_window(recipe, window),
            }
        )
    return rows, files


def _checked(pair: Pair, recipe: Recipe, images: list[Image]) -> Tables | None:
    """Return the tables of both pictures, or raise where a tool did what it was not told."""
    for image in images:
        if (image.width, image.height) != recipe.size:
            raise ToolError(
                f"{pair.tool} made {image.width}×{image.height} px out of "
                f"{recipe.size[0]}×{recipe.size[1]}"
            )
    facts = [header_facts(image) for image in images]
    if different := [n for n in facts[0] if facts[0][n] != facts[1][n] and n != _VARYING]:
        raise ToolError(f"{pair.tool} made two files that differ in {', '.join(different)}")
    jpeg = images[0].jpeg
    if jpeg is None:
        return None
    last = tables_of(jpeg)
    if last is None:
        raise ToolError(f"{pair.tool} wrote tables that no photograph has")
    # An encoder with tables of its own (mozjpeg) may leave the stratum.
    if recipe.first is None or pair.stratum in (LOSSLESS, BLIND):
        return last
    if not fits(pair.stratum, recipe.first, last):
        raise ToolError(f"{pair.tool} wrote other tables than libjpeg's of that quality")
    return last


def _facts_of_pair(pair: Pair) -> dict[str, Any]:
    photograph = pair.photograph
    return {
        "group": pair.source,
        "pair": pair.index,
        "split": pair.split,
        "stratum": pair.stratum,
        "tool": pair.tool,
        "tool_version": pair.version,
        "photograph": photograph.name,
        "photograph_sha256": photograph.sha256,
        "camera": photograph.camera,
    }


def _facts_of_recipe(pair: Pair, recipe: Recipe, last: Tables | None) -> dict[str, Any]:
    first, step = recipe.first, recipe.step
    facts: dict[str, Any] = {
        "variant": recipe.variant,
        "encoder": TOOLS[pair.tool].encoder(step),
        "life": recipe.life,
        "reduction": round(recipe.scale, 4),
        "width": recipe.size[0],
        "height": recipe.size[1],
        "side": side_band(min(recipe.size)),
        "frame_width": recipe.frame[0],
        "frame_height": recipe.frame[1],
    }
    if first is not None:
        facts["first_tables"], facts["first_quality"] = first.name, first.quality
        facts["first_subsampling"] = _first_subsampling(pair, recipe)
    if last is not None:
        facts["last_tables"], facts["last_quality"] = last.name, last.quality
        facts["last_subsampling"] = step.subsampling or facts.get("first_subsampling", "")
    if first is not None and last is not None:
        facts["step_ratio"] = round(last.step_ratio(first), 4)
        facts["ratio"] = ratio_band(last.step_ratio(first))
    return facts


def _first_subsampling(pair: Pair, recipe: Recipe) -> str:
    return pair.photograph.subsampling if recipe.life == CAMERA else recipe.first_subsampling


def _facts_of_window(recipe: Recipe, window: Window) -> dict[str, Any]:
    """Return where a picture lay, and where the earlier grid begins in it."""
    x, y = window.x % _BLOCK, window.y % _BLOCK
    facts: dict[str, Any] = {"x": window.x, "y": window.y, "offset": f"{x},{y}"}
    if recipe.first is not None:
        facts["grid"] = f"{-x % _BLOCK},{-y % _BLOCK}"
    return facts
