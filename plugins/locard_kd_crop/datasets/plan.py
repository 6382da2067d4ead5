"""Plans the pairs of a data set: what is cut from which photograph, and in which split it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from locard.evaluation.datasets.building import BuildError
from locard_kd_crop.datasets.pairs import Pair
from locard_kd_crop.datasets.photographs import Photograph
from locard_kd_crop.datasets.recipes import variants
from locard_kd_crop.datasets.sizes import Size
from locard_kd_crop.datasets.splits import SPLITS, divided, sources
from locard_kd_crop.datasets.strata import STRATA
from locard_kd_crop.datasets.tables import Tables
from locard_kd_crop.datasets.tools import TOOLS

DEFAULT_SIZES = "256,384,512,768"

Serving = Mapping[str, Sequence[Photograph]]
"""Photographs that serve for each variant of a stratum."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to make.

    Attributes:
        output: Folder of the data set.
        tool: Name of the tool that cuts.
        pairs: How many pairs.
        seed: A whole number from 0.
        sizes: As :func:`locard_kd_crop.datasets.sizes.parse` reads them.
        strata: Some of ``A`` to ``E``; none for all that the tool can make.
        hold_out_cameras: How many cameras the test has for itself; None for a share.
        workers: Number of worker processes.
    """

    output: Path
    tool: str
    pairs: int
    seed: int = 0
    sizes: str = DEFAULT_SIZES
    strata: tuple[str, ...] = ()
    hold_out_cameras: int | None = None
    workers: int = 1


def planned(
    options: Options,
    strata: Sequence[str],
    version: str,
    photographs: Sequence[Photograph],
    serving: Mapping[str, Serving],
    sizes: tuple[Size, ...],
) -> list[Pair]:
    """Return all pairs: strata take turns, in each its variants, in each what serves for it."""
    splits = divided(photographs, options.seed, options.hold_out_cameras)
    groups = sources(photographs)
    cameras = _cameras(photographs, splits)
    pairs = []
    for index in range(options.pairs):
        stratum = strata[index % len(strata)]
        variant, photograph = _turn(serving[stratum], index // len(strata))
        split = splits[photograph.sha256]
        pairs.append(
            Pair(
                output=options.output,
                index=index,
                seed=options.seed,
                stratum=stratum,
                variant=variant,
                tool=options.tool,
                version=version,
                photograph=photograph,
                source=groups[photograph.sha256],
                split=split,
                sizes=sizes,
                cameras=cameras[split],
            )
        )
    return pairs


def _turn(serving: Serving, turn: int) -> tuple[str, Photograph]:
    """Return whose turn it is in a stratum: a variant and a photograph."""
    names = list(serving)
    serve = serving[names[turn % len(names)]]
    return names[turn % len(names)], serve[turn // len(names) % len(serve)]


def serving_for(
    options: Options, stratum: str, photographs: Sequence[Photograph], sizes: Sequence[Size]
) -> Serving:
    """Return the photographs that serve for each variant, in an order that the seed gives."""
    tool = TOOLS[options.tool]
    served = [(variants(one, stratum, tool, sizes), one) for one in photographs]
    names = sorted({name for found, _ in served for name in found})
    if not names:
        raise BuildError(
            f"no photograph serves for stratum {stratum}: {STRATA[stratum]}",
            "Ask for smaller pictures with --size, add larger photographs or camera originals, or "
            "leave the stratum out with --strata.",
        )
    serving = {}
    for number, name in enumerate(names):
        random = np.random.default_rng([options.seed, 3, ord(stratum), number])
        serve = [one for found, one in served if name in found]
        serving[name] = [serve[place] for place in random.permutation(len(serve))]
    return serving


def _cameras(
    photographs: Sequence[Photograph], splits: Mapping[str, str]
) -> dict[str, tuple[Tables, ...]]:
    """Return the tables of each split's own cameras, so that no split sees those of another."""
    found: dict[str, dict[str, Tables]] = {split: {} for split in SPLITS}
    for one in photographs:
        if one.tables is not None and not one.own and not one.tables.is_ijg:
            found[splits[one.sha256]][one.tables.name] = one.tables
    return {
        split: tuple(tables[name] for name in sorted(tables)) for split, tables in found.items()
    }
