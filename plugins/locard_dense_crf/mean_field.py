"""Mean-field inference in a fully connected CRF of two labels, one number a pixel.

With labels 0 and 1, Potts compatibility and kernels K̃, the update Q ← softmax(-U + Σ w K̃ Q) depends
on the difference of its two rows alone: log Q₁/Q₀ = U₀ - U₁ + Σ w K̃ (Q₁ - Q₀). With
x = Q₁ - Q₀ = tanh(½ log Q₁/Q₀) the iteration is

    x ← tanh(½ (u + Σ w K̃ x)),   u = U₀ - U₁,

which is exact: half the work, and swapping the labels turns x into -x.

The appearance kernel alone swallows a region that looks like what surrounds it: most pixels of its
colour lie outside. With ``colour_only`` = c its message w K̃α x becomes w (K̃α x - c G̃α x), where Gα
is the kernel over positions of the same width: what pixels of the same colour say beyond what all
pixels as near say. Where colour tells nothing apart, the two are equal and the map stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from locard_dense_crf.bands import BandRunner, available_threads, band_rows
from locard_dense_crf.kernels import AppearanceKernel, SmoothnessKernel

SMALLEST_PROBABILITY = 1e-5


@dataclass(frozen=True, slots=True)
class CrfParameters:
    """Kernels of the CRF, in the notation of Krähenbühl and Koltun (2011).

    Attributes:
        sigma_gamma: Width of the smoothness kernel, in pixels.
        weight_gamma: Its weight; 0 leaves it out.
        sigma_alpha: Width of the appearance kernel over positions, in pixels.
        sigma_beta: Its width over colours, in grey levels of 0–255.
        weight_alpha: Its weight; 0 leaves it out.
        colour_only: Share, 0 to 1, of what pixels as near say, of whatever colour, that is taken
            off what the appearance kernel says; not of Krähenbühl and Koltun.
        iterations: Mean-field updates.
    """

    sigma_gamma: float = 3.0
    weight_gamma: float = 3.0
    sigma_alpha: float = 80.0
    sigma_beta: float = 13.0
    weight_alpha: float = 10.0
    colour_only: float = 0.0
    iterations: int = 5


class Kernel(Protocol):
    """Sends messages from all pixels to all pixels."""

    def add_messages(self, x: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        """Add the messages that x sends, in place; both float32, shape (height, width)."""


def unary_logits(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return log p/(1-p), with both probabilities kept above 1e-5.

    Args:
        probability: float32, shape (height, width), of the positive label.

    Returns:
        float32, same shape.
    """
    positive = np.clip(probability, SMALLEST_PROBABILITY, 1)
    negative = np.clip(1 - probability, SMALLEST_PROBABILITY, 1)
    logits: NDArray[np.float32] = np.log(positive) - np.log(negative)
    return logits


def infer(
    probability: NDArray[np.float32],
    pixels: NDArray[np.uint8],
    parameters: CrfParameters,
    tolerance: int = 10,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Return the probability of the positive label after mean-field inference.

    Args:
        probability: float32, shape (height, width): the positive label's, before.
        pixels: uint8, shape (height, width, 3).
        parameters: Kernels and number of updates.
        tolerance: Largest colour difference inside a block of pixels that share a feature; -1 for
            a feature a pixel.
        threads: At most so many; all that are allowed if None. The result does not depend on it.

    Returns:
        float32, shape (height, width), in [0, 1].

    Raises:
        ValueError: A kernel is too narrow for a picture of this size.
    """
    with BandRunner(threads or available_threads()) as runner:
        kernels = _kernels(pixels, parameters, tolerance, runner)
        return _iterate(unary_logits(probability), kernels, parameters.iterations, runner)


def _kernels(
    pixels: NDArray[np.uint8], parameters: CrfParameters, tolerance: int, runner: BandRunner
) -> list[Kernel]:
    kernels: list[Kernel] = []
    height, width = pixels.shape[:2]
    if parameters.weight_gamma > 0:
        kernels.append(
            SmoothnessKernel(
                (height, width), parameters.sigma_gamma, parameters.weight_gamma, runner
            )
        )
    if parameters.weight_alpha > 0:
        kernels.append(
            AppearanceKernel(
                pixels,
                parameters.sigma_alpha,
                parameters.sigma_beta,
                parameters.weight_alpha,
                tolerance,
                runner,
            )
        )
        if parameters.colour_only > 0:
            weight = -parameters.colour_only * parameters.weight_alpha
            kernels.append(
                SmoothnessKernel((height, width), parameters.sigma_alpha, weight, runner)
            )
    return kernels


def _iterate(
    unary: NDArray[np.float32], kernels: list[Kernel], iterations: int, runner: BandRunner
) -> NDArray[np.float32]:
    bands = band_rows(len(unary))
    x = np.empty_like(unary)
    logits = unary.copy()

    def update(band: int) -> None:
        rows = bands[band]
        np.multiply(logits[rows], np.float32(0.5), out=x[rows])
        np.tanh(x[rows], out=x[rows])
        logits[rows] = unary[rows]

    runner.map(update, len(bands))
    for _ in range(iterations):
        for kernel in kernels:
            kernel.add_messages(x, logits)
        runner.map(update, len(bands))
    x += 1
    x *= np.float32(0.5)
    return x
