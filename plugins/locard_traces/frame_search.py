"""Finds where a picture lies in a small picture of the frame that it may have been cut from.

The search is in two steps: normalised cross-correlation of the reduced picture, over scales, right
angles and places (J. P. Lewis, "Fast normalized cross-correlation", Vision Interface 1995); then
least squares on the best places, for an affine map and a linear change of brightness (B. D. Lucas,
T. Kanade, "An iterative image registration technique with an application to stereo vision", IJCAI
1981). Coordinates are (x, y) in pixels of the small picture; its first pixel has its centre at
(½, ½).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy import fft, ndimage

Luma = NDArray[np.float32]
Corners = NDArray[np.float64]

COARSE_SIDE = 64
"""Longer side of the small picture in the first search."""
SCALE_STEP = 1.05
SMALLEST = 0.25
"""Smallest part of the frame's width and height that is looked for."""
CANDIDATES = 4
"""Places that are refined."""
CERTAIN = 0.97
"""Correlation above which no further place is looked for."""

MAX_CHANGE = 0.25
"""Logarithm of the size over that of the first guess beyond which a fit has run away."""
MAX_STRETCHING = 0.15
"""Logarithm of the change of shape beyond which a fit has run away."""
MAX_ANGLE, MAX_SHEAR = 12.0, 4.0
"""In degrees: what a picture may have been straightened by, and how skew its corners may be."""

_ITERATIONS = 25
_PATIENCE = 4
_MOST_POINTS = 4_000
_BLUR = 0.7
_LEAST_SIDE = 8
_LEAST_DEVIATION = 0.5
_UNIT = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where a picture lies in the small picture.

    Attributes:
        corners: float64, shape (4, 2): (x, y) of the upper left, upper right, lower right and lower
            left corner of the picture after ``turns``, in pixels of the small picture.
        turns: Quarter turns, against the clock, after which the picture stands as in the small one.
        correlation: Correlation of the two where they overlap, -1 to 1.
    """

    corners: Corners
    turns: int
    correlation: float


def reduced(picture: Luma, width: int, height: int) -> Luma:
    """Return a picture averaged to another size, or interpolated where that is larger.

    Args:
        picture: Shape (H, W).
        width: Wanted, in pixels.
        height: Wanted, in pixels.

    Returns:
        float32, shape (height, width).
    """
    image = Pillow.fromarray(np.ascontiguousarray(picture))
    # The reduction by a whole factor leaves at least twice the wanted size, and is far faster.
    resized = image.resize((width, height), Pillow.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(resized, dtype=np.float32)


def correlation_map(frame: Luma, part: Luma) -> NDArray[np.float64]:
    """Return the normalised cross-correlation of a part at each place inside a frame.

    Args:
        frame: Shape (H, W).
        part: Shape (h, w), neither side longer than the frame's.

    Returns:
        float64, shape (H - h + 1, W - w + 1), -1 to 1; 0 where the frame or the part is flat.
    """
    template = part.astype(np.float64) - part.mean(dtype=np.float64)
    norm = np.sqrt((template**2).sum())
    whole = frame.astype(np.float64) - frame.mean(dtype=np.float64)
    size = tuple(fft.next_fast_len(side, real=True) for side in frame.shape)
    spectrum = fft.rfft2(whole, size) * np.conj(fft.rfft2(template, size))
    rows, columns = (a - b + 1 for a, b in zip(frame.shape, part.shape, strict=True))
    products = fft.irfft2(spectrum, size)[:rows, :columns]
    sums, squares = _window_sums(whole, part.shape), _window_sums(whole**2, part.shape)
    deviation = np.sqrt(np.maximum(squares - sums**2 / part.size, 0))
    least = _LEAST_DEVIATION * np.sqrt(part.size)
    flat = (deviation < least) | (norm < least)
    result = np.where(flat, 0.0, products / np.where(flat, 1.0, deviation * norm))
    return np.asarray(np.clip(result, -1, 1))


def _window_sums(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the sum over the window of a shape at each place."""
    total = np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    h, w = shape
    return np.asarray(total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w])


