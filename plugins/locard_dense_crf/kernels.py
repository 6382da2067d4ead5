"""The two kernels of the fully connected CRF, as messages between pixels.

Each adds ``weight · K̃ x`` to a picture of logits, where K̃ = D^-½ K D^-½ is the kernel in symmetric
normalisation and D holds K's row sums (Krähenbühl and Koltun, NIPS 2011; the normalisation is that
of their second code release).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from locard_dense_crf.bands import BandRunner, band_rows
from locard_dense_crf.blocks import Blocks, largest_side_for
from locard_dense_crf.compiled import compiled
from locard_dense_crf.permutohedral import Lattice

_REACH = 3.5
"""Radius of the smoothness kernel in standard deviations; 0.05 % of its weight lie beyond."""


class SmoothnessKernel:
    """``exp(-|p - p'|² / 2σ²)`` over positions: separable, cut off at 3.5 σ."""

    def __init__(
        self, shape: tuple[int, int], sigma: float, weight: float, runner: BandRunner
    ) -> None:
        """Prepare the kernel.

        Args:
            shape: Height and width of the picture.
            sigma: In pixels.
            weight: Factor of the messages.
            runner: Spreads bands over threads.
        """
        offsets = np.arange(np.ceil(_REACH * sigma) + 1)
        self._taps = np.exp(-0.5 * (offsets / sigma) ** 2).astype(np.float32)
        self._row_scales, self._column_scales = (_inverse_roots(n, self._taps) for n in shape)
        self._bands = band_rows(shape[0])
        self._weight = np.float32(weight)
        self._runner = runner

    def add_messages(self, x: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        """Add the messages that x sends, in place; both float32, shape (height, width)."""

        def work(band: int) -> None:
            rows = self._bands[band]
            _convolve_rows(
                x,
                rows.start,
                self._taps,
                self._row_scales,
                self._column_scales,
                self._weight,
                logits[rows],
            )

        self._runner.map(work, len(self._bands))


class AppearanceKernel:
    """``exp(-|p - p'|² / 2σα² - |I - I'|² / 2σβ²)`` over positions and colours."""

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        sigma_alpha: float,
        sigma_beta: float,
        weight: float,
        tolerance: int,
        runner: BandRunner,
    ) -> None:
        """Build the lattice.

        Args:
            pixels: uint8, shape (height, width, 3).
            sigma_alpha: Over positions, in pixels.
            sigma_beta: Over colours, in grey levels.
            weight: Factor of the messages.
            tolerance: Largest colour difference in a block (see :mod:`locard_dense_crf.blocks`).
            runner: Spreads bands over threads.

        Raises:
            ValueError: The kernel is too narrow for the lattice to be numbered.
        """
        self._rows = band_rows(pixels.shape[0])
        self._runner = runner
        largest_side = largest_side_for(sigma_alpha)
        inverse_widths = 1 / np.array([sigma_alpha] * 2 + [sigma_beta] * 3)

        def prepare(band: int) -> tuple[Blocks, NDArray[np.float32]]:
            part = pixels[self._rows[band]]
            blocks = Blocks.cover(part, tolerance, largest_side)
            return blocks, blocks.features(part, self._rows[band].start, inverse_widths)

        prepared = runner.map(prepare, len(self._rows))
        self._blocks = [blocks for blocks, _ in prepared]
        height, width = pixels.shape[:2]
        spans = np.array([width, height, 255, 255, 255]) * inverse_widths
        self._lattice = Lattice([features for _, features in prepared], spans, runner)
        self._scales, self._weight = self._normalise(pixels.shape[1]), np.float32(weight)

    def _normalise(self, width: int) -> list[NDArray[np.float32]]:
        """Return 1 / √(K·1) of each block."""
        areas = [
            blocks.areas(rows.stop - rows.start, width)
            for blocks, rows in zip(self._blocks, self._rows, strict=True)
        ]
        return [1 / np.sqrt(sums + np.float32(1e-20)) for sums in self._lattice.filter(areas)]

    def add_messages(self, x: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        """Add the messages that x sends, in place; both float32, shape (height, width)."""
        sums = self._runner.map(
            lambda band: self._blocks[band].sums(x[self._rows[band]]) * self._scales[band],
            len(self._rows),
        )
        filtered = self._lattice.filter(sums)

        def spread(band: int) -> None:
            messages = filtered[band] * self._scales[band] * self._weight
            self._blocks[band].add_to(logits[self._rows[band]], messages)

        self._runner.map(spread, len(self._rows))


def _inverse_roots(length: int, taps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 1 / √(row sum) of the kernel along one side of the picture."""
    reach = min(len(taps) - 1, length - 1)
    kernel = np.concatenate([taps[reach:0:-1], taps[: reach + 1]]).astype(np.float64)
    sums = np.convolve(np.ones(length), kernel)[reach : reach + length]
    return (1 / np.sqrt(sums)).astype(np.float32)


@compiled
def _convolve_rows(
    x: NDArray[np.float32],
    top: int,
    taps: NDArray[np.float32],
    row_scales: NDArray[np.float32],
    column_scales: NDArray[np.float32],
    weight: np.float32,
    logits: NDArray[np.float32],
) -> None:
    """Add the smoothness messages to the band of ``logits`` that begins at row ``top``."""
    height, width = x.shape
    reach = len(taps) - 1
    # A window of 2 · reach + 1 taps, and zeros up to a multiple of four.
    window = np.zeros((2 * reach + 4) // 4 * 4, np.float32)
    for i in range(2 * reach + 1):
        window[i] = taps[abs(i - reach)]
    factors = np.empty_like(window)
    # Zeros on both sides stand for what lies outside the picture.
    line = np.zeros(width + len(window), np.float32)
    middle = line[reach : reach + width]
    total = np.empty(width, np.float32)
    for row in range(top, top + len(logits)):
        for i in range(len(window)):
            source = row - reach + i
            inside = 0 <= source < height
            factors[i] = window[i] * row_scales[source] if inside else np.float32(0)
        middle[:] = 0
        for i in range(0, len(window), 4):
            _add_four_rows(middle, x, row - reach + i, factors[i : i + 4])
        middle *= column_scales
        total[:] = 0
        for i in range(0, len(window), 4):
            _add_four_shifts(total, line[i : i + width + 3], window[i : i + 4])
        factor = row_scales[row] * weight
        for column in range(width):
            logits[row - top, column] += factor * total[column] * column_scales[column]


# Four at a time: sums then go through memory a quarter as often.


@compiled
def _add_four_rows(
    sums: NDArray[np.float32],
    x: NDArray[np.float32],
    first: int,
    factors: NDArray[np.float32],
) -> None:
    """Add four rows of x times their factors; a row outside x has the factor 0."""
    last = len(x) - 1
    a = x[min(max(first, 0), last)]
    b = x[min(max(first + 1, 0), last)]
    c = x[min(max(first + 2, 0), last)]
    d = x[min(max(first + 3, 0), last)]
    for column in range(len(sums)):
        sums[column] += (
            factors[0] * a[column]
            + factors[1] * b[column]
            + factors[2] * c[column]
            + factors[3] * d[column]
        )


@compiled
def _add_four_shifts(
    sums: NDArray[np.float32], line: NDArray[np.float32], factors: NDArray[np.float32]
) -> None:
    """Add a line four times, each time shifted by one more, times its factor."""
    a, b, c, d = line, line[1:], line[2:], line[3:]
    for column in range(len(sums)):
        sums[column] += (
            factors[0] * a[column]
            + factors[1] * b[column]
            + factors[2] * c[column]
            + factors[3] * d[column]
        )
