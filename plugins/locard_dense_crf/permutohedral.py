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

_BATCH = 256
"""Points placed at a time, coordinate by coordinate: the processor then takes several at once."""

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
            features: A band's points each: float32, shape (5, n), in units of the kernel's width.
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
        self._neighbours = _neighbours(keys, strides, _capacity(self.size))
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
    points = features.shape[1]
    corners = np.empty((points, CORNERS), np.int32)
    weights = np.empty((points, CORNERS), np.float32)
    residual = np.zeros((CORNERS, _BATCH), np.float32)
    origin = np.empty((CORNERS, _BATCH), np.int32)
    rank = np.empty((CORNERS, _BATCH), np.int32)
    batch_keys = np.empty((_BATCH, CORNERS), np.int64)
    slots, keys = _new_table(1 << 13)
    count = 0
    for first in range(0, points, _BATCH):
        if count + batch_keys.size > len(keys):
            slots, keys = _rehash(keys, count, 2 * len(slots))
        batch = slice(first, min(first + _BATCH, points))
        _elevate(features[:, batch], residual)
        _enclose(residual, origin, rank)
        _walk(residual, origin, rank, strides, weights[batch], batch_keys)
        count = _number(batch_keys, slots, keys, count, corners[batch])
    return corners, weights, keys[:count].copy()


@compiled
def _elevate(features: NDArray[np.float32], position: NDArray[np.float32]) -> None:
    """Write the points' positions on the hyperplane x₀ + … + x₅ = 0 (Adams et al., section 3).

    Args:
        features: Shape (5, n).
        position: Shape (6, n or more).
    """
    scales = _scales().astype(np.float32)
    points = features.shape[1]
    total = np.zeros(points, np.float32)
    for i in range(DIMENSIONS, 0, -1):
        for point in range(points):
            scaled = features[i - 1, point] * scales[i - 1]
            position[i, point] = total[point] - np.float32(i) * scaled
            total[point] += scaled
    position[0, :points] = total


@compiled
def _enclose(
    position: NDArray[np.float32], origin: NDArray[np.int32], rank: NDArray[np.int32]
) -> None:
    """Find the simplex around each position.

    Args:
        position: Shape (6, n); becomes the residual, the offset from the simplex's origin.
        origin: Shape (6, n): gets a sixth of the corner whose coordinates are divisible by 6.
        rank: Shape (6, n): gets the place of each coordinate's residual, 0 the largest.
    """
    points = position.shape[1]
    rank[:] = 0
    for i in range(CORNERS):
        for point in range(points):
            nearest = np.rint(position[i, point] * np.float32(1 / CORNERS))
            origin[i, point] = np.int32(nearest)
            position[i, point] -= np.float32(CORNERS) * nearest
    for i in range(CORNERS):
        for j in range(CORNERS):
            for point in range(points):
                rank[j, point] += origin[i, point]
    for i in range(CORNERS):
        for j in range(i + 1, CORNERS):
            for point in range(points):
                smaller = np.int32(position[i, point] < position[j, point])
                rank[i, point] += smaller
                rank[j, point] += np.int32(1) - smaller
    # Rounding each coordinate may leave the hyperplane: move those that were rounded furthest.
    for i in range(CORNERS):
        for point in range(points):
            turn = np.int32(rank[i, point] < 0) - np.int32(rank[i, point] >= CORNERS)
            rank[i, point] += np.int32(CORNERS) * turn
            origin[i, point] += turn
            position[i, point] -= np.float32(CORNERS * turn)


@compiled
def _walk(
    residual: NDArray[np.float32],
    origin: NDArray[np.int32],
    rank: NDArray[np.int32],
    strides: NDArray[np.int64],
    weights: NDArray[np.float32],
    keys: NDArray[np.int64],
) -> None:
    """Write barycentric coordinates and keys of the six corners around each point.

    From each corner to the next all coordinates grow by 1, but for one that shrinks by 5: first
    the one with the smallest residual, last the one with the largest.

    Args:
        residual: Shape (6, n or more).
        origin: Shape (6, n or more).
        rank: Shape (6, n or more).
        strides: Of the keys.
        weights: Shape (n, 6).
        keys: Shape (n or more, 6).
    """
    diagonal = strides.sum()
    order = np.empty(CORNERS, np.int64)
    for point in range(len(weights)):
        key = np.int64(0)
        for i in range(CORNERS):
            order[DIMENSIONS - rank[i, point]] = i
            key += CORNERS * strides[i] * origin[i, point]
        previous = residual[order[DIMENSIONS], point] * np.float32(1 / CORNERS) - np.float32(1)
        for corner in range(CORNERS):
            coordinate = order[corner]
            offset = residual[coordinate, point] * np.float32(1 / CORNERS)
            weights[point, corner] = offset - previous
            previous = offset
            keys[point, corner] = key
            key += diagonal - CORNERS * strides[coordinate]


@compiled
def _new_table(capacity: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return a hash table from keys to numbers, and room for its keys: half of its slots.

    The capacity is a power of two.
    """
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
def _rehash(
    keys: NDArray[np.int64], count: int, capacity: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return a table of the given capacity that holds the first ``count`` keys."""
    slots, room = _new_table(capacity)
    for number in range(count):
        slots[_find(slots, room, keys[number])] = number
        room[number] = keys[number]
    return slots, room


@compiled
def _number(
    wanted: NDArray[np.int64],
    slots: NDArray[np.int32],
    keys: NDArray[np.int64],
    count: int,
    numbers: NDArray[np.int32],
) -> int:
    """Number keys in order of appearance; the table has room for all.

    Args:
        wanted: Shape (n or more, k).
        slots: Of the table.
        keys: Of the table; gets the new ones.
        count: How many keys the table holds.
        numbers: int32, shape (n, k): gets the numbers.

    Returns:
        How many keys the table holds now.
    """
    for row in range(numbers.shape[0]):
        for column in range(numbers.shape[1]):
            key = wanted[row, column]
            slot = _find(slots, keys, key)
            if slots[slot] == _VACANT:
                slots[slot], keys[count] = count, key
                count += 1
            numbers[row, column] = slots[slot]
    return count


def _match(
    bands: list[NDArray[np.int64]],
) -> tuple[NDArray[np.int64], list[NDArray[np.int32]]]:
    """Number the vertices of all bands together.

    Args:
        bands: The keys of each band's vertices.

    Returns:
        The different keys, and for each band the numbers of its vertices.
    """
    every = np.concatenate(bands)
    slots, keys = _new_table(_capacity(len(every)))
    numbers = np.empty((len(every), 1), np.int32)
    count = _number(every[:, None], slots, keys, 0, numbers)
    ends = np.cumsum([len(band) for band in bands])
    return keys[:count], np.split(numbers[:, 0], ends[:-1])


def _capacity(keys: int) -> int:
    """Return the capacity of a hash table with room for so many keys."""
    return 1 << (2 * keys - 1).bit_length()


@compiled
def _neighbours(
    keys: NDArray[np.int64], strides: NDArray[np.int64], capacity: int
) -> NDArray[np.int32]:
    """Return the two neighbours of each vertex in each direction.

    Returns:
        int32, shape (6, n, 2); n where there is no such vertex.
    """
    slots, _ = _rehash(keys, len(keys), capacity)
    neighbours = np.full((CORNERS, len(keys), 2), np.int32(len(keys)))
    for direction in range(CORNERS):
        step = strides.sum() - CORNERS * strides[direction]
        for number in range(len(keys)):
            next_number = slots[_find(slots, keys, keys[number] + step)]
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