def find(frame: Luma, picture: Luma, stretches: tuple[float, ...] = (1.0,)) -> Placement | None:
    """Find the picture, or part of it, in the frame.

    Args:
        frame: The small picture, shape (H, W), 0 to 255.
        picture: Shape (h, w), 0 to 255, larger than the frame.
        stretches: Width of a pixel of the frame over its height; each is tried.

    Returns:
        The place with the highest correlation; None where there is nothing to compare.
    """
    if min(frame.shape) < _LEAST_SIDE or min(picture.shape) < _LEAST_SIDE:
        return None
    if float(frame.std()) < _LEAST_DEVIATION:
        return None
    picture = _made_small(picture, 4 * max(frame.shape))
    best: Placement | None = None
    # A picture fills its frame as a rule, and stands in it as it should: the rest comes later.
    for starts in _stages(frame, picture, stretches):
        found = _best(frame, picture, starts)
        best = max((p for p in (best, found) if p is not None), key=_by_correlation, default=None)
        if best is not None and best.correlation >= CERTAIN:
            break
    return best


def _stages(frame: Luma, picture: Luma, stretches: tuple[float, ...]) -> Iterator[list[Placement]]:
    """Yield first guesses, the most common ones first."""
    yield _whole(frame, picture, 0)
    turned = [p for turns in (1, 2, 3) for p in _whole(frame, np.rot90(picture, turns), turns)]
    yield sorted(turned, key=_by_correlation)[-2:]
    yield _starts(frame, picture, stretches, (0,))
    yield _starts(frame, picture, stretches, (1, 2, 3))


def _made_small(picture: Luma, longest: int) -> Luma:
    """Return a picture of at most so many pixels a side."""
    factor = max(picture.shape) / longest
    if factor <= 1:
        return picture
    rows, columns = (max(round(side / factor), 1) for side in picture.shape)
    return reduced(picture, columns, rows)


def _by_correlation(place: Placement) -> float:
    return place.correlation


def _best(frame: Luma, picture: Luma, starts: list[Placement]) -> Placement | None:
    """Refine places, and return the best one."""
    refined = (refine(frame, np.rot90(picture, start.turns), start) for start in starts)
    return max((p for p in refined if p is not None), key=_by_correlation, default=None)


def _starts(
    frame: Luma, picture: Luma, stretches: tuple[float, ...], turns: tuple[int, ...]
) -> list[Placement]:
    """Return the best places of the coarse search, each unlike the others."""
    factor = max(max(frame.shape) / COARSE_SIDE, 1.0)
    rows, columns = (max(round(side / factor), _LEAST_SIDE) for side in frame.shape)
    coarse = reduced(frame, columns, rows)
    unit = np.array([frame.shape[1] / columns, frame.shape[0] / rows])
    found: list[Placement] = []
    for turn in turns:
        turned = np.rot90(picture, turn)
        for stretch in stretches:
            found += _peaks(coarse, turned, turn, stretch, unit)
    kept: list[Placement] = []
    for place in sorted(found, key=_by_correlation, reverse=True):
        if all(_unlike(place, other, max(frame.shape)) for other in kept):
            kept.append(place)
    return kept[:CANDIDATES]


def _whole(frame: Luma, picture: Luma, turns: int) -> list[Placement]:
    """Return the places at which the picture fills the frame: stretched, or beyond two sides."""
    height, width = frame.shape
    shape = picture.shape[1] / picture.shape[0]
    sizes = {
        (float(width), float(height)),
        (max(width, height * shape), max(height, width / shape)),
    }
    places = []
    for w, h in sorted(sizes):
        corner = np.array([(width - w) / 2, (height - h) / 2])
        corners = corner + _UNIT * np.array([w, h])
        places.append(Placement(corners, turns, _agreement(frame, picture, corners)))
    return places


