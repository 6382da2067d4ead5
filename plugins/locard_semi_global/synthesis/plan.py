"""Plans a data set of splices: which club makes which fours, of what size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from locard.evaluation.datasets.building import BuildError
from locard_kd_crop.datasets.photographs import Photograph
from locard_semi_global.synthesis.pieces import FOUR, Piece, serves
from locard_semi_global.synthesis.sources import Club, Size

PIECE = 8
"""Fours of a piece."""

DEFAULT_SIZES = "384x256,512x384,768x512"


@dataclass(frozen=True, slots=True)
class Options:
    """What to make.

    Attributes:
        output: Folder of the data set.
        world: ``jpeg`` or ``camera``.
        images: How many pictures.
        seed: A whole number from 0.
        split_seed: Of the division into splits, which is the same in all data sets that share it.
        role: The one split to make pictures of; None for all, by their photographs.
        sizes: As ``384x256,512x384``; each landscape or portrait.
        shapes: Folder of human segmentations; None for none.
        after_life: Share of pictures that lived on after their last step.
        workers: Number of worker processes.
    """

    output: Path
    world: str
    images: int
    seed: int = 0
    split_seed: int = 0
    role: str | None = None
    sizes: str = DEFAULT_SIZES
    shapes: Path | None = None
    after_life: float = 0.4
    workers: int = 1


def largest_sizes(
    photographs: Sequence[Photograph], sizes: Sequence[Size], options: Options
) -> dict[str, int]:
    """Return the place of the largest size that each photograph serves for, if for any."""
    found = {}
    for one in photographs:
        places = [place for place, size in enumerate(sizes) if serves(options.world, one, size)]
        if places:
            found[one.sha256] = places[-1]
    return found


def planned(
    options: Options,
    groups: Sequence[Club],
    sizes: Sequence[Size],
    served: Mapping[int, Mapping[int, tuple[int, ...]]],
    segmentations: tuple[str, ...],
) -> list[Piece]:
    """Return all pieces, those of one club one after the other: it then is at hand.

    Args:
        options: What to make.
        groups: All clubs.
        sizes: All sizes.
        served: Of :func:`seats`.
        segmentations: Files of human segmentations.
    """
    random = np.random.default_rng([options.seed, 4])
    fours: dict[tuple[int, int], list[int]] = defaultdict(list)
    weights = np.array([len(group.photographs) for group in groups], float)
    for four in range(-(-options.images // len(FOUR))):
        places = [place for place in range(len(sizes)) if place in served]
        place = places[int(random.integers(len(places)))]
        able = list(served[place])
        shares = weights[able] / weights[able].sum()
        fours[int(random.choice(able, p=shares)), place].append(four)
    return [
        Piece(
            output=options.output,
            world=options.world,
            club=groups[group],
            serving=served[place][group],
            size=sizes[place],
            fours=tuple(numbers[start : start + PIECE]),
            count=options.images,
            seed=options.seed,
            after_life=options.after_life,
            segmentations=segmentations,
        )
        for (group, place), numbers in sorted(fours.items())
        for start in range(0, len(numbers), PIECE)
    ]


def seats(
    world: str, groups: Sequence[Club], sizes: Sequence[Size]
) -> dict[int, dict[int, tuple[int, ...]]]:
    """Return, by size and club, which of the club's photographs serve; two at least."""
    found: dict[int, dict[int, tuple[int, ...]]] = defaultdict(dict)
    for place, size in enumerate(sizes):
        for number, group in enumerate(groups):
            able = tuple(
                seat for seat, one in enumerate(group.photographs) if serves(world, one, size)
            )
            if len(able) > 1:
                found[place][number] = able
    if not found:
        raise BuildError(
            "no two photographs serve for pictures of the same size",
            "Name larger photographs or more of them, or ask for smaller pictures with --size.",
        )
    return found
