"""The main JPEG grid of a picture, and the regions that do not keep to it (ZERO, third part).

Source: Nikoukhah et al., IPOL 11 (2021), doi:10.5201/ipol.2021.390, sections 3.2 to 3.4.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from locard_traces.zero_nfa import CHANCE, log10_nfa, log10_tests, smallest_region
from locard_traces.zero_votes import BLOCK, NO_VOTE, PHASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMPOSED_PHASE = 0
"""Where a fresh JPEG compression puts its grid."""

_UNGROUPED = 0


@dataclass(frozen=True, slots=True)
class MainGrid:
    """The phase for which most pixels of a picture vote.

    Attributes:
        phase: x + 8 y of the origin.
        votes: How many pixels vote for it.
        log10_nfa: log10 of its number of false alarms.
    """

    phase: int
    votes: int
    log10_nfa: float

    @property
    def origin(self) -> tuple[int, int]:
        """The grid's origin (x, y), each in 0…7."""
        return origin_of(self.phase)

    @property
    def missing(self) -> tuple[int, int]:
        """How many columns and rows, modulo 8, were cut off at the left and at the top."""
        x, y = self.origin
        return -x % BLOCK, -y % BLOCK


@dataclass(frozen=True, slots=True, eq=False)
class GridRegion:
    """A region whose pixels agree on a grid that is not the picture's.

    Attributes:
        x: Left edge of the bounding box, in pixels.
        y: Upper edge.
        mask: bool, shape (height, width) of the box: the region, its gaps closed.
        phase: x + 8 y of the origin for which the pixels vote.
        votes: How many pixels vote so.
        log10_nfa: log10 of the region's number of false alarms.
    """

    x: int
    y: int
    mask: NDArray[np.bool_]
    phase: int
    votes: int
    log10_nfa: float

    @property
    def origin(self) -> tuple[int, int]:
        """The grid's origin (x, y), each in 0…7."""
        return origin_of(self.phase)

    @property
    def window(self) -> tuple[slice, slice]:
        """The box as an index into arrays of the picture's shape."""
        height, width = self.mask.shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)


def origin_of(phase: int) -> tuple[int, int]:
    """Return the origin (x, y) that a phase stands for."""
    return phase % BLOCK, phase // BLOCK


def find_main_grid(votes: NDArray[np.int8]) -> MainGrid:
    """Return the phase with most votes, meaningful or not.

    Args:
        votes: int8, shape (height, width), from :func:`locard_traces.zero_votes.vote`.
    """
    height, width = votes.shape
    counts = np.bincount(votes.view(np.uint8).ravel(), minlength=PHASES)[:PHASES]
    phase = int(counts.argmax())
    most = int(counts[phase])
    return MainGrid(phase, most, log10_nfa(most, width * height, log10_tests(width, height)))


def is_confined(votes: NDArray[np.int8], grid: MainGrid, reach: int, log10_epsilon: float) -> bool:
    """Return whether a meaningful grid belongs to one region, and not to the whole picture.

    The number of votes cannot tell: a tenth of the picture, pasted from a JPEG, is enough to make
    its grid meaningful for the whole. A grid is confined where less than half of the votes are for
    it, its strongest region covers less than half of the picture, and it is not meaningful in all
    the rest.

    Args:
        votes: int8, shape (height, width).
        grid: From :func:`find_main_grid`, meaningful.
        reach: As for :func:`find_foreign`.
        log10_epsilon: As for :func:`find_foreign`.
    """
    if 2 * grid.votes >= np.count_nonzero(votes != NO_VOTE):
        return False
    admitted = np.zeros(PHASES, np.bool_)
    admitted[grid.phase] = True
    regions = _find_regions(votes, admitted, reach, log10_epsilon)
    if not regions:
        return False
    covered = int(np.count_nonzero(regions[0].mask))
    if 2 * covered >= votes.size:
        return False
    votes_in_rest = grid.votes - _count_within(votes == grid.phase, regions[0])
    tests = log10_tests(votes.shape[1], votes.shape[0])
    return log10_nfa(votes_in_rest, votes.size - covered, tests) >= log10_epsilon


