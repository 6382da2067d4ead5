"""Builds a data set of pairs: plans it, has it made in parallel, and goes on with what was begun.

Each pair follows from the seed, its number and the photographs alone, so that an interrupted build
goes on where it stopped, and a larger data set contains the smaller.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from locard.blame import describe
from locard.evaluation.datasets.building import (
    BuildError,
    Progress,
    Unusable,
    claim,
    finished,
    look_at,
    noted,
    parallel,
    write,
    write_manifest,
)
from locard.evaluation.runs.side_work import WorkFailedError, outcome_of
from locard_kd_crop.datasets.layout import NOTE
from locard_kd_crop.datasets.pairs import COLUMNS, Pair, make_pair
from locard_kd_crop.datasets.photographs import Look, Photograph
from locard_kd_crop.datasets.plan import Options, Serving, planned, serving_for
from locard_kd_crop.datasets.sizes import Size, parse
from locard_kd_crop.datasets.splits import divided, sources
from locard_kd_crop.datasets.strata import BLIND, STRATA
from locard_kd_crop.datasets.tables import Tables
from locard_kd_crop.datasets.tools import TOOLS, Tool

FORMAT = "locard-crop-pairs/1"
"""Changes whenever the same photographs and seed would give other files."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it.

    Attributes:
        manifest: The manifest's file.
        version: Of the tool.
        made: How many pairs were made now.
        kept: How many were there already.
        splits: How many pairs of the data set each split has.
        photographs: How many can be used.
        sources: In how many cameras or scenes.
        unusable: Photographs that were passed over, and why.
        failed: Why pairs could not be made, and how many each time.
        variants: Variants of each stratum for which there are photographs.
    """

    manifest: Path
    version: str
    made: int
    kept: int
    splits: Mapping[str, int]
    photographs: int
    sources: int
    unusable: tuple[Unusable, ...]
    failed: Mapping[str, int]
    variants: Mapping[str, tuple[str, ...]]


def build(paths: Iterable[str], options: Options, progress: Progress) -> Made:
    """Make a data set, or go on with one that was interrupted.

    Args:
        paths: Photographs.
        options: What to make.
        progress: Told how far it is, in this thread.

    Raises:
        LocardError: An option is wrong, the tool is missing, no photograph can be used, or the
            folder holds something else or cannot be written.
    """
    tool, strata, sizes = _checked(options)
    version = tool.version()
    photographs, unusable = _photographs(paths, options, progress)
    photographs, further = _claimed(options, strata, sizes, version, photographs)
    serving = {stratum: serving_for(options, stratum, photographs, sizes) for stratum in strata}
    serve = _serving(serving)
    small = [_too_small(one) for one in photographs if one.sha256 not in serve]
    pairs = planned(options, strata, version, photographs, serving, sizes)
    left = _unfinished(pairs, progress)
    failed: Counter[str] = Counter(
        f"{pair.photograph.name}: it is missing now" for pair in left if not pair.photograph.path
    )
    try:
        failed += _make([pair for pair in left if pair.photograph.path], options, progress)
    finally:
        # Whatever ends the work: what is complete can be used.
        manifest = write_manifest(options.output, COLUMNS, "recipes/*/*.json")
    write(options.output / "README.md", _description(options, version, photographs).encode())
    return Made(
        manifest=manifest,
        version=version,
        made=len(left) - failed.total(),
        kept=len(pairs) - len(left),
        splits=Counter(pair.split for pair in pairs),
        photographs=len(serve),
        sources=len({source for sha256, source in sources(photographs).items() if sha256 in serve}),
        unusable=(*unusable, *further, *small),
        failed=failed,
        variants={stratum: tuple(names) for stratum, names in serving.items()},
    )


def _checked(options: Options) -> tuple[Tool, tuple[str, ...], tuple[Size, ...]]:
    """Return tool, strata and sizes, or raise where an option is wrong."""
    if options.tool not in TOOLS:
        raise BuildError(f"there is no tool {options.tool!r}", f"There are: {', '.join(TOOLS)}.")
    tool = TOOLS[options.tool]
    strata = options.strata or (tuple(STRATA) if tool.moves_the_grid else (BLIND,))
    if unknown := [name for name in strata if name not in STRATA]:
        raise BuildError(
            f"there is no stratum {', '.join(map(repr, unknown))}",
            f"There are: {', '.join(STRATA)}.",
        )
    if not tool.moves_the_grid and set(strata) != {BLIND}:
        raise BuildError(
            f"{tool.name} cuts at the grid alone: it makes stratum {BLIND} and no other",
            f"Leave --strata out, or write --strata {BLIND}.",
        )
    if options.pairs < 1 or options.seed < 0:
        raise BuildError("pairs must be 1 or more, and seed 0 or more")
    if options.hold_out_cameras is not None and options.hold_out_cameras < 0:
        raise BuildError("the number of cameras to hold out must be 0 or more")
    return tool, tuple(sorted(set(strata))), parse(options.sizes)


def _serving(serving: Mapping[str, Serving]) -> set[str]:
    """Return the hashes of the photographs that serve for any stratum."""
    return {
        photograph.sha256
        for variants in serving.values()
        for photographs in variants.values()
        for photograph in photographs
    }


def _too_small(photograph: Photograph) -> Unusable:
    size = f"{photograph.width}×{photograph.height}"
    return Unusable(photograph.name, f"{size} is too small for these sizes and strata")


# --- photographs ---------------------------------------------------------------------------------


def _photographs(
    paths: Iterable[str], options: Options, progress: Progress
) -> tuple[list[Photograph], list[Unusable]]:
    """Return the photographs that can be used, sorted by hash, and what is passed over.

    Sizes play no part: the splits are drawn among these, and must be the same at all sizes.
    """
    looks = [Look(path) for path in dict.fromkeys(paths)]
    found: dict[str, Photograph] = {}
    unusable: list[Unusable] = []
    for one in look_at(looks, options.workers, progress):
        if isinstance(one, Unusable):
            unusable.append(one)
        elif one.sha256 in found:
            same = found[one.sha256].name
            unusable.append(Unusable(one.name, f"it is the same file as {same}"))
        else:
            found[one.sha256] = one
    return [found[sha256] for sha256 in sorted(found)], unusable


def _claimed(
    options: Options,
    strata: Sequence[str],
    sizes: Sequence[Size],
    version: str,
    photographs: Sequence[Photograph],
) -> tuple[list[Photograph], list[Unusable]]:
    """Note what the data set is made of; of one that was begun, take the photographs it has.

    Returns:
        The photographs of the data set, without a path where they are missing now, and those that
        came later, which are passed over.
    """
    there = noted(options.output, NOTE)
    known = list(photographs) if there is None else _photographs_of(there, options.output / NOTE)
    if not known:
        raise BuildError("none of the photographs can be used", "Name larger ones, or a folder.")
    facts = {
        "format": FORMAT,
        "tool": options.tool,
        "version": version,
        "seed": options.seed,
        "sizes": options.sizes,
        "strata": list(strata),
        "hold_out_cameras": options.hold_out_cameras,
        "photographs": [_plain(photograph) for photograph in known],
    }
    # These raise before anything is written.
    divided(known, options.seed, options.hold_out_cameras)
    for stratum in strata:
        serving_for(options, stratum, known, sizes)
    claim(options.output, NOTE, facts)
    here = {photograph.sha256: photograph for photograph in photographs}
    usual = [here.get(one.sha256, one) for one in known]
    begun = {one.sha256 for one in known}
    further = [
        Unusable(one.name, "the data set was begun without it")
        for one in photographs
        if one.sha256 not in begun
    ]
    return usual, further


def _plain(photograph: Photograph) -> dict[str, Any]:
    """Return what the note says of a photograph, which is all that a plan needs."""
    facts: dict[str, Any] = json.loads(json.dumps(asdict(photograph)))
    del facts["path"]
    return facts


def _photographs_of(note: Mapping[str, Any], path: Path) -> list[Photograph]:
    try:
        return [_photograph(facts) for facts in note["photographs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BuildError(
            f"{path} is damaged: {describe(error)}", "Choose another folder."
        ) from None


def _photograph(facts: Mapping[str, Any]) -> Photograph:
    tables = facts["tables"]
    both = Tables(tuple(tables["luma"]), tuple(tables["chroma"])) if tables else None
    width, height = facts["mcu"]
    return Photograph(**{**facts, "path": "", "tables": both, "mcu": (width, height)})


# --- pairs ---------------------------------------------------------------------------------------


def _unfinished(pairs: Sequence[Pair], progress: Progress) -> list[Pair]:
    """Return pairs that are not there whole, those of one photograph one after the other."""
    left = []
    for done, pair in enumerate(pairs, start=1):
        if finished(pair.output, pair.record) is None:
            left.append(pair)
        if done % 100 == 0:
            progress("looking at what is there", done, len(pairs))
    # A worker then has the photograph at hand.
    return sorted(left, key=lambda pair: pair.photograph.sha256)


def _make(pairs: Sequence[Pair], options: Options, progress: Progress) -> Counter[str]:
    """Have pairs made; return why some could not be, and how many each time."""
    failed: Counter[str] = Counter()
    progress("making pairs", 0, len(pairs))
    outcomes = parallel(make_pair, pairs, options.workers)
    for done, (pair, outcome) in enumerate(outcomes, start=1):
        try:
            why = outcome_of(outcome)
        except WorkFailedError as error:
            why = f"{pair.photograph.name}: {error.message}"
        if why is not None:
            failed[why] += 1
        progress("making pairs", done, len(pairs))
    return failed


def _description(options: Options, version: str, photographs: Sequence[Photograph]) -> str:
    """Return what the folder says of itself to whoever finds it later."""
    lines = [
        "# Cropped and uncropped pictures",
        "",
        f"Made by `locard crop dataset build` ({FORMAT}, seed {options.seed}) with {version} from "
        f"{len(photographs)} photographs. Each cropped picture has an uncropped partner, which is "
        "an aligned window of the same photograph and went through the very same steps. "
        "`manifest.csv` says everything of each picture.",
        "",
        "| Stratum | What |",
        "| --- | --- |",
        *(f"| {name} | {words} |" for name, words in STRATA.items()),
    ]
    return "\n".join(lines) + "\n"
