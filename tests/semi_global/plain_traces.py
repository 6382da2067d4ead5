"""The traces of pixels written out from their definitions: float64, cell by cell, no haste."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from jpeg_pictures import plain_pooled
from numpy.typing import NDArray
from scipy.ndimage import correlate

Plane = NDArray[np.float64]

KERNELS = {
    "first-across": [[-1, 1]],
    "first-down": [[-1], [1]],
    "second-across": [[1, -2, 1]],
    "second-down": [[1], [-2], [1]],
    "third-across": [[-1, 3, -3, 1]],
    "third-down": [[-1], [3], [-3], [1]],
    "mixed": [[1, -1], [-1, 1]],
    "kv": [
        [-1 / 12, 2 / 12, -2 / 12, 2 / 12, -1 / 12],
        [2 / 12, -6 / 12, 8 / 12, -6 / 12, 2 / 12],
        [-2 / 12, 8 / 12, -12 / 12, 8 / 12, -2 / 12],
        [2 / 12, -6 / 12, 8 / 12, -6 / 12, 2 / 12],
        [-1 / 12, 2 / 12, -2 / 12, 2 / 12, -1 / 12],
    ],
    "laplacian": [[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]],
}


def filtered(plane: Plane, kernel: list[list[float]]) -> Plane:
    """Return the residual; one of even length stands at the pixel before its centre."""
    weights = np.array(kernel)
    # SciPy's centre of an even kernel is the pixel after the middle.
    origin = [-1 if side % 2 == 0 else 0 for side in weights.shape]
    return np.asarray(correlate(plane.astype(float), weights, mode="mirror", origin=origin))


def cells(height: int, width: int) -> Iterator[tuple[int, int]]:
    return product(range(height // 8), range(width // 8))


def inside(residual: Plane, row: int, column: int, shape: tuple[int, int], side: int = 8) -> Plane:
    """Return what of a residual lies in a cell; gaps between pixels are one fewer."""
    rows, columns = (side - (length % 2 == 0) for length in shape)
    return residual[side * row : side * row + rows, side * column : side * column + columns]


def plain_cfa(rgb: NDArray[np.uint8]) -> Plane:
    height, width = rgb.shape[0] // 8, rgb.shape[1] // 8
    logs, powers = np.empty((3, 4, height, width)), np.empty((4, height, width))
    for channel in range(3):
        squares = filtered(rgb[..., channel], KERNELS["laplacian"]) ** 2
        for (row, column), phase in product(cells(*rgb.shape[:2]), range(4)):
            cell = inside(squares, row, column, (3, 3))[phase // 2 :: 2, phase % 2 :: 2]
            logs[channel, phase, row, column] = np.log(cell + 0.3).mean()
            if channel == 1:
                powers[phase, row, column] = cell.mean()
    kinds = [plain_pooled(logs[channel], 3) for channel in range(3)]
    kinds += [plain_pooled(logs[1], 7), np.log(plain_pooled(powers, 3) + 0.3)]
    return np.concatenate([kind - kind.mean(axis=0) for kind in kinds])


def plain_noise(rgb: NDArray[np.uint8], luma: Plane) -> Plane:
    height, width = luma.shape[0] // 8, luma.shape[1] // 8
    half = luma.reshape(4 * height, 2, 4 * width, 2).mean(axis=(1, 3))
    colours = rgb.astype(float)
    full = {name: np.abs(filtered(luma, kernel)) for name, kernel in KERNELS.items()}
    halves = [
        np.abs(filtered(half, KERNELS[name])) for name in ("second-across", "second-down", "kv")
    ]
    differences = [
        np.abs(filtered(colours[..., channel] - colours[..., 1], KERNELS["laplacian"]))
        for channel in (0, 2)
    ]
    found = np.empty((27, height, width))
    for row, column in cells(*luma.shape):
        values: list[float] = []
        for name, residual in full.items():
            cell = inside(residual, row, column, np.array(KERNELS[name]).shape)
            values += [np.log(cell.mean() + 0.05), np.log(cell + 0.3).mean()]
        kv = inside(full["kv"], row, column, (5, 5))
        quarters = [kv[y : y + 4, x : x + 4].mean() for y in (0, 4) for x in (0, 4)]
        values += [np.log(sorted(kv.ravel())[31] + 0.05), np.log(min(quarters) + 0.05)]
        for residual in halves:
            values.append(np.log(inside(residual, row, column, (3, 3), 4).mean() + 0.05))
        for residual in differences:
            cell = inside(residual, row, column, (3, 3))
            values += [np.log(cell.mean() + 0.05), np.log(cell + 0.3).mean()]
        found[:, row, column] = values
    return found


def plain_correlation(rgb: NDArray[np.uint8], luma: Plane) -> Plane:
    height, width = luma.shape[0] // 8, luma.shape[1] // 8
    r, g, b = (filtered(rgb[..., channel], KERNELS["laplacian"]) for channel in range(3))
    y = filtered(luma, KERNELS["laplacian"])
    means = np.empty((13, height, width))
    for row, column in cells(*luma.shape):
        red, green, blue, cell = (inside(one, row, column, (3, 3)) for one in (r, g, b, y))
        means[:, row, column] = [
            (red * red).mean(),
            (green * green).mean(),
            (blue * blue).mean(),
            (red * green).mean(),
            (red * blue).mean(),
            (green * blue).mean(),
            (cell * cell).mean(),
            (cell[:, 1:] * cell[:, :-1]).mean(),
            (cell[1:] * cell[:-1]).mean(),
            (cell[:, 2:] * cell[:, :-2]).mean(),
            (cell[2:] * cell[:-2]).mean(),
            (cell[1:, 1:] * cell[:-1, :-1]).mean(),
            (cell[1:, :-1] * cell[:-1, 1:]).mean(),
        ]
    rr, gg, bb, rg, rb, gb, yy, *lags = plain_pooled(means, 3)
    found = [rg / (np.sqrt(rr * gg) + 0.1), rb / (np.sqrt(rr * bb) + 0.1)]
    found += [gb / (np.sqrt(gg * bb) + 0.1), *(lag / (yy + 0.1) for lag in lags)]
    return np.clip(np.array(found), -1, 1)


def plain_cooccurrence(luma: NDArray[np.float32], names: tuple[str, ...]) -> Plane:
    """Count in the order of the channels' names, whose letters are the values of a class."""
    height, width = luma.shape[0] // 8, luma.shape[1] // 8
    padded = np.pad(luma, 4, mode="reflect").astype(float)

    def value(y: int, x: int, down: int) -> int:
        """Residual in the gap after pixel (y, x), down or across: −1, 0 or 1."""
        taps = ((-1, 1), (0, -3), (1, 3), (2, -1))
        total = sum(tap * padded[4 + y + k * down, 4 + x + k * (not down)] for k, tap in taps)
        return int(total > 255 * 3 / 256) - int(total < -255 * 3 / 256)

    def place(values: list[int], half: str) -> int:
        turned = [values, values[::-1], [-v for v in values], [-v for v in values[::-1]]]
        words = {"".join("nzp"[v + 1] for v in some) for some in turned}
        (found,) = (
            names.index(f"cooccurrence-{half}-{word}")
            for word in words
            if f"cooccurrence-{half}-{word}" in names
        )
        return found

    counts = np.zeros((50, height, width))
    for y, x in product(range(8 * height), range(8 * width)):
        cell = (slice(None), y // 8, x // 8)
        for down in (0, 1):
            # Centred on the pixel, along the filter: two gaps before it and two after.
            line = [value(y + k * down, x + k * (not down), down) for k in (-2, -1, 0, 1)]
            counts[cell][place(line, "parallel")] += 1 / 128
            if y % 8 < 7 and x % 8 < 7:
                # Centred between four pixels, across the filter.
                line = [value(y + k * (not down), x + k * down, down) for k in (-1, 0, 1, 2)]
                counts[cell][place(line, "perpendicular")] += 1 / 98
    return np.sqrt(plain_pooled(counts, 5))


def plain_content(rgb: NDArray[np.uint8], luma: Plane) -> Plane:
    height, width = luma.shape[0] // 8, luma.shape[1] // 8
    found = np.empty((5, height, width))
    for row, column in cells(*luma.shape):
        ys, xs = slice(8 * row, 8 * row + 8), slice(8 * column, 8 * column + 8)
        top, left = 8 * max(0, row - 2), 8 * max(0, column - 2)
        colours = rgb[ys, xs].astype(int)
        clipped = (colours < 3) | (colours >= 253)
        found[:, row, column] = [
            luma[ys, xs].mean() / 255,
            (colours.max(axis=2) - colours.min(axis=2)).mean() / 255,
            np.log(luma[ys, xs].var() + 0.1) / 2,
            np.log(luma[top : 8 * row + 24, left : 8 * column + 24].var() + 0.1) / 2,
            clipped.any(axis=2).mean(),
        ]
    return found