def _peaks(
    coarse: Luma, picture: Luma, turns: int, stretch: float, unit: NDArray[np.float64]
) -> Iterator[Placement]:
    """Yield the best place at each scale."""
    rows, columns = coarse.shape
    shape = picture.shape[1] / picture.shape[0] / stretch
    width = min(columns, rows * shape)
    least = max(SMALLEST * width, _LEAST_SIDE, _LEAST_SIDE * shape)
    base = reduced(picture, *(max(2 * round(side), 1) for side in (width, width / shape)))
    while width >= least:
        w, h = round(width), round(width / shape)
        if 0 < w <= columns and 0 < h <= rows:
            found = correlation_map(coarse, reduced(base, w, h))
            y, x = np.unravel_index(int(found.argmax()), found.shape)
            centre = np.array([x + w / 2, y + h / 2])
            size = np.array([width, width / shape])
            corners = (centre + (_UNIT - 0.5) * size) * unit
            yield Placement(corners, turns, float(found[y, x]))
        width /= SCALE_STEP


def _unlike(one: Placement, other: Placement, side: int) -> bool:
    return bool(np.abs(one.corners - other.corners).max() > 0.04 * side)


def _agreement(frame: Luma, picture: Luma, corners: Corners) -> float:
    """Return the correlation of frame and picture at a place, at reduced size."""
    sides = (corners[2] - corners[0]).round().astype(int)
    part = _blurred(reduced(picture, max(int(sides[0]), 2), max(int(sides[1]), 2)))
    points = _points(part.shape)
    sampled, inside = _sampled([_blurred(frame)], _affine(corners, part.shape), points)
    return _correlation(sampled[0], part.ravel()[inside]) if inside.any() else 0.0


def refine(frame: Luma, picture: Luma, start: Placement) -> Placement | None:
    """Fit an affine map and a linear change of brightness by least squares, from a first guess.

    Args:
        frame: The small picture, shape (H, W).
        picture: Turned as ``start`` says, shape (h, w).
        start: The first guess.

    Returns:
        The refined place, or None where the fit runs away or there is nothing to fit.
    """
    smooth = _blurred(frame)
    across, down = (np.asarray(np.gradient(smooth, axis=axis)) for axis in (1, 0))
    place = start
    for _ in range(2):  # the second time with a picture reduced by the scale that was found
        edges = np.linalg.norm(place.corners[[1, 3]] - place.corners[0], axis=1)
        width, height = (int(side) for side in edges.round())
        if min(width, height) < _LEAST_SIDE or max(width, height) > 4 * max(frame.shape):
            return None
        part = _blurred(reduced(picture, width, height))
        found = _fitted([smooth, across, down], part, _affine(place.corners, part.shape))
        if found is None:
            return None
        affine, correlation = found
        if not _plausible(_corners(affine, part.shape), start.corners):
            return None
        place = Placement(_corners(affine, part.shape), start.turns, correlation)
    return place


def _plausible(corners: Corners, start: Corners) -> bool:
    """Return whether a place is near the first guess, and about a rectangle that stands upright."""
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    lengths = np.array([np.hypot(*across), np.hypot(*down)])
    before = np.array([np.hypot(*(start[1] - start[0])), np.hypot(*(start[3] - start[0]))])
    changes = np.log(np.maximum(lengths, 1e-9) / before)
    angles = np.degrees([np.arctan2(across[1], across[0]), np.arctan2(-down[0], down[1])])
    if np.abs(changes).max() > MAX_CHANGE or np.ptp(changes) > MAX_STRETCHING:
        return False
    return bool(np.abs(angles).max() < MAX_ANGLE and np.ptp(angles) < MAX_SHEAR)


def _blurred(picture: Luma) -> Luma:
    return np.asarray(ndimage.gaussian_filter(picture, _BLUR, mode="nearest"), dtype=np.float32)


