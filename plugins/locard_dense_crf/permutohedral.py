"""Gaussian filter in five dimensions on the permutohedral lattice.

Adams, Baek, Davis: Fast High-Dimensional Filtering Using the Permutohedral Lattice, Eurographics
2010. A point's value goes to the corners of the simplex that it lies in (splat), corners are
blurred along the lattice's six directions, and points read them again (slice). Splat, blur and
slice together are close to a Gaussian of unit variance.

Vertices are numbered for each band of points on its own, and matched between bands afterwards:
threads share nothing while they build, splat or slice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locard_dense_crf.bands import BandRunner
from locard_dense_crf.compiled import compiled

DIMENSIONS = 5
"""Of the features: position and colour. A constant, so that the compiler unrolls the loops."""

CORNERS = DIMENSIONS + 1
"""Corners of a simplex, and directions of the lattice."""

_VACANT = np.int32(-1)
_HASH_FACTOR = np.int64(-7046029254386353131)
"""2⁶⁴ divided by the golden ratio (Knuth's multiplicative hashing)."""


class Lattice:
    """The lattice under a set of points; built once, it filters any number of values.

    Attributes:
        size: Number of vertices.
    """

    def __init__(
        self,
        features: list[NDArray[np.float32]],
        spans: NDArray[np.float64],
        runner: BandRunner,
    ) -> None:
        """Build the lattice.

        Args:
            features: A band's points each: float32, shape (n, 5), in units of the kernel's width.
            spans: float64, shape (5,): all features lie in [0, span].
            runner: Spreads bands over threads.

        Raises:
            ValueError: The spans are so wide that vertices cannot be numbered.
        """
        strides = _key_strides(spans)
        bands = runner.map(lambda band: _place(features[band], strides), len(features))
        self._bands = [_Band(corners, weights) for corners, weights, _ in bands]
        keys, self._vertices = _match([local for _, _, local in bands])
        self.size = len(keys)
        self._neighbours = _neighbours(keys, strides)
        self._runner = runner

    def filter(self, values: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return the values filtered; the self term is included, nothing is normalised.

        Args:
            values: A band's values each: float32, shape (n,).

        Returns:
            Arrays of the same shapes.
        """
        bands = self._bands
        counts = [len(vertices) for vertices in self._vertices]
        splats = self._runner.map(
            lambda band: _splat(
                values[band], bands[band].corners, bands[band].weights, counts[band]
            ),
            len(bands),
        )
        # The last entry stands for all vertices that no simplex has: always zero.
        lattice = np.zeros(self.size + 1, np.float32)
        for vertices, splat in zip(self._vertices, splats, strict=True):
            lattice[vertices] += splat
        lattice = _blur(lattice, self._neighbours)
        return self._runner.map(
            lambda band: _slice(
                lattice[self._vertices[band]], bands[band].corners, bands[band].weights
            ),
            len(bands),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """Where a band's points lie: int32 and float32, shape (n, 6): corners and their weights.

    Corners are numbered within the band.
    """

    corners: NDArray[np.int32]
    weights: NDArray[np.float32]


def _key_strides(spans: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how far apart two vertices' keys are for a step in each coordinate.

    A vertex has integer coordinates that sum to zero; the key is their weighted sum, unique within
    the range that the features span. The last coordinate follows from the others: its stride is 0.

    Returns:
        int64, shape (6,).

    Raises:
        ValueError: The keys do not fit in 62 bits.
    """
    scaled = spans * _scales()
    # Corners lie within 6 steps of their point, neighbours of corners within 6 more.
    margin = 4 * CORNERS
    strides, product = [], 1
    for i in range(DIMENSIONS):
        strides.append(product)
        extent = scaled[i:].sum() + (i * scaled[i - 1] if i else 0.0)
        product *= int(extent) + margin
    if product >= 2**62:
        raise ValueError("the kernel is too narrow for a picture of this size")
    return np.array([*strides, 0], np.int64)


@compiled
def _scales() -> NDArray[np.float64]:
    """Return by how much features are stretched so that the filter has unit variance."""
    scales = np.empty(DIMENSIONS)
    for i in range(DIMENSIONS):
        scales[i] = np.sqrt(2 / 3) * CORNERS / np.sqrt((i + 1.0) * (i + 2.0))
    return scales


@compiled
def _place(
    features: NDArray[np.float32], strides: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
    """Return corners and weights of each point's simplex, and the keys of all corners.

    Returns:
        int32 (n, 6), float32 (n, 6), int64 (number of different corners,).
    """
    corners = np.empty((len(features), CORNERS), np.int32)
    weights = np.empty((len(features), CORNERS), np.float32)
    scales = _scales()
    position = np.empty(CORNERS, np.float64)
    origin = np.empty(CORNERS, np.int64)
    rank = np.empty(CORNERS, np.int64)
    order = np.empty(CORNERS, np.int64)
    diagonal = int(strides.sum())
    slots, keys = _new_table(1 << 12)
    count = 0
    for n in range(len(features)):
        _elevate(features, n, scales, position)
        _enclose(position, origin, rank, order)
        _weigh(position, origin, order, weights, n)
        key = 0
        for i in range(DIMENSIONS):
            key += int(origin[i] * strides[i])
        for corner in range(CORNERS):
            slot = _find(slots, keys, key)
            if slots[slot] == _VACANT:
                slots[slot], keys[count] = count, key
                count += 1
            corners[n, corner] = slots[slot]
            if count == len(keys):
                slots, keys = _grow(keys)
            key += diagonal - CORNERS * int(strides[order[corner]])
    return corners, weights, keys[:count].copy()


@compiled
def _elevate(
    features: NDArray[np.float32],
    n: int,
    scales: NDArray[np.float64],
    position: NDArray[np.float64],
) -> None:
    """Write a point's position on the hyperplane x₀ + … + x₅ = 0 (Adams et al., section 3)."""
    total = 0.0
    for i in range(DIMENSIONS, 0, -1):
        scaled = features[n, i - 1] * scales[i - 1]
        position[i] = total - i * scaled
        total += scaled
    position[0] = total


@compiled
def _enclose(
    position: NDArray[np.float64],
    origin: NDArray[np.int64],
    rank: NDArray[np.int64],
    order: NDArray[np.int64],
) -> None:
    """Write the simplex around a position.

    ``origin`` is its corner with coordinates divisible by 6. From each corner to the next all
    coordinates grow by 1, but for the one that ``order`` names, which shrinks by 5. ``rank`` is
    scratch space.
    """
    excess = 0
    for i in range(CORNERS):
        nearest = int(np.rint(position[i] * (1.0 / CORNERS)))
        origin[i] = nearest * CORNERS
        excess += nearest
    for i in range(CORNERS):
        rank[i] = excess
    for i in range(CORNERS):
        for j in range(i + 1, CORNERS):
            smaller = position[i] - origin[i] < position[j] - origin[j]
            rank[i] += smaller
            rank[j] += not smaller
    # Rounding each coordinate may leave the hyperplane: move those that were rounded furthest.
    for i in range(CORNERS):
        if rank[i] < 0:
            rank[i] += CORNERS
            origin[i] += CORNERS
        elif rank[i] >= CORNERS:
            rank[i] -= CORNERS
            origin[i] -= CORNERS
        order[DIMENSIONS - rank[i]] = i


@compiled
def _weigh(
    position: NDArray[np.float64],
    origin: NDArray[np.int64],
    order: NDArray[np.int64],
    weights: NDArray[np.float32],
    n: int,
) -> None:
    """Write the barycentric coordinates of a position in its simplex."""
    last = order[DIMENSIONS]
    previous = (position[last] - origin[last]) * (1.0 / CORNERS) - 1
    for corner in range(CORNERS):
        i = order[corner]
        offset = (position[i] - origin[i]) * (1.0 / CORNERS)
        weights[n, corner] = offset - previous
        previous = offset


@compiled
def _new_table(capacity: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return a hash table from keys to numbers, and room for its keys: half of its slots."""
    return np.full(capacity, _VACANT, np.int32), np.empty(capacity // 2, np.int64)


@compiled
def _find(slots: NDArray[np.int32], keys: NDArray[np.int64], key: int) -> int:
    """Return the slot that holds a key's number, or the vacant one where it belongs."""
    mask = len(slots) - 1
    slot = int((key * _HASH_FACTOR) >> 32) & mask
    while slots[slot] != _VACANT and keys[slots[slot]] != key:
        slot = (slot + 1) & mask
    return slot


@compiled
def _grow(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return a table twice as large that holds the same keys, with room for as many more."""
    slots, room = _new_table(4 * len(keys))
    for number in range(len(keys)):
        slots[_find(slots, room, keys[number])] = number
        room[number] = keys[number]
    return slots, room


@compiled
def _number(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the different keys in order of appearance, and the number of each key among them."""
    slots, distinct = _new_table(1 << 12)
    numbers = np.empty(len(keys), np.int32)
    count = 0
    for i in range(len(keys)):
        slot = _find(slots, distinct, keys[i])
        if slots[slot] == _VACANT:
            slots[slot], distinct[count] = count, keys[i]
            count += 1
        numbers[i] = slots[slot]
        if count == len(distinct):
            slots, distinct = _grow(distinct)
    return distinct[:count].copy(), numbers


def _match(
    bands: list[NDArray[np.int64]],
) -> tuple[NDArray[np.int64], list[NDArray[np.int32]]]:
    """Number the vertices of all bands together.

    Args:
        bands: The keys of each band's vertices.

    Returns:
        The different keys, and for each band the numbers of its vertices.
    """
    keys, numbers = _number(np.concatenate(bands))
    ends = np.cumsum([len(band) for band in bands])
    return keys, np.split(numbers, ends[:-1])


@compiled
def _neighbours(keys: NDArray[np.int64], strides: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the two neighbours of each vertex in each direction.

    Returns:
        int32, shape (6, n, 2); n where there is no such vertex.
    """
    slots, room = _new_table(1 << 12)
    while len(room) <= len(keys):
        slots, room = _new_table(2 * len(slots))
    for number in range(len(keys)):
        slots[_find(slots, room, keys[number])] = number
        room[number] = keys[number]
    neighbours = np.full((CORNERS, len(keys), 2), np.int32(len(keys)))
    for direction in range(CORNERS):
        step = strides.sum() - CORNERS * strides[direction]
        for number in range(len(keys)):
            next_number = slots[_find(slots, room, keys[number] + step)]
            if next_number != _VACANT:
                neighbours[direction, number, 0] = next_number
                neighbours[direction, next_number, 1] = number
    return neighbours


@compiled
def _splat(
    values: NDArray[np.float32],
    corners: NDArray[np.int32],
    weights: NDArray[np.float32],
    vertices: int,
) -> NDArray[np.float32]:
    lattice = np.zeros(vertices, np.float32)
    for n in range(len(values)):
        for corner in range(CORNERS):
            lattice[corners[n, corner]] += weights[n, corner] * values[n]
    return lattice


@compiled
def _blur(lattice: NDArray[np.float32], neighbours: NDArray[np.int32]) -> NDArray[np.float32]:
    """Apply [½ 1 ½] along each direction in turn; the last entry is, and stays, zero."""
    blurred = np.zeros_like(lattice)
    for direction in range(CORNERS):
        for n in range(len(lattice) - 1):
            before = lattice[neighbours[direction, n, 0]]
            after = lattice[neighbours[direction, n, 1]]
            blurred[n] = lattice[n] + np.float32(0.5) * (before + after)
        lattice, blurred = blurred, lattice
    return lattice


@compiled
def _slice(
    lattice: NDArray[np.float32], corners: NDArray[np.int32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    values = np.empty(len(corners), np.float32)
    for n in range(len(corners)):
        total = np.float32(0)
        for corner in range(CORNERS):
            total += weights[n, corner] * lattice[corners[n, corner]]
        values[n] = total
    return values