def find_foreign(
    votes: NDArray[np.int8], expected: Collection[int], reach: int, log10_epsilon: float
) -> tuple[GridRegion, ...]:
    """Find regions that agree on a phase other than those expected.

    Args:
        votes: int8, shape (height, width).
        expected: Phases that need no explanation: the main grid's, and the file's own.
        reach: Chebyshev distance in pixels within which equal votes belong together.
        log10_epsilon: Regions with log10 NFA below it are meaningful.

    Returns:
        The regions, strongest first.
    """
    admitted = np.ones(PHASES, np.bool_)
    admitted[list(expected)] = False
    return _find_regions(votes, admitted, reach, log10_epsilon)


def find_missing(
    votes: NDArray[np.int8],
    votes_recompressed: NDArray[np.int8],
    expected: Collection[int],
    reach: int,
    log10_epsilon: float,
) -> tuple[GridRegion, ...]:
    """Find regions without a grid where the picture elsewhere has one.

    A region that was never compressed takes on the grid of a fresh compression at quality 99; one
    that has a grid keeps voting for it.

    The published test alone raises false alarms where a compression left few zeros: rounding
    scatters pixels that miss the grid among those that vote for it, and the fresh compression
    draws their rounding anew. So two more tests must be passed, and the weakest bound counts:

    * The region takes on more votes than it has for an expected grid: that rate takes the place of
      1/64. A region that has the grid takes on no more than that.
    * It has fewer votes for an expected grid than the rest of the picture would make expect.

    Args:
        votes: int8, shape (height, width).
        votes_recompressed: int8, same shape: votes of the picture after JPEG at quality 99.
        expected: Phases whose voters have a grid that needs no explanation.
        reach: As for :func:`find_foreign`.
        log10_epsilon: As for :func:`find_foreign`.

    Returns:
        The regions, strongest first.
    """
    explained = np.isin(votes, list(expected))
    left = np.where(explained, np.int8(NO_VOTE), votes_recompressed)
    admitted = np.zeros(PHASES, np.bool_)
    admitted[IMPOSED_PHASE] = True
    candidates = _find_regions(left, admitted, reach, log10_epsilon)
    tests = log10_tests(votes.shape[1], votes.shape[0])
    bounded = (_bound_by_grid(region, explained, tests) for region in candidates)
    return _strongest_first(region for region in bounded if region.log10_nfa < log10_epsilon)


def _bound_by_grid(region: GridRegion, explained: NDArray[np.bool_], tests: float) -> GridRegion:
    """Return the region with the weakest of its bound and those of the two further tests."""
    area = int(np.count_nonzero(region.mask))
    votes = _count_within(explained, region)
    votes_in_rest = int(np.count_nonzero(explained)) - votes
    if votes_in_rest == 0:
        return replace(region, log10_nfa=math.inf)
    rate, rate_in_rest = votes / area, votes_in_rest / (explained.size - area)
    bounds = (
        region.log10_nfa,
        log10_nfa(region.votes, area, tests, chance=max(rate, CHANCE)),
        log10_nfa(area - votes, area, tests, chance=1 - rate_in_rest),
    )
    return replace(region, log10_nfa=max(bounds))


def _count_within(pixels: NDArray[np.bool_], region: GridRegion) -> int:
    return int(np.count_nonzero(pixels[region.window] & region.mask))


def _strongest_first(regions: Iterable[GridRegion]) -> tuple[GridRegion, ...]:
    return tuple(sorted(regions, key=lambda region: region.log10_nfa))


