"""Chooses parameters of the dense CRF on validation pictures, so that it harms no kind of picture.

Candidates are drawn before any picture is seen, and each is measured on all pictures. The choice is
then a matter of a table of figures: that with the largest mean gain among those that no stratum
loses by. What the choice is worth is measured by cross-validation over groups of pictures that
share a source: each group's gain is that of the candidate which the other groups would choose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_semi_global.evaluation.networks import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIXED: Final[Parameters] = {
    "weight_gamma": 0.0,
    "iterations": 5,
    "confidence": 0.999,
    "pixels_a_cell": 2,
    "working_megapixels": 1.0,
}
"""What all candidates share: no smoothness kernel, which gained nothing beside the other, and
squares of pixels, which lost nothing."""

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "weight_alpha": (2.0, 10.0),
    "sigma_alpha": (20.0, 50.0),
    "sigma_beta": (7.0, 20.0),
    "colour_only": (0.0, 0.8),
}
"""What is searched: weights and widths evenly on a logarithmic scale, the share evenly."""

FEWEST: Final = 8
"""A stratum of fewer pictures does not decide."""

FOLDS: Final = 5

MARKED: Final = 0.001
"""Authentic pictures may be marked on so much more of their area in the mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A picture's figures, before and after refinement by each candidate.

    Attributes:
        stratum: Which pictures it stands with.
        group: Pictures that share a source share this.
        tampered: Whether the figures are F1 at 0.5; of an authentic picture they are the share of
            its pixels that is marked.
        before: Of the unrefined map.
        after: float64, (candidates,).
    """

    stratum: str
    group: str
    tampered: bool
    before: float
    after: NDArray[np.float64]

    @property
    def gains(self) -> NDArray[np.float64]:
        """float64, (candidates,): how much better each candidate makes it, larger being better."""
        change = self.after - self.before
        return change if self.tampered else -change


def candidates(count: int, seed: int) -> tuple[dict[str, float | int | str], ...]:
    """Draw sets of parameters by Latin hypercube sampling (McKay, Beckman and Conover 1979).

    Args:
        count: How many.
        seed: The same seed draws the same.
    """
    from scipy.stats import qmc

    drawn = qmc.LatinHypercube(len(RANGES), seed=seed).random(count)
    return tuple({**FIXED, **_scaled(row)} for row in drawn)


def _scaled(row: NDArray[np.float64]) -> dict[str, float]:
    found = {}
    for (name, (low, high)), share in zip(RANGES.items(), row, strict=True):
        even = name == "colour_only"
        value = low + share * (high - low) if even else low * (high / low) ** share
        found[name] = float(f"{value:.3g}")
    return found


def choose(judged: Sequence[Judged]) -> int | None:
    """Return the number of the best candidate, or None where each harms some stratum.

    Args:
        judged: Pictures, with the same candidates.

    Returns:
        The candidate whose mean gain, strata of tampered pictures weighing the same, is largest,
        among those by which no stratum of tampered pictures loses more than its mean's standard
        error, which many pictures make small and few leave in doubt, and none of authentic
        pictures is marked on more of its area than by :data:`MARKED`. Strata of fewer than
        :data:`FEWEST` pictures are left out.
    """
    strata = _by_stratum(judged)
    tampered = [_gains(some) for some in strata.values() if some[0].tampered]
    authentic = [_gains(some) for some in strata.values() if not some[0].tampered]
    if not tampered:
        return None
    allowed = np.all([some.mean(axis=0) >= -_errors(some) for some in tampered], axis=0)
    for some in authentic:
        allowed &= some.mean(axis=0) >= -MARKED - _errors(some)
    mean = np.where(allowed, np.mean([some.mean(axis=0) for some in tampered], axis=0), -np.inf)
    best = int(np.argmax(mean))
    return best if mean[best] > 0 else None


def _by_stratum(judged: Sequence[Judged]) -> dict[tuple[str, bool], list[Judged]]:
    found: dict[tuple[str, bool], list[Judged]] = {}
    for one in judged:
        found.setdefault((one.stratum, one.tampered), []).append(one)
    return {name: some for name, some in sorted(found.items()) if len(some) >= FEWEST}


def _gains(judged: Sequence[Judged]) -> NDArray[np.float64]:
    return np.array([one.gains for one in judged])


def _errors(gained: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard errors of the mean over pictures, (candidates,)."""
    spread: NDArray[np.float64] = gained.std(axis=0, ddof=1) / math.sqrt(len(gained))
    return spread


