"""Builds a data set of synthetic splices with known history: a test chart of traces.

A pair is a tampered picture and its authentic twin, which differ in the pasted region and in
nothing else. Each pair follows from the seed, its history and its number alone, so that an
interrupted build goes on where it stopped, and a larger one contains the smaller.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from locard.engine.spool import write_atomically
from locard.errors import LocardError
from locard.evaluation.pixels import encode_png
from locard.evaluation.side_work import SideProcesses, WorkFailedError, outcome_of
from locard.evaluation.synthesis_histories import (
    HISTORIES,
    MARGIN,
    History,
    moved,
    paste,
)
from locard.evaluation.synthesis_shapes import Region, draw_region
from locard.evaluation.synthesis_sources import (
    Crop,
    Photograph,
    Unusable,
    distinct,
    draw_crop,
    grouped,
    inspect,
)
from locard.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "locard-synthesis/1"
"""Changes whenever the same photographs and seed would give other files."""

MANIFEST = "manifest.csv"
SMALLEST_SIZE = 64
LARGEST_SIZE = 4096

COLUMNS = (
    *("path", "kind", "mask", "group", "sha256", "history", "variant"),
    *("first_quality", "last_quality", "donor_quality", "grid", "pattern", "factor"),
    *("host_noise", "donor_noise", "moved", "shape", "edge", "area"),
    *("host", "donor", "host_reduction", "donor_reduction"),
)
"""Of the manifest. What a history does not have is empty."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and of how many."""

T = TypeVar("T")
R = TypeVar("R")


class SynthesisError(LocardError):
    """A data set cannot be made so."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to make.

    Attributes:
        output: Folder of the data set.
        histories: Names of the histories.
        count: Pairs of each history.
        seed: A whole number from 0.
        size: Side of the pictures, in pixels.
        workers: Number of worker processes.
    """

    output: Path
    histories: tuple[str, ...] = tuple(HISTORIES)
    count: int = 20
    seed: int = 0
    size: int = 512
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it.

    Attributes:
        manifest: The manifest's file.
        made: How many pairs were made now.
        kept: How many were there already.
        photographs: How many were used.
        groups: In how many groups.
        unusable: What was passed over, and why.
    """

    manifest: Path
    made: int
    kept: int
    photographs: int
    groups: int
    unusable: tuple[Unusable, ...]


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


def synthesize(paths: Iterable[str], options: Options, progress: Progress) -> Made:
    """Make a data set, or go on with one that was interrupted.

    Args:
        paths: Photographs.
        options: What to make.
        progress: Told how far it is, in this thread.

    Raises:
        SynthesisError: An option is wrong, fewer than two photographs can be used, the folder holds
            something else, or a photograph was changed in the meantime.
    """
    _check(options)
    names = list(paths)
    progress("reading photographs", 0, len(names))
    photographs, unusable = distinct(_inspected(names, options, progress))
    if len(photographs) < 2:
        raise SynthesisError(
            f"{len(photographs)} of {len(names)} photographs can be used; it takes two",
            " ".join(f"{one.name}: {one.why}." for one in unusable[:5]) or "Name photographs.",
        )
    _claim(options, photographs)
    groups = grouped(photographs, options.seed)
    pairs = [
        Pair(options.output, name, index, options.seed, options.size, groups[index % len(groups)])
        for index in range(options.count)
        for name in options.histories
    ]
    # Pairs of one group one after the other: a worker then has their photographs at hand.
    pairs.sort(key=lambda pair: pair.group[0].sha256)
    open_pairs = [pair for pair in pairs if finished(pair) is None]
    done = len(pairs) - len(open_pairs)
    progress("making pairs", done, len(pairs))
    for _, outcome in parallel(make_pair, open_pairs, options.workers):
        outcome_of(outcome)
        done += 1
        progress("making pairs", done, len(pairs))
    manifest = _write_manifest(options.output)
    return Made(
        manifest=manifest,
        made=len(open_pairs),
        kept=len(pairs) - len(open_pairs),
        photographs=len(photographs),
        groups=len(groups),
        unusable=tuple(unusable),
    )


# --- one pair ----------------------------------------------------------------------------------


def make_pair(pair: Pair) -> None:
    """Make a pair and write its files, the record of its recipe last.

    Raises:
        SynthesisError: A photograph is not what it was, or the folder cannot be written.
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
        {"path": path, "kind": kind, "mask": mask, "sha256": _sha256(files[path]), **facts}
        for path, kind, mask in zip(files, kinds, masks, strict=False)
    ]
    for path, data in files.items():
        _write(pair.output / path, data)
    _write(pair.record, json.dumps(rows, indent=1).encode())


