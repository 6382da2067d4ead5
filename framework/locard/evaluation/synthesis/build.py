"""Builds a data set of synthetic splices with known history: a test chart of traces.

A pair is a tampered picture and its authentic twin, which differ in the pasted region and in
nothing else. Each pair follows from the seed, its history and its number alone, so that an
interrupted build goes on where it stopped, and a larger one contains the smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from locard.evaluation.runs.side_work import outcome_of
from locard.evaluation.synthesis.histories import HISTORIES
from locard.evaluation.synthesis.pairs import Pair, make_pair
from locard.evaluation.synthesis.sources import (
    Photograph,
    distinct,
    grouped,
    inspect,
)

FORMAT = "locard-synthesis/1"
"""Changes whenever the same photographs and seed would give other files."""

NOTE = "synthesis.json"
SMALLEST_SIZE = 64
LARGEST_SIZE = 4096

COLUMNS = (
    *("path", "kind", "mask", "group", "sha256", "history", "variant"),
    *("first_quality", "last_quality", "donor_quality", "grid", "pattern", "factor"),
    *("host_noise", "donor_noise", "moved", "shape", "edge", "area"),
    *("host", "donor", "host_reduction", "donor_reduction"),
)
"""Of the manifest. What a history does not have is empty."""


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


def synthesize(paths: Iterable[str], options: Options, progress: Progress) -> Made:
    """Make a data set, or go on with one that was interrupted.

    Args:
        paths: Photographs.
        options: What to make.
        progress: Told how far it is, in this thread.

    Raises:
        BuildError: An option is wrong, fewer than two photographs can be used, the folder holds
            something else, or a photograph was changed in the meantime.
    """
    _check(options)
    names = list(paths)
    looks = [Look(name, options.size) for name in dict.fromkeys(names)]
    photographs, unusable = distinct(look_at(looks, options.workers, progress))
    if len(photographs) < 2:
        raise BuildError(
            f"{len(photographs)} of {len(names)} photographs can be used; it takes two",
            " ".join(f"{one.name}: {one.why}." for one in unusable[:5]) or "Name photographs.",
        )
    claim(options.output, NOTE, _facts(options, photographs))
    groups = grouped(photographs, options.seed)
    pairs = [
        Pair(options.output, name, index, options.seed, options.size, groups[index % len(groups)])
        for index in range(options.count)
        for name in options.histories
    ]
    # Pairs of one group one after the other: a worker then has their photographs at hand.
    pairs.sort(key=lambda pair: pair.group[0].sha256)
    open_pairs = [pair for pair in pairs if finished(pair.output, pair.record) is None]
    done = len(pairs) - len(open_pairs)
    progress("making pairs", done, len(pairs))
    for _, outcome in parallel(make_pair, open_pairs, options.workers):
        outcome_of(outcome)
        done += 1
        progress("making pairs", done, len(pairs))
    write(options.output / "README.md", _description(options, photographs).encode())
    manifest = write_manifest(options.output, COLUMNS, "recipes/*/*.json")
    return Made(
        manifest=manifest,
        made=len(open_pairs),
        kept=len(pairs) - len(open_pairs),
        photographs=len(photographs),
        groups=len(groups),
        unusable=tuple(unusable),
    )


# --- the whole ---------------------------------------------------------------------------------


def _check(options: Options) -> None:
    unknown = [name for name in options.histories if name not in HISTORIES]
    if unknown or not options.histories:
        raise BuildError(
            f"there is no history {', '.join(map(repr, unknown)) or 'given'}",
            f"There are: {', '.join(HISTORIES)}.",
        )
    if not SMALLEST_SIZE <= options.size <= LARGEST_SIZE:
        raise BuildError(
            f"pictures of {options.size} px cannot be made",
            f"Choose a size from {SMALLEST_SIZE} to {LARGEST_SIZE}.",
        )
    if options.count < 1 or options.seed < 0:
        raise BuildError("count must be 1 or more, and seed 0 or more")


def _facts(options: Options, photographs: Sequence[Photograph]) -> dict[str, Any]:
    """Return what the folder's note says it is made of."""
    return {
        "format": FORMAT,
        "seed": options.seed,
        "size": options.size,
        "photographs": [photograph.sha256 for photograph in photographs],
    }


def _description(options: Options, photographs: Sequence[Photograph]) -> str:
    """Return what the folder says of itself to whoever finds it later."""
    lines = [
        "# Synthetic splices with known history",
        "",
        f"Made by `locard dataset synthesize` ({FORMAT}, seed {options.seed}, {options.size} px) "
        f"from {len(photographs)} photographs. Each tampered picture has an authentic twin that "
        "went through the same last steps. Masks are white where the picture was tampered with.",
        "",
        "| History | What was done | Who should see it |",
        "| --- | --- | --- |",
        *(f"| {one.name} | {one.words} | {one.seen_by} |" for one in HISTORIES.values()),
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Look:
    """A photograph to read."""

    path: str
    size: int

    def inspect(self) -> Photograph | Unusable:
        """Say what it is."""
        return inspect(self.path, self.size)
