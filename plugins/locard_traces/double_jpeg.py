"""Double quantisation: where a JPEG that was compressed twice shows only its last compression.

Z. Lin, J. He, X. Tang, C.-K. Tang, "Fast, automatic and fine-grained tampered JPEG image detection
via DCT coefficient analysis", Pattern Recognition 42 (2009), known as ADQ1. Three things differ
from the paper, each documented in docs/methods/double-jpeg.md: periods come with a test of
significance, the histogram is folded over its periods before it is used as a likelihood, and
neighbouring blocks are averaged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy import ndimage

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap, Region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from locard.image import Image

ZIGZAG = (
    *((0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2), (0, 3), (1, 2)),
    *((2, 1), (3, 0), (4, 0), (3, 1), (2, 2), (1, 3), (0, 4)),
)
"""(row, column) of the first 15 DCT coefficients in zig-zag order."""

MAX_FIRST_STEP = 64
"""Largest first quantisation step looked for; quality 50 has none above 24 among the 15."""

MIN_BLOCKS = 64
"""Blocks with any detail that a histogram needs before its shape means anything."""

_MIN_BINS = 12
_TAIL = 0.005
_LOWEST_FREQUENCY = 1 / 16
_ENVELOPE_SIGMA = 1.5
_LEAST_LIKELIHOOD_RATIO = 0.02
_CLIPPED_PIXELS = 4


@dataclass(frozen=True, slots=True)
class Periodicity:
    """The trace of a first quantisation in one coefficient's histogram.

    Attributes:
        coefficient: Index in zig-zag order; 0 is DC.
        period: In histogram bins, at least 2.
        first_step: Smallest first quantisation step that explains the period.
        log10_p: Logarithm of the probability that white noise has so strong a line.
    """

    coefficient: int
    period: int
    first_step: int
    log10_p: float


@dataclass(frozen=True, slots=True, eq=False)
class Quantisation:
    """What the histograms of one image say.

    Attributes:
        evidence: float64, shape (block rows, block columns): logarithm of the likelihood ratio of
            "quantised once" to "quantised twice", summed over the periodic coefficients; zero
            everywhere where none is.
        periodic: The coefficients with a significant period, each judged by itself.
        log10_nfa: Logarithm of the expected number of histograms as periodic as the most periodic
            among 15 of noise: whether the image as a whole was quantised twice.
        blocks: Blocks with any detail.
    """

    evidence: NDArray[np.float64]
    periodic: tuple[Periodicity, ...]
    log10_nfa: float
    blocks: int


@dataclass(frozen=True, slots=True, eq=False)
class BlockRegion:
    """Connected blocks on one side of the decision.

    Attributes:
        blocks: bool, shape (block rows, block columns).
        evidence: Sum of the block evidence over them, in decimal orders of magnitude.
    """

    blocks: NDArray[np.bool_]
    evidence: float


def find_period(
    histogram: NDArray[np.float64], step: int, coefficient: int = 0
) -> Periodicity | None:
    """Find the period that a first quantisation left in a histogram of quantised coefficients.

    The square root steadies the counts' variance; what a Gaussian cannot follow is looked at in
    the Fourier domain. The strongest line above 1/16 is taken for real with the probability of
    Fisher's g statistic (R. A. Fisher, "Tests of significance in harmonic analysis", 1929), and
    only if an integer first step q1 puts a line there, at q2/q1 modulo 1: contrast stretching makes
    combs too, but seldom at such frequencies.

    Args:
        histogram: Counts of consecutive values, shape (n,).
        step: Quantisation step q2 of the file for this coefficient.
        coefficient: Index in zig-zag order, passed on.

    Returns:
        The period, significant or not; None where the histogram is too narrow, or where no first
        quantisation explains the strongest line.
    """
    centre = _central(histogram)
    if centre.size < _MIN_BINS:
        return None
    root = np.sqrt(centre + 0.375)
    ripple = root - ndimage.gaussian_filter1d(root, _ENVELOPE_SIGMA, mode="reflect")
    power = np.abs(np.fft.rfft(ripple)) ** 2
    frequency = np.arange(power.size) / centre.size
    fast = frequency >= _LOWEST_FREQUENCY
    power, frequency = power[fast], frequency[fast]
    if power.sum() <= 0:
        return None
    peak = int(power.argmax())
    first_step = _first_step(ripple, step, float(frequency[peak]))
    if first_step is None:
        return None
    period = first_step // math.gcd(first_step, step)
    log10_p = _log10_fisher_g(float(power[peak] / power.sum()), power.size)
    return Periodicity(coefficient, period, first_step, log10_p)


def _central(histogram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the bins without the sparse tails, half a per cent of the counts on each side."""
    cumulative = np.cumsum(histogram)
    low = int(np.searchsorted(cumulative, _TAIL * cumulative[-1]))
    high = int(np.searchsorted(cumulative, (1 - _TAIL) * cumulative[-1])) + 1
    return histogram[low:high]


