"""Copies of pictures that lived on, made piece by piece in a worker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.base import AUTHENTIC, HISTORY, NEVER_COMPRESSED, Layout, Sample
from locard.evaluation.datasets.building import BuildError, sha256_of_bytes, write
from locard.evaluation.treatments.pixels import encode_png
from locard.text import printable
from locard_kd_crop.datasets.tables import Tables
from locard_semi_global.synthesis.after_life import (
    AS_IT_IS,
    Chain,
    draw_chain,
    followed,
    lived_on,
)
from locard_semi_global.synthesis.saving import Save
from locard_semi_global.synthesis.sources import stated_split

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIECE = 8
"""Samples of a piece."""

TABLES = "tables-of-tampered"
"""The chain of an authentic picture that is saved again with tables of a tampered one."""

COLUMNS = (
    *("path", "kind", "mask", "group", "sha256", "split", "parent", "parent_sha256", "copy"),
    *("after_life", "after_life_steps", "area", "tables_tell", "seed"),
)
"""Of the manifest; facts of the data set follow."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to make.

    Attributes:
        folder: The data set.
        layout: Name of its layout; None to find it out.
        output: Folder of the copies.
        copies: How many copies of each picture live on.
        seed: A whole number from 0.
        split: Of all pictures whose data set says none; None for what its folder is named.
        workers: Number of worker processes.
    """

    folder: Path
    output: Path
    layout: str | None = None
    copies: int = 2
    seed: int = 0
    split: str | None = None
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Task:
    """A picture, and what becomes of it.

    Attributes:
        sample: Of the data set.
        sha256: Of its file.
        retold: Saves with tables of tampered pictures, of which one is drawn; none where its own
            tables do not tell that it is authentic.
    """

    sample: Sample
    sha256: str
    retold: tuple[Save, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Pictures whose copies are made one after the other."""

    options: Options
    number: int
    layout: Layout
    tasks: tuple[Task, ...]
    cameras: tuple[Tables, ...]
    columns: tuple[str, ...]

    @property
    def record(self) -> Path:
        """The file that holds its rows, and is there when the piece is complete."""
        return (
            self.options.output / "recipes" / f"{self.number // 1000:03d}" / f"{self.number}.json"
        )


def fact_column(name: str) -> str:
    """Return the column of a fact of the data set; ``split`` stays, whoever says it."""
    return f"parent_{name}" if name in COLUMNS and name != "split" else name


def make_copies(piece: Piece) -> list[str]:
    """Make the copies of a piece, and write the record of its rows last.

    Returns:
        What was left out, and why. A picture of which one copy cannot be made has none.

    Raises:
        BuildError: The folder cannot be written.
    """
    rows: list[dict[str, Any]] = []
    problems = []
    for place, task in enumerate(piece.tasks):
        try:
            rows += _copies(piece, piece.number * PIECE + place, task)
        except BuildError:
            raise
        except LocardError as error:
            problems.append(f"no copies of {printable(task.sample.name)}: {error.message}")
    write(piece.record, json.dumps(rows, indent=1).encode())
    return problems


def _copies(piece: Piece, place: int, task: Task) -> list[dict[str, Any]]:
    """Make the copies of one picture, and return their rows."""
    from locard.image import Image

    sample, options = task.sample, piece.options
    image = Image.from_path(sample.path)
    truth = _truth(piece.layout, sample, image.height, image.width)
    # Everything is computed before anything is written: a picture has all of its copies, or none.
    made = []
    for number, chain in enumerate(_chains(piece, task, image.width, image.height)):
        data, suffix = lived_on(image.data, chain)
        suffix = f".{suffix}" if suffix else sample.path.suffix.lower()
        # Not the picture's own name: some layouts know their data set by such names.
        stem = f"{place:06d}-{number}"
        mask = None if truth is None else followed(truth, chain)
        made.append((number, chain, data, f"images/{stem}{suffix}", f"masks/{stem}.png", mask))
    rows = []
    for number, chain, data, path, mask_path, mask in made:
        write(options.output / path, data)
        row: dict[str, Any] = {
            **_of_parent(piece, task, chain),
            "path": path,
            "kind": sample.kind,
            "group": sample.group or sample.name,
            "sha256": sha256_of_bytes(data),
            "parent": sample.name,
            "parent_sha256": task.sha256,
            "copy": number,
            "after_life": chain.kind,
            "after_life_steps": chain.words,
            "tables_tell": "yes" if task.retold and chain == AS_IT_IS else "",
            "seed": options.seed,
        }
        if mask is not None:
            row |= {"mask": mask_path, "area": round(float(mask.mean()), 5)}
            write(options.output / mask_path, encode_png(mask.astype(np.uint8) * 255))
        rows.append(row)
    return rows


def _truth(layout: Layout, sample: Sample, height: int, width: int) -> NDArray[np.bool_] | None:
    from locard.evaluation.datasets.masks import fitted

    if sample.kind == AUTHENTIC:
        return None
    return fitted(layout.truth(sample), height, width)


def _chains(piece: Piece, task: Task, width: int, height: int) -> list[Chain]:
    """Return what becomes of a picture: nothing, then what is drawn from seed and hash alone.

    Where its tables tell that it is authentic, it is saved with a tampered one's before all else:
    earlier tables leave traces that later saves do not remove.
    """
    base = [piece.options.seed, int(task.sha256[:16], 16)]
    first: tuple[Save, ...] = ()
    if task.retold:
        random = np.random.default_rng([*base, 2**32])
        first = (task.retold[int(random.integers(len(task.retold)))],)
    chains = [AS_IT_IS]
    for number in range(piece.options.copies):
        random = np.random.default_rng([*base, number])
        drawn = draw_chain(random, width, height, piece.cameras)
        chains.append(Chain(drawn.kind, (*first, *drawn.steps), drawn.lossless))
    if first:
        chains.append(Chain(TABLES, first, False))
    return chains


def _of_parent(piece: Piece, task: Task, chain: Chain) -> dict[str, str]:
    """Return what the data set says of a picture, as far as it is true of the copy."""
    facts = {fact_column(name): value for name, value in task.sample.facts.items()}
    saved = any(isinstance(step, Save) for step in chain.steps)
    if saved and facts.get(HISTORY) == NEVER_COMPRESSED:
        del facts[HISTORY]
    options = piece.options
    facts["split"] = facts.get("split") or options.split or stated_split(task.sample.path) or ""
    return facts