def finished(pair: Pair) -> list[dict[str, Any]] | None:
    """Return the rows of a pair that is complete and undamaged, or None."""
    try:
        rows: list[dict[str, Any]] = json.loads(pair.record.read_bytes())
        for row in rows:
            if _sha256((pair.output / row["path"]).read_bytes()) != row["sha256"]:
                return None
            if row["mask"] and not (pair.output / row["mask"]).is_file():
                return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return rows


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
        raise SynthesisError(
            f"{photograph.name} changed while the data set was made",
            "Leave the photographs alone, and run the command again.",
        )
    return image.pixels


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except OSError as error:
        raise SynthesisError(
            f"cannot write {path}: {error.strerror or error}",
            "Make room there or choose another folder; what is complete is kept.",
        ) from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- the whole ---------------------------------------------------------------------------------


def _check(options: Options) -> None:
    unknown = [name for name in options.histories if name not in HISTORIES]
    if unknown or not options.histories:
        raise SynthesisError(
            f"there is no history {', '.join(map(repr, unknown)) or 'given'}",
            f"There are: {', '.join(HISTORIES)}.",
        )
    if not SMALLEST_SIZE <= options.size <= LARGEST_SIZE:
        raise SynthesisError(
            f"pictures of {options.size} px cannot be made",
            f"Choose a size from {SMALLEST_SIZE} to {LARGEST_SIZE}.",
        )
    if options.count < 1 or options.seed < 0:
        raise SynthesisError("count must be 1 or more, and seed 0 or more")


def _claim(options: Options, photographs: Sequence[Photograph]) -> None:
    """Note in the folder what it is made of, or find that it is being made of the same."""
    note = options.output / "synthesis.json"
    facts = {
        "format": FORMAT,
        "seed": options.seed,
        "size": options.size,
        "photographs": [photograph.sha256 for photograph in photographs],
    }
    try:
        there = json.loads(note.read_bytes()) if note.exists() else None
        strange = there is None and options.output.exists() and any(options.output.iterdir())
    except (OSError, ValueError) as error:
        raise SynthesisError(f"cannot read {note}: {error}", "Choose another folder.") from None
    if strange:
        raise SynthesisError(
            f"{options.output} holds other files", "Choose an empty folder, or a new one."
        )
    if there is not None and there != facts:
        different = [name for name in facts if there.get(name) != facts[name]]
        raise SynthesisError(
            f"{options.output} holds a data set made otherwise: {', '.join(different)} differ",
            "Choose another folder, or the options and photographs it was begun with.",
        )
    _write(note, json.dumps(facts, indent=1).encode())


def _write_manifest(output: Path) -> Path:
    """Write one row for each picture of every complete pair in the folder."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for record in sorted(output.glob("recipes/*/*.json")):
        writer.writerows(json.loads(record.read_bytes()))
    path = output / MANIFEST
    _write(path, text.getvalue().encode())
    return path


def _inspected(
    names: Sequence[str], options: Options, progress: Progress
) -> list[Photograph | Unusable]:
    """Read every photograph in another process: a decoder may take its process with it."""
    found: dict[str, Photograph | Unusable] = {}
    tasks = [Look(name, options.size) for name in dict.fromkeys(names)]
    for look, outcome in parallel(Look.inspect, tasks, options.workers):
        try:
            found[look.path] = outcome_of(outcome)
        except WorkFailedError as error:
            name = printable(Path(look.path).name)
            found[look.path] = Unusable(name, f"{error.message} while it was decoded", broken=True)
        progress("reading photographs", len(found), len(tasks))
    return [found[look.path] for look in tasks]


@dataclass(frozen=True, slots=True)
class Look:
    """A photograph to read."""

    path: str
    size: int

    def inspect(self) -> Photograph | Unusable:
        """Say what it is."""
        return inspect(self.path, self.size)


def parallel(
    function: Callable[[T], R], tasks: Iterable[T], workers: int
) -> Iterator[tuple[T, Future[R]]]:
    """Call a function of a module in other processes; yield each call when it is done.

    Only so many tasks are handed out that no process waits.
    """
    with SideProcesses(workers) as processes:
        running: dict[Future[R], T] = {}
        for task in tasks:
            running[processes.submit(function, task)] = task
            if len(running) >= 2 * workers:
                yield from _done(running)
        while running:
            yield from _done(running)


def _done(running: dict[Future[R], T]) -> Iterator[tuple[T, Future[R]]]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        yield running.pop(future), future