def _log10_fisher_g(g: float, lines: int) -> float:
    """Return log10 of the first-order bound on P(largest share of the power ≥ g)."""
    return math.log10(lines) + (lines - 1) * math.log10(max(1 - g, 1e-300))


def _first_step(ripple: NDArray[np.float64], step: int, peak: float) -> int | None:
    """Return the smallest first step whose line at ``step / first`` is the one at ``peak``."""
    candidates = np.arange(2, MAX_FIRST_STEP + 1)
    candidates = candidates[step % candidates != 0]
    lines = step / candidates
    lines = np.abs(lines - np.round(lines))
    candidates = candidates[np.abs(lines - peak) <= 0.75 / ripple.size]
    if candidates.size == 0:
        return None
    waves = np.exp(-2j * np.pi * np.outer(step / candidates, np.arange(ripple.size)))
    strength = np.abs(waves @ ripple)
    return int(candidates[np.argmax(strength >= strength.max() * (1 - 1e-9))])


def folded_ratio(histogram: NDArray[np.float64], lowest: int, period: int) -> NDArray[np.float64]:
    """Return how much likelier each residue is in the histogram than in its smooth envelope.

    The paper's ``h(c) / Σ_period h`` against ``1 / p``, with the counts of all periods pooled: a
    photograph of 1,500 blocks has too few in a single bin.

    Args:
        histogram: Counts of consecutive values, shape (n,).
        lowest: The value of the first bin.
        period: In bins.

    Returns:
        Shape (period,): the likelihood ratio of "quantised twice" to "quantised once" for a
        coefficient of value c, at index ``c mod period``.
    """
    kernel = np.full(period, 1 / period)
    if period % 2 == 0:
        # An even window is centred on a bin by giving half a weight to each of its ends.
        kernel = np.concatenate([[0.5], np.ones(period - 1), [0.5]]) / period
    envelope = ndimage.convolve1d(histogram, kernel, mode="nearest")
    residue = (np.arange(histogram.size) + lowest) % period
    seen = np.bincount(residue, histogram, minlength=period)
    expected = np.bincount(residue, envelope, minlength=period)
    ratio: NDArray[np.float64] = np.maximum((seen + 1) / (expected + 1), _LEAST_LIKELIHOOD_RATIO)
    return ratio


def analyse(
    coefficients: NDArray[np.int16],
    table: NDArray[np.integer],
    clipped: NDArray[np.bool_] | None = None,
    log10_p_limit: float = -2.0,
) -> Quantisation:
    """Look for double quantisation in the first 15 coefficients, and weigh each block.

    Args:
        coefficients: Quantised luma DCT, shape (block rows, block columns, 8, 8).
        table: Quantisation steps, shape (8, 8).
        clipped: Blocks that give no evidence, shape (block rows, block columns): see
            :func:`clipped_blocks`.
        log10_p_limit: A coefficient counts as periodic at or below this.

    Returns:
        Evidence and periods.
    """
    # A block without detail has DC 8·grey, which makes a comb of its own where q2 divides 8.
    detailed = coefficients.reshape(*coefficients.shape[:2], 64)[..., 1:].any(axis=-1)
    evidence = np.zeros(coefficients.shape[:2])
    blocks = int(detailed.sum())
    if blocks < MIN_BLOCKS:
        return Quantisation(evidence, (), math.log10(len(ZIGZAG)), blocks)
    periodic: list[Periodicity] = []
    for index, (row, column) in enumerate(ZIGZAG):
        values = coefficients[..., row, column][detailed].astype(np.int64)
        lowest = int(values.min())
        histogram = np.bincount(values - lowest).astype(np.float64)
        found = find_period(histogram, int(table[row, column]), index)
        if found is not None and found.log10_p <= log10_p_limit:
            periodic.append(found)
            ratio = folded_ratio(histogram, lowest, found.period)
            evidence[detailed] -= np.log(ratio)[values % found.period]
    if clipped is not None:
        evidence[clipped] = 0
    log10_nfa = math.log10(len(ZIGZAG)) + min((p.log10_p for p in periodic), default=0.0)
    return Quantisation(evidence, tuple(periodic), log10_nfa, blocks)


