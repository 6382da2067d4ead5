"""ZERO on a picture: its main JPEG grid, and the regions that do not keep to it.

Source: Nikoukhah et al., IPOL 11 (2021), doi:10.5201/ipol.2021.390.

Three things differ from the published program, each to keep it from saying too much:

* It is not told the file's format. The phase at which a JPEG file's own compression puts its grid
  needs no explanation, and is never a foreign grid here.
* A grid that is confined to one region is no main grid:
  :func:`locard_traces.zero_regions.is_confined`. Where it begins at (0, 0), it is no foreign grid
  either: it may be what noise or retouching left of the whole picture's.
* A region without a grid must pass a second test:
  :func:`locard_traces.zero_regions.find_missing`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard_traces.zero_nfa import log10_tests, smallest_region
from locard_traces.zero_regions import (
    IMPOSED_PHASE,
    GridRegion,
    MainGrid,
    find_foreign,
    find_main_grid,
    find_missing,
    is_confined,
)
from locard_traces.zero_votes import NO_VOTE, luma_of, vote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Recompress = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class Grids:
    """What ZERO says of a picture.

    Attributes:
        voters: How many pixels vote.
        enough_voters: Whether as many vote as it takes for anything to be meaningful.
        best: The phase with most votes.
        has_main: Whether ``best`` is meaningful and not confined to a region, and so the picture's
            main grid.
        partial: Whether ``best`` is meaningful, begins at (0, 0), and is confined to a region: a
            grid that survived there alone, or came with that region; which, nobody can tell.
        foreign: Regions on another grid, strongest first.
        missing: Regions without a grid, strongest first; None where they were not looked for.
    """

    voters: int
    enough_voters: bool
    best: MainGrid
    has_main: bool
    partial: bool = False
    foreign: tuple[GridRegion, ...] = ()
    missing: tuple[GridRegion, ...] | None = None


def examine_grids(
    pixels: NDArray[np.uint8],
    *,
    own_grid: bool,
    ignored: Collection[int] = (),
    epsilon: float = 1.0,
    reach: int = 9,
    recompress: Recompress | None = None,
) -> Grids:
    """Look for the main grid of a picture and for regions that do not keep to it.

    Args:
        pixels: uint8, shape (height, width, 3), RGB, both sides at least 8.
        own_grid: Whether the pixels come straight from a JPEG file, whose own compression puts a
            grid at (0, 0).
        ignored: Phases whose votes say nothing of JPEG, because the file's own compression draws
            them.
        epsilon: Number of false alarms below which evidence is meaningful.
        reach: Chebyshev distance in pixels within which equal votes belong together, and half the
            side of the square that closes a region's gaps.
        recompress: Returns pixels after JPEG compression at quality 99, same shape; None leaves out
            the search for regions without a grid.
    """
    height, width, _ = pixels.shape
    votes = vote(luma_of(pixels))
    if ignored:
        votes[np.isin(votes, list(ignored))] = NO_VOTE
    voters = int(np.count_nonzero(votes != NO_VOTE))
    best = find_main_grid(votes)
    log10_epsilon = math.log10(epsilon)
    own_phases = {IMPOSED_PHASE} if own_grid else set()
    meaningful = best.log10_nfa < log10_epsilon
    has_main = meaningful and (
        best.phase in own_phases or not is_confined(votes, best, reach, log10_epsilon)
    )
    partial = meaningful and not has_main and best.phase == IMPOSED_PHASE
    enough = voters >= smallest_region(log10_tests(width, height) - log10_epsilon)

    expected = own_phases | ({best.phase} if has_main or partial else set())
    foreign = find_foreign(votes, expected, reach, log10_epsilon)
    missing = None
    if has_main and recompress is not None:
        votes_recompressed = vote(luma_of(recompress(pixels)))
        missing = find_missing(votes, votes_recompressed, expected, reach, log10_epsilon)
    return Grids(voters, enough, best, has_main, partial, foreign, missing)
