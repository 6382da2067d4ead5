"""Photographs, maps over them, and the reference: mean field with the kernels written out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage import data

from locard_dense_crf.mean_field import CrfParameters

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "retina")
UNARIES = ("soft", "blocky", "noisy", "ambiguous")


def _photograph(name: str, height: int, width: int | None = None) -> NDArray[np.uint8]:
    """Return the middle of one of scikit-image's photographs."""
    width = height if width is None else width
    pixels = getattr(data, name)()
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def _unary(kind: str, height: int, width: int | None = None) -> NDArray[np.float32]:
    """Return a map whose middle is suspicious; none of the kinds saturates."""
    width = height if width is None else width
    random = np.random.default_rng(7)
    y, x = np.mgrid[:height, :width]
    disc = (y / height - 0.45) ** 2 + (x / width - 0.55) ** 2 < 0.15
    if kind == "soft":
        values = 0.2 + 0.6 * ndimage.gaussian_filter(disc.astype(float), height / 30)
    elif kind == "blocky":
        cells = np.where(disc[::8, ::8], 0.7, 0.3)
        cells = cells + random.normal(0, 0.15, cells.shape)
        values = np.kron(cells, np.ones((8, 8)))[:height, :width]
    elif kind == "noisy":
        values = np.where(disc, 0.7, 0.3) + random.normal(0, 0.2, disc.shape)
    else:
        field = ndimage.gaussian_filter(random.normal(0, 1, disc.shape), height / 20)
        values = 0.5 + 0.2 * field / np.abs(field).max()
    return np.clip(values, 0.03, 0.97).astype(np.float32)


Kernels = list[tuple[float, NDArray[np.float64]]]


def _dense_kernels(pixels: NDArray[np.uint8], crf: CrfParameters) -> Kernels:
    """Return weight and normalised kernel over all pairs of pixels, in double precision."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width]
    places = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    colours = pixels.reshape(-1, 3).astype(float)
    appearance = np.concatenate([places / crf.sigma_alpha, colours / crf.sigma_beta], axis=1)
    position = -crf.colour_only * crf.weight_alpha
    return [
        (crf.weight_gamma, _normalised_kernel(places / crf.sigma_gamma)),
        (crf.weight_alpha, _normalised_kernel(appearance)),
        (position, _normalised_kernel(places / crf.sigma_alpha)),
    ]


def _dense_mean_field(
    probability: NDArray[np.float32], kernels: Kernels, iterations: int
) -> NDArray[np.float64]:
    """Mean field with two labels as two rows, as the paper writes it."""
    both = np.stack([1 - probability, probability]).reshape(2, -1).astype(float)
    unary = -np.log(np.clip(both, 1e-5, 1))
    labels = _softmax(-unary)
    for _ in range(iterations):
        messages = sum(weight * (kernel @ labels.T).T for weight, kernel in kernels)
        labels = _softmax(-unary + messages)
    return labels[1].reshape(probability.shape)


def _normalised_kernel(features: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = (features**2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * features @ features.T
    kernel = np.exp(-0.5 * np.maximum(distances, 0))
    root = np.sqrt(kernel.sum(axis=1) + 1e-20)
    return kernel / root[:, None] / root[None, :]


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(logits - logits.max(axis=0))
    return odds / odds.sum(axis=0)


@pytest.fixture(scope="session")
def photograph() -> Callable[..., NDArray[np.uint8]]:
    return _photograph


@pytest.fixture(scope="session")
def unary() -> Callable[..., NDArray[np.float32]]:
    return _unary


@pytest.fixture(scope="session")
def dense_kernels() -> Callable[..., Kernels]:
    return _dense_kernels


@pytest.fixture(scope="session")
def dense_mean_field() -> Callable[..., NDArray[np.float64]]:
    return _dense_mean_field


@pytest.fixture(params=PHOTOGRAPHS)
def photograph_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=UNARIES)
def unary_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)