def clipped_blocks(pixels: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which blocks hold at least four pixels with a sample of 0 or 255.

    Clipping after the first decompression undoes its quantisation, so such blocks look as if they
    had been compressed only once.

    Args:
        pixels: Shape (H, W, 3).
        shape: Block rows and columns.

    Returns:
        bool, of that shape.
    """
    extreme = np.logical_or(pixels == 0, pixels == 255).any(axis=2)
    height, width = extreme.shape
    padded = np.zeros((shape[0] * 8, shape[1] * 8), dtype=np.bool_)
    padded[:height, :width] = extreme[: padded.shape[0], : padded.shape[1]]
    counts = padded.reshape(shape[0], 8, shape[1], 8).sum(axis=(1, 3))
    return np.asarray(counts >= _CLIPPED_PIXELS)


def strongest_region(
    evidence: NDArray[np.float64], smoothed: NDArray[np.float64]
) -> BlockRegion | None:
    """Return the connected blocks (8 neighbours) of positive smoothed evidence with most of it.

    Args:
        evidence: Shape (block rows, block columns), natural logarithms.
        smoothed: The same, averaged over neighbours.

    Returns:
        The region, or None where no block's smoothed evidence is positive.
    """
    labels, count = ndimage.label(smoothed > 0, structure=np.ones((3, 3)))
    if count == 0:
        return None
    sums = ndimage.sum_labels(evidence, labels, np.arange(1, count + 1))
    best = int(np.argmax(sums))
    return BlockRegion(labels == best + 1, float(sums[best]) / math.log(10))


class Parameters(BaseParameters):
    """Parameters of ``double-jpeg``."""

    max_false_periods: float = Field(
        0.01,
        gt=0,
        le=0.15,
        description="expected number of histograms of noise among 15 that look as periodic as the "
        "most periodic one; above it the outcome is inconclusive",
    )
    smoothing: float = Field(
        2.0,
        ge=0,
        le=8,
        description="standard deviation, in blocks of 8 pixels, of the Gaussian that averages the "
        "evidence of neighbouring blocks; 0 for none",
    )
    min_score: float = Field(
        1.2, gt=0, description="score of a connected region from which it is reported"
    )


class DoubleJpeg(Detector):
    """Finds regions that lack the first of two JPEG compressions."""

    name = "double-jpeg"
    version = "2"
    summary = "Regions of a twice compressed JPEG that show only its last compression"
    method = (
        "A JPEG that is saved again has periodic gaps or peaks in the histograms of its DCT "
        "coefficients; something pasted in between the two savings has not. The period is taken "
        "from the strongest line in the Fourier transform of the histogram, if Fisher's test finds "
        "it significant and a first quantisation explains it. Each 8×8 block is then weighed by "
        "how well its coefficients fit the periodic histogram and how well its smooth envelope. "
        "After Lin, He, Tang and Tang, Pattern Recognition 42 (2009), ADQ1."
    )
    limits = (
        "Says nothing of a JPEG that shows no trace of two compressions: most tampered pictures "
        "whose source was no JPEG, was resized or cropped off its 8×8 grid, or was saved the first "
        "time at a quality equal to, or much higher than, the last. Being compressed twice is "
        "common and innocent. A pasted region that kept the same grid and the same first quality "
        "cannot be told. Clipped blocks and blocks of one colour carry no evidence. Local "
        "denoising, sharpening or drawing after the first compression removes the trace as well "
        "as pasting does."
    )
    score_meaning = (
        "Evidence of the strongest connected region, in decimal orders of magnitude of the "
        "likelihood ratio of one compression to two, over the square root of the number of blocks "
        "in the picture, with which chance evidence grows. Coefficients are not as independent as "
        "the ratio takes them to be: compare the score with the threshold of 1.2, do not read it "
        "as a probability. 0 where there is no region or no trace of two compressions."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "blocks": "Blocks with any detail, on whose histograms everything rests.",
        "log10_false_periods": "Logarithm of the number of histograms among 15 that chance makes "
        "as periodic as the most periodic one.",
        "periodic": "The periodic coefficients: index in zig-zag order, period in bins, smallest "
        "first quantisation step that explains it, logarithm of its p-value.",
        "region_blocks": "Blocks of the strongest connected region.",
        "region_evidence": "Its evidence, in decimal orders of magnitude.",
        "suspicious_share": "Share of all blocks whose averaged evidence is for one compression.",
    }
    Parameters = Parameters
    needs = Needs(jpeg=True)
    budget = Budget(
        seconds=0.5, seconds_per_megapixel=0.5, mebibytes=60, mebibytes_per_megapixel=60
    )

    def examine(self, image: Image) -> Finding:
        """Weigh every block of the luma."""
        rows, columns = -(-image.height // 8), -(-image.width // 8)
        coefficients = image.coefficients[0][:rows, :columns]
        assert image.jpeg is not None  # noqa: S101  declared in needs
        result = analyse(
            coefficients,
            image.jpeg.table(0),
            clipped_blocks(image.pixels, (rows, columns)),
        )
        if result.blocks < MIN_BLOCKS:
            return Finding.inconclusive(
                "too-few-blocks",
                f"Only {result.blocks} blocks have any detail; a histogram needs {MIN_BLOCKS}.",
                score=0.0,
                measurements=_measurements(result),
            )
        if not result.periodic:
            return Finding.inconclusive(
                "single-compression",
                "No histogram of the 15 coefficients is periodic: the picture shows no trace of a "
                "compression before its last, so there is nothing by which this method could tell "
                "one part from another.",
                score=0.0,
                measurements=_measurements(result),
            )
        smoothed = ndimage.gaussian_filter(result.evidence, self.parameters.smoothing)
        heat = HeatMap(_logistic(smoothed), cell=8)
        if result.log10_nfa > math.log10(self.parameters.max_false_periods):
            return Finding.inconclusive(
                "weak-trace",
                f"{len(result.periodic)} of 15 histograms are a little periodic, which chance "
                "brings about too often to say that the picture was compressed twice. The map "
                "shows what would follow if it was.",
                score=0.0,
                map=heat,
                measurements=_measurements(result),
            )
        return self._weigh(result, smoothed, heat, (image.height, image.width))

    def _weigh(
        self,
        result: Quantisation,
        smoothed: NDArray[np.float64],
        heat: HeatMap,
        shape: tuple[int, int],
    ) -> Finding:
        """Decide on a picture that was compressed twice."""
        region = strongest_region(result.evidence, smoothed)
        evidence = max(region.evidence, 0.0) if region is not None else 0.0
        score = evidence / math.sqrt(result.evidence.size)
        rest = {
            "map": heat,
            "measurements": _measurements(result)
            | {
                "suspicious_share": round(float((smoothed > 0).mean()), 4),
                "region_evidence": round(evidence, 2),
                "region_blocks": int(region.blocks.sum()) if region is not None else 0,
            },
        }
        if region is None or score < self.parameters.min_score:
            return Finding.not_detected(
                score,
                "The picture was compressed at least twice, and no region lacks the first "
                "compression clearly enough. That a picture was saved twice says nothing against "
                "it.",
                **rest,
            )
        mask = HeatMap(region.blocks.astype(np.float32), cell=8).at_pixels(*shape) > 0
        return Finding.detected(
            score,
            "The picture was compressed at least twice, but a region shows only the last "
            "compression: it was changed or brought in after the first.",
            mask=mask,
            regions=(_box(region, *shape, score),),
            **rest,
        )


def _logistic(evidence: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return evidence as a probability at even prior odds."""
    return (1 / (1 + np.exp(-np.clip(evidence, -50, 50)))).astype(np.float32)


def _measurements(result: Quantisation) -> dict[str, int | float | list[dict[str, int | float]]]:
    return {
        "blocks": result.blocks,
        "log10_false_periods": round(result.log10_nfa, 2),
        "periodic": [
            {
                "coefficient": p.coefficient,
                "period": p.period,
                "first_step": p.first_step,
                "log10_p": round(p.log10_p, 2),
            }
            for p in result.periodic
        ],
    }


def _box(region: BlockRegion, height: int, width: int, score: float) -> Region:
    """Return the region's bounding box in pixels, cut off at the picture's edge."""
    rows, columns = np.nonzero(region.blocks)
    x, y = int(columns.min()) * 8, int(rows.min()) * 8
    right = min(int(columns.max() + 1) * 8, width)
    bottom = min(int(rows.max() + 1) * 8, height)
    return Region(x, y, right - x, bottom - y, label="one compression only", score=score)