def close(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Close a mask morphologically with a square of side 2 · reach + 1.

    Args:
        mask: bool, shape (height, width); beyond it there is nothing.
        reach: Half the square's side, in pixels, at least 1.

    Returns:
        bool, same shape; what was set stays set, also at the border.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    closed = np.pad(mask, reach).view(np.uint8)
    for filter1d in (maximum_filter1d, minimum_filter1d):
        for axis in (0, 1):
            closed = filter1d(closed, 2 * reach + 1, axis=axis, mode="constant")
    return closed[reach:-reach, reach:-reach].astype(np.bool_)


def _find_regions(
    votes: NDArray[np.int8], admitted: NDArray[np.bool_], reach: int, log10_epsilon: float
) -> tuple[GridRegion, ...]:
    from scipy.ndimage import find_objects

    groups = group_votes(votes, admitted, reach)
    sizes = np.bincount(groups.ravel())
    sizes[_UNGROUPED] = 0
    tests = log10_tests(votes.shape[1], votes.shape[0])
    large = np.flatnonzero(sizes >= smallest_region(tests - log10_epsilon))
    if not large.size:
        return ()
    boxes = find_objects(groups)
    regions = []
    for group in large:
        box = boxes[group - 1]
        members = groups[box] == group
        nfa = log10_nfa(int(sizes[group]), members.size, tests)
        if nfa < log10_epsilon:
            phase = int(votes[box][members][0])
            top, left = box[0].start, box[1].start
            mask = close(members, reach)
            regions.append(GridRegion(left, top, mask, phase, int(sizes[group]), nfa))
    return _strongest_first(regions)


@njit(cache=True, nogil=True)
def group_votes(
    votes: NDArray[np.int8], admitted: NDArray[np.bool_], reach: int
) -> NDArray[np.int32]:
    """Group pixels of equal vote that are linked by steps of Chebyshev distance ≤ reach.

    One pass with union-find. For each phase and column it is enough to remember the lowest voter so
    far: those above it within reach are already in its group.

    Args:
        votes: int8, shape (height, width).
        admitted: bool, shape (64,): phases that are grouped.
        reach: In pixels, at least 1.

    Returns:
        int32, shape (height, width): the group of each pixel, 1, 2, 3, …, or 0 for those that are
        in none.
    """
    height, width = votes.shape
    groups = np.full((height, width), _UNGROUPED, np.int32)
    parents = np.empty(height * width + 1, np.int32)
    last_row = np.full((PHASES, width), -reach - 1, np.int32)
    last_group = np.full((PHASES, width), _UNGROUPED, np.int32)
    count = _UNGROUPED
    for y in range(height):
        for x in range(width):
            phase = votes[y, x]
            if phase == NO_VOTE or not admitted[phase]:
                continue
            first, end = max(0, x - reach), min(width, x + reach + 1)
            near_rows, near_groups = last_row[phase, first:end], last_group[phase, first:end]
            group = _join_near(near_rows, near_groups, parents, y - reach)
            if group == _UNGROUPED:
                count += 1
                group = count
                parents[group] = group
            groups[y, x] = last_group[phase, x] = group
            last_row[phase, x] = y
    _number_roots(groups, parents, count)
    return groups


@njit(cache=True, nogil=True)
def _join_near(
    rows: NDArray[np.int32], groups: NDArray[np.int32], parents: NDArray[np.int32], first_row: int
) -> int:
    """Join the groups of the voters from ``first_row`` on; return the joint group."""
    joined = _UNGROUPED
    for column in range(rows.shape[0]):
        if rows[column] < first_row:
            continue
        root = _root(parents, groups[column])
        if joined == _UNGROUPED:
            joined = root
        elif root < joined:
            parents[joined] = root
            joined = root
        elif root > joined:
            parents[root] = joined
    return joined


@njit(cache=True, nogil=True)
def _root(parents: NDArray[np.int32], group: int) -> int:
    while parents[group] != group:
        parents[group] = parents[parents[group]]
        group = int(parents[group])
    return group


@njit(cache=True, nogil=True)
def _number_roots(groups: NDArray[np.int32], parents: NDArray[np.int32], count: int) -> None:
    """Replace each pixel's provisional group by the running number of its root."""
    numbers = np.zeros(count + 1, np.int32)
    roots = 0
    # A root has the smallest number of its group, so it comes before those that it stands for.
    for group in range(1, count + 1):
        root = _root(parents, group)
        if root == group:
            roots += 1
            numbers[group] = roots
        else:
            numbers[group] = numbers[root]
    for y in range(groups.shape[0]):
        for x in range(groups.shape[1]):
            groups[y, x] = numbers[groups[y, x]]