def mean_gains(judged: Sequence[Judged]) -> dict[str, NDArray[np.float64]]:
    """Return the mean gain of each candidate, by stratum.

    Returns:
        float64, (candidates,) each, of strata with :data:`FEWEST` pictures.
    """
    return {name: _gains(some).mean(axis=0) for (name, _), some in _by_stratum(judged).items()}


def folds(groups: Sequence[str], count: int = FOLDS) -> NDArray[np.intp]:
    """Divide pictures into folds of about the same size, each group in one.

    Args:
        groups: One a picture.
        count: Number of folds.

    Returns:
        intp, (pictures,): number of each picture's fold.
    """
    names, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    fold_of, filled = np.zeros(len(names), np.intp), np.zeros(count)
    for name in np.argsort(-sizes, kind="stable"):
        fold_of[name] = np.argmin(filled)
        filled[fold_of[name]] += sizes[name]
    return fold_of[number]


def held_out(judged: Sequence[Judged]) -> NDArray[np.float64]:
    """Return each picture's figure after refinement as the other folds would choose it.

    Returns:
        float64, (pictures,): that of the unrefined map where the others choose none.
    """
    fold = folds([one.group for one in judged])
    after = np.array([one.before for one in judged])
    for number in range(FOLDS):
        others = [one for one, its in zip(judged, fold, strict=True) if its != number]
        best = choose(others)
        if best is None:
            continue
        for place in np.flatnonzero(fold == number).tolist():
            after[place] = judged[place].after[best]
    return after


@dataclass(frozen=True, slots=True)
class Gain:
    """What refinement does to a stratum.

    Attributes:
        stratum: Which pictures; ``all tampered`` and ``all authentic`` for all sets together.
        tampered: Whether the figures are F1 at 0.5, or shares of pixels marked.
        images: How many.
        before: Mean of the unrefined maps.
        chosen: Mean with the chosen parameters, on the pictures that they were chosen on.
        held_out: Mean with parameters that were chosen on other folds.
        low: Lower end of the 95 % interval of ``held_out`` less ``before``; None where undefined.
        high: Upper end.
    """

    stratum: str
    tampered: bool
    images: int
    before: float
    chosen: float
    held_out: float
    low: float | None
    high: float | None


def gains(judged: Sequence[Judged], best: int | None) -> tuple[Gain, ...]:
    """Return what refinement does to each stratum, and to all.

    Args:
        judged: Pictures.
        best: Number of the chosen candidate; None for no refinement.
    """
    after = held_out(judged)
    divisions = {(one.stratum, one.tampered): "" for one in judged}
    found = [
        _gain(judged, after, best, name, tampered, name) for name, tampered in sorted(divisions)
    ]
    for tampered, words in ((True, "all tampered"), (False, "all authentic")):
        if any(one.tampered == tampered for one in judged):
            found.append(_gain(judged, after, best, None, tampered, words))
    return tuple(found)


def _gain(
    judged: Sequence[Judged],
    after: NDArray[np.float64],
    best: int | None,
    stratum: str | None,
    tampered: bool,
    words: str,
) -> Gain:
    from locard.evaluation.metrics.bootstrap import mean_interval

    places = [
        place
        for place, one in enumerate(judged)
        if one.tampered == tampered and stratum in (None, one.stratum)
    ]
    some = [judged[place] for place in places]
    change = [float(after[place] - judged[place].before) for place in places]
    interval = mean_interval(change, [one.group for one in some])
    return Gain(
        stratum=words,
        tampered=tampered,
        images=len(some),
        before=math.fsum(one.before for one in some) / len(some),
        chosen=math.fsum(one.before if best is None else float(one.after[best]) for one in some)
        / len(some),
        held_out=math.fsum(float(after[place]) for place in places) / len(some),
        low=interval.low,
        high=interval.high,
    )
