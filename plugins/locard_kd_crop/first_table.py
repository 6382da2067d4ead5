"""Estimates the first quantisation table from the coefficients at the phase of the old grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtr

from locard.image.quality import LUMINANCE, scaled
from locard_kd_crop.phase.windows import ac_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.phase.evidence import Counts

QUALITIES: Final = tuple(range(50, 101))
"""IJG qualities whose tables are tried; below 50, most steps are beyond what is counted."""

_HIGHEST_BAND = 9
"""Sum of both frequencies up to which bands count: above, little but zeros is left."""

_LEAST_VARIANCE = 0.01
_LEAST_BLUR = 0.35  # of a coefficient, by rounding and clipping of pixels
_BLUR_A_STEP = 0.75  # of the standard deviation that the second quantisation would add in theory
_OTHERWISE = 0.1  # share of coefficients that follow no comb
_MULTIPLES = 121  # places on a comb, beyond which nothing is counted


@dataclass(frozen=True, slots=True, eq=False)
class FirstTable:
    """The IJG table that the coefficients at a phase fit best.

    Attributes:
        quality: Its quality.
        step_ratio: Mean, over 64 bands, of the file's own luma step divided by the table's; None
            where the file has no table.
        fits: float64, (64,): how well the coefficients of each phase fit it, in standard
            deviations.
    """

    quality: int
    step_ratio: float | None
    fits: NDArray[np.float64]


def first_table(counts: Counts, phase: int, table: NDArray[np.int64] | None) -> FirstTable:
    """Return the IJG table that fits best at a phase.

    Args:
        counts: Of the whole picture.
        phase: Where the old grid begins, 8y + x.
        table: int64, (8, 8), the file's own luma table.
    """
    own = 0.0 if table is None else float((table.ravel()[1:] ** 2).mean())
    blur = max(_LEAST_BLUR, _BLUR_A_STEP * np.sqrt((1 + own) / 12))
    quality = _likeliest(counts, phase, blur)
    ratio = None
    if table is not None:
        ratio = float((table.ravel() / np.array(scaled(LUMINANCE, quality))).mean())
    return FirstTable(quality, ratio, table_fits(counts, quality))


def _likeliest(counts: Counts, phase: int, blur: float) -> int:
    """Return the quality under whose steps the moduli at a phase are likeliest.

    With step q, the distribution of a band over the other phases is gathered at the multiples of
    q, and blurred by a normal distribution.
    """
    tables, bands = _tables()
    moduli = counts.ac[:, :, bands - 1, :-1].sum(axis=1, dtype=np.float64)
    here = moduli[phase]
    usual = moduli.sum(axis=0) - here + 1e-3
    usual /= usual.sum(axis=1, keepdims=True)
    likelihood = np.zeros(len(QUALITIES))
    blurred = _blurred(blur)
    for step in np.unique(tables):
        comb = usual @ blurred[_nearest(int(step))]
        comb *= (1 - _OTHERWISE) / np.maximum(comb.sum(axis=1, keepdims=True), 1e-9)
        comb += _OTHERWISE * usual
        bands_likelihood = (here * np.log(comb / usual)).sum(axis=1)
        likelihood += (tables == step) @ bands_likelihood
    return QUALITIES[int(likelihood.argmax())]


def _blurred(blur: float) -> NDArray[np.float64]:
    """Return into which bins a modulus of 0, 1, 2, … goes once it is blurred: (moduli, bins)."""
    edges = ac_edges()
    low, high, place = edges[:-1], edges[1:], np.arange(_MULTIPLES)[:, None]
    upper = ndtr((high - place) / blur) - ndtr((low - place) / blur)
    return np.asarray(upper + ndtr((-low - place) / blur) - ndtr((-high - place) / blur))


def _nearest(step: int) -> NDArray[np.intp]:
    """Return the multiple of a step that is nearest to each bin: (bins,)."""
    edges = ac_edges()
    multiples = np.rint((edges[:-1] + edges[1:]) / 2 / step) * step
    return np.asarray(np.minimum(multiples, _MULTIPLES - 1), np.intp)


def table_fits(counts: Counts, quality: int) -> NDArray[np.float64]:
    """Return how well the coefficients of each phase fit an IJG table.

    For a class of activity and a band with step q it is (m − M) √n / s as in the phase evidence,
    unbounded: m the mean of cos(2πc/q) at the phase, M that of all phases. The sum over low AC
    bands and classes, each class weighted by the root of its windows, as the expected deviation
    grows with it, is divided by its standard deviation if all terms were independent.

    Returns:
        float64, (64 phases,).
    """
    tables, bands = _tables()
    steps = tables[QUALITIES.index(quality)]
    weights = np.sqrt(counts.windows.astype(np.float64))
    fits = np.zeros(len(counts.ac))
    for band, step in zip(bands, steps, strict=True):
        fits += _deviations(counts.ac[:, :, band - 1], _cosine(int(step))) @ weights
    return np.asarray(fits / max(np.sqrt(len(bands) * (weights**2).sum()), 1.0))


def _deviations(counts: NDArray[np.uint32], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the deviations of one band: (64 phases, classes, bins) to (64, classes)."""
    pooled = counts.sum(axis=0, dtype=np.float64)
    total = np.maximum(pooled.sum(axis=-1), 1)
    mean = pooled @ kernel / total
    variance = np.maximum(pooled @ kernel**2 / total - mean**2, _LEAST_VARIANCE)
    number = counts.sum(axis=-1, dtype=np.float64)
    return np.asarray((counts @ kernel - number * mean) / np.sqrt(np.maximum(number, 1) * variance))


@lru_cache(maxsize=1)
def _tables() -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the steps of the candidate tables in the bands that count, and those bands.

    Returns:
        (tables, bands), and (bands,), as 8v + u.
    """
    v, u = np.divmod(np.arange(64), 8)
    bands = np.flatnonzero((u + v > 0) & (u + v <= _HIGHEST_BAND))
    return np.array([scaled(LUMINANCE, quality) for quality in QUALITIES])[:, bands], bands


@lru_cache(maxsize=128)
def _cosine(step: int) -> NDArray[np.float64]:
    """Return cos(2πc/q) in the middle of each bin: (bins,); 0 beyond the last edge."""
    edges = ac_edges()
    middles = (edges[:-1] + edges[1:]) / 2
    return np.append(np.cos(2 * np.pi * middles / step), 0.0)