def _affine(corners: Corners, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the map, shape (2, 3), from pixels of a part of a shape to the frame."""
    across = (corners[1] - corners[0]) / shape[1]
    down = (corners[3] - corners[0]) / shape[0]
    return np.column_stack([across, down, corners[0]])


def _corners(affine: NDArray[np.float64], shape: tuple[int, ...]) -> Corners:
    points = _UNIT * np.array([shape[1], shape[0]])
    return np.asarray(points @ affine[:, :2].T + affine[:, 2])


def _points(shape: tuple[int, ...], most: int | None = None) -> NDArray[np.float64]:
    """Return the centres of pixels as rows (x, y, 1), thinned out evenly to about ``most``."""
    step = 1 if most is None else max(round((shape[0] * shape[1] / most) ** 0.5), 1)
    y, x = np.mgrid[step // 2 : shape[0] : step, step // 2 : shape[1] : step] + 0.5
    return np.column_stack([x.ravel(), y.ravel(), np.ones(x.size)])


def _sampled(
    layers: list[Luma], affine: NDArray[np.float64], points: NDArray[np.float64]
) -> tuple[list[NDArray[np.float64]], NDArray[np.bool_]]:
    """Return the frame's layers at points of a part, and which of them lie inside the frame."""
    x, y = affine @ points.T
    height, width = layers[0].shape
    inside = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
    where = np.stack([y[inside] - 0.5, x[inside] - 0.5])
    values = (ndimage.map_coordinates(layer, where, order=1, mode="nearest") for layer in layers)
    return [layer.astype(np.float64) for layer in values], inside


def _correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    first, second = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / norm if norm > _LEAST_DEVIATION**2 * one.size else 0.0


def _fitted(
    layers: list[Luma], part: Luma, affine: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float] | None:
    """Return the affine map and the correlation there, or None where the fit runs away."""
    points = _points(part.shape, _MOST_POINTS)
    columns, rows = points[:, 0].astype(int), points[:, 1].astype(int)
    target = part[rows, columns].astype(np.float64)
    best: tuple[NDArray[np.float64], float] | None = None
    waited = 0
    for _ in range(_ITERATIONS):
        sampled, inside = _sampled(layers, affine, points)
        if inside.sum() < max(_LEAST_SIDE**2 / 2, 0.3 * inside.size):
            return best
        value, across, down = sampled
        correlation = _correlation(value, target[inside])
        waited = 0 if best is None or correlation > best[1] + 1e-4 else waited + 1
        if best is None or correlation > best[1]:
            best = affine, correlation
        step = _step(value, across, down, points[inside], target[inside])
        affine = affine + step
        moved = np.abs(_corners(affine, part.shape) - _corners(affine - step, part.shape)).max()
        if not moved < max(part.shape):
            return best
        if moved < 0.01 or waited > _PATIENCE:
            break
    return best


def _step(
    value: NDArray[np.float64],
    across: NDArray[np.float64],
    down: NDArray[np.float64],
    points: NDArray[np.float64],
    target: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return one Gauss-Newton step of the affine map, shape (2, 3).

    The brightness is fitted with it: target ≈ gain · value(affine) + offset.
    """
    deviation = float(value.std())
    if deviation < _LEAST_DEVIATION:
        return np.zeros((2, 3))
    centred = target - target.mean()
    gain = float((centred * (value - value.mean())).mean()) / deviation**2
    if abs(gain) < 0.05:
        return np.zeros((2, 3))
    columns = np.column_stack(
        [gain * across[:, None] * points, gain * down[:, None] * points, value, np.ones_like(value)]
    )
    scale = np.sqrt((columns**2).sum(axis=0)) + 1e-9
    residual = target - gain * value
    normal = (columns / scale).T @ (columns / scale) + 1e-7 * np.eye(columns.shape[1])
    solution = np.linalg.solve(normal, (columns / scale).T @ residual) / scale
    return np.asarray(solution[:6].reshape(2, 3))
