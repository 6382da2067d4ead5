"""Builds a data set of splices: divides photographs, plans pieces, has them made in parallel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locard.evaluation.datasets.building import (
    BuildError,
    Progress,
    Unusable,
    claim,
    finished,
    look_at,
    parallel,
    write,
    write_manifest,
)
from locard.evaluation.runs.side_work import WorkFailedError, outcome_of
from locard.text import printable
from locard_kd_crop.datasets.photographs import Look, Photograph
from locard_kd_crop.datasets.splits import SPLITS
from locard_semi_global.synthesis.fours import COLUMNS, make_piece
from locard_semi_global.synthesis.pieces import WORLDS, Piece
from locard_semi_global.synthesis.plan import Options, largest_sizes, planned, seats
from locard_semi_global.synthesis.regions import read_segmentation
from locard_semi_global.synthesis.sizes import parse
from locard_semi_global.synthesis.sources import Club, Size, clubs, divided

FORMAT = "locard-splices/1"
"""Changes whenever the same photographs and seed would give other files."""

NOTE = "splice-dataset.json"


@dataclass(frozen=True, slots=True)
class Built:
    """What came of it.

    Attributes:
        manifest: The manifest's file.
        made: How many pictures were made now.
        kept: How many were there already.
        splits: How many pictures of the data set each split has.
        photographs: How many serve, in each split.
        sizes: Sizes of the pictures.
        unserved: Sizes for which there are no two photographs in any split.
        unusable: Photographs that were passed over, and why.
        failed: Why pieces could not be made, and how many pictures that left out.
    """

    manifest: Path
    made: int
    kept: int
    splits: Mapping[str, int]
    photographs: Mapping[str, int]
    sizes: tuple[str, ...]
    unserved: tuple[str, ...]
    unusable: tuple[Unusable, ...]
    failed: Mapping[str, int]


def build(paths: Iterable[str], options: Options, progress: Progress) -> Built:
    """Make a data set, or go on with one that was interrupted.

    Args:
        paths: Photographs.
        options: What to make.
        progress: Told how far it is, in this thread.

    Raises:
        LocardError: An option is wrong, no photographs can be used, or the folder holds something
            else or cannot be written.
    """
    sizes = _checked(options)
    segmentations, damaged = _segmentations(options.shapes, options.workers, progress)
    photographs, unusable = photographs_of(paths, options.workers, progress)
    splits = divided(photographs, options.split_seed)
    largest = largest_sizes(photographs, sizes, options)
    small = [
        Unusable(one.name, f"{one.width}×{one.height} is too small for these sizes")
        for one in photographs
        if one.sha256 not in largest
    ]
    wanted = {
        sha256: place
        for sha256, place in largest.items()
        if options.role is None or splits[sha256] == options.role
    }
    if not wanted:
        raise BuildError(
            f"no photograph serves for pictures of {options.sizes}"
            + (f" in split {options.role}" if options.role else ""),
            "Name larger photographs or more of them, or ask for smaller pictures with --size.",
        )
    groups = clubs(photographs, splits, wanted, options.seed)
    placed = {one.sha256 for group in groups for one in group.photographs}
    alone = [
        Unusable(one.name, f"no other photograph serves for split {splits[one.sha256]}")
        for one in photographs
        if one.sha256 in wanted and one.sha256 not in placed
    ]
    served = seats(options.world, groups, sizes)
    pieces = planned(options, groups, sizes, served, segmentations)
    claim(options.output, NOTE, _facts(options, photographs, segmentations))
    left = [piece for piece in pieces if finished(piece.output, piece.record) is None]
    failed: Counter[str] = Counter()
    try:
        failed = _make(left, options.workers, progress)
    finally:
        # Whatever ends the work: what is complete can be used.
        manifest = write_manifest(options.output, COLUMNS, "recipes/*/*.json")
    write(options.output / "README.md", _description(options, groups).encode())
    counts: Counter[str] = Counter()
    for piece in pieces:
        counts[piece.club.split] += piece.pictures
    return Built(
        manifest=manifest,
        made=sum(piece.pictures for piece in left) - failed.total(),
        kept=counts.total() - sum(piece.pictures for piece in left),
        splits=counts,
        photographs=Counter(splits[sha256] for sha256 in placed),
        sizes=tuple(f"{width}×{height}" for width, height in sorted({p.size for p in pieces})),
        unserved=tuple(
            f"{width}×{height}"
            for place, (width, height) in enumerate(sizes)
            if place not in served
        ),
        unusable=(*damaged, *unusable, *small, *alone),
        failed=failed,
    )


def _checked(options: Options) -> tuple[Size, ...]:
    if options.world not in WORLDS:
        raise BuildError(f"there is no world {options.world!r}", f"There are: {', '.join(WORLDS)}.")
    if options.role is not None and options.role not in SPLITS:
        raise BuildError(f"there is no split {options.role!r}", f"There are: {', '.join(SPLITS)}.")
    if options.images < 1 or options.seed < 0 or options.split_seed < 0:
        raise BuildError("images must be 1 or more, and seeds 0 or more")
    if not 0 <= options.after_life <= 1:
        raise BuildError("the share of pictures that lived on must be from 0 to 1")
    return parse(options.sizes)


def _segmentations(
    folder: Path | None, workers: int, progress: Progress
) -> tuple[tuple[str, ...], list[Unusable]]:
    """Return the segmentations of a folder that can be read, and what is passed over."""
    if folder is None:
        return (), []
    looks = [Shapes(str(path)) for path in sorted(folder.rglob("*.mat"))]
    found = look_at(looks, workers, progress)
    usable = tuple(one for one in found if isinstance(one, str))
    if not usable:
        raise BuildError(
            f"{printable(str(folder))} holds no segmentation of the Berkeley data set (*.mat)",
            "Name another folder, or leave --shapes out.",
        )
    return usable, [one for one in found if isinstance(one, Unusable)]


@dataclass(frozen=True, slots=True)
class Shapes:
    """A segmentation to read."""

    path: str

    def inspect(self) -> str | Unusable:
        """Return its path, or why it cannot be used."""
        try:
            read_segmentation(self.path)
        except BuildError as error:
            return Unusable(printable(Path(self.path).name), error.message, broken=True)
        return self.path


def photographs_of(
    paths: Iterable[str], workers: int, progress: Progress
) -> tuple[list[Photograph], list[Unusable]]:
    """Return the photographs that can be used, sorted by hash, and what is passed over."""
    looks = [Look(path) for path in dict.fromkeys(paths)]
    found: dict[str, Photograph] = {}
    unusable: list[Unusable] = []
    for one in look_at(looks, workers, progress):
        if isinstance(one, Unusable):
            unusable.append(one)
        elif one.sha256 in found:
            same = found[one.sha256].name
            unusable.append(Unusable(one.name, f"it is the same file as {same}"))
        else:
            found[one.sha256] = one
    if not found:
        raise BuildError("none of the photographs can be used", "Name others, or a folder.")
    return [found[sha256] for sha256 in sorted(found)], unusable


# --- pieces --------------------------------------------------------------------------------------


def _make(pieces: Sequence[Piece], workers: int, progress: Progress) -> Counter[str]:
    """Have pieces made; return why some could not be, and how many pictures that left out."""
    failed: Counter[str] = Counter()
    done, total = 0, sum(piece.pictures for piece in pieces)
    progress("making pictures", done, total)
    for piece, outcome in parallel(make_piece, pieces, workers):
        try:
            why = outcome_of(outcome)
        except WorkFailedError as error:
            why = error.message
        if why is not None:
            failed[why] += piece.pictures
        done += piece.pictures
        progress("making pictures", done, total)
    return failed


# --- the whole -----------------------------------------------------------------------------------


def _facts(
    options: Options, photographs: Sequence[Photograph], segmentations: Sequence[str]
) -> dict[str, Any]:
    """Return what the folder's note says it is made of."""
    return {
        "format": FORMAT,
        "world": options.world,
        "images": options.images,
        "seed": options.seed,
        "split_seed": options.split_seed,
        "role": options.role,
        "sizes": options.sizes,
        "after_life": options.after_life,
        "segmentations": len(segmentations),
        "photographs": [photograph.sha256 for photograph in photographs],
    }


def _description(options: Options, groups: Sequence[Club]) -> str:
    """Return what the folder says of itself to whoever finds it later."""
    lines = [
        "# Spliced photographs",
        "",
        f"Made by `locard splice dataset build` ({FORMAT}, {options.world} world, seed "
        f"{options.seed}). Of each four pictures two are splices, one is a copy-move and one is "
        "the authentic twin of one of them, put through the same last steps. Masks are white "
        "where the picture was tampered with. `manifest.csv` says everything of each picture.",
        "",
        "| Group | Split | Photographs |",
        "| --- | --- | --- |",
        *(
            f"| {group.name} | {group.split} | "
            + " ".join(one.sha256[:16] for one in group.photographs)
            + " |"
            for group in groups
        ),
    ]
    return "\n".join(lines) + "\n"
