"""Fits mappings from scores to log-likelihood ratios, and measures them on images left out.

Both methods give the classes equal weight, so that the log odds they estimate are log-likelihood
ratios: how many images of each class the data set happens to hold is taken off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from locard.calibration import mappings
from locard.calibration.calibration import CalibrationError
from locard.calibration.stratum import Bounds, Logistic, Performance, Steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

Method = Literal["logistic", "pav"]

FOLDS = 5
LEAST_IMAGES = 20
"""Images of each class; with fewer, bounds are so narrow that nothing is gained."""
LEAST_SOURCES = 5
"""Independent sources of each class, without which nothing can be left out."""
RIDGE = 1.0
"""Penalty on the squared slope, for scores of unit variance. It is next to nothing beside a few
dozen images whose scores overlap, and keeps the slope finite where the classes are separated."""
_SEED = 0


class TooFewError(CalibrationError):
    """There are too few images, or sources of images, of a class."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of images with known answers.

    Attributes:
        scores: float64, shape (n,).
        tampered: bool, shape (n,): whether H1 is true.
        groups: Text, shape (n,): images of one group share a source.
    """

    scores: NDArray[np.float64]
    tampered: NDArray[np.bool_]
    groups: NDArray[np.str_]

    def part(self, places: NDArray[np.intp]) -> Scored:
        """Return some of the images."""
        return Scored(self.scores[places], self.tampered[places], self.groups[places])


@dataclass(frozen=True, slots=True)
class Fit:
    """A mapping, and how it did.

    Attributes:
        mapping: Fitted to all images.
        bounds: From ratios of images that the mapping behind each was not fitted to.
        performance: In cross-validation, bounds included.
        log10_lrs: float64, shape (n,): the bounded ratios of that cross-validation.
    """

    mapping: Logistic | Steps
    bounds: Bounds
    performance: Performance
    log10_lrs: NDArray[np.float64]


def fit(method: Method, data: Scored, least: int = LEAST_IMAGES) -> Fit:
    """Fit a mapping with bounds, and cross-validate the two together.

    In each fold mapping and bounds come from the other folds alone; the bounds are those of ratios
    that were again cross-validated within these. Images of one group are never divided.

    Args:
        method: ``logistic``: two numbers, smooth, for scores whose log odds are about linear;
            ``pav``: a step function, which assumes nothing but that higher scores mean more.
        data: Scores with answers.
        least: Least number of images of each class.

    Raises:
        TooFewError: There are too few images or sources of a class.
        CalibrationError: scikit-learn is not installed.
    """
    check_enough(data, least)
    mapping, bounds = _bounded(method, data)
    ratios, folds = np.empty(data.scores.size), 0
    for rest, left_out in _folds(data):
        theirs, limits = _bounded(method, data.part(rest))
        raw = theirs.log10_lrs(data.scores[left_out])
        ratios[left_out] = np.clip(raw, limits.lower, limits.upper)
        folds += 1
    return Fit(mapping, bounds, performance(ratios, data.tampered, folds), ratios)


def performance(
    log10_lrs: NDArray[np.float64], tampered: NDArray[np.bool_], folds: int
) -> Performance:
    """Return the cost of log-likelihood ratios, and what perfect calibration makes of it."""
    from locard.evaluation.metrics.likelihood import cllr, min_cllr

    return Performance(
        cllr=cllr(log10_lrs, tampered), cllr_min=min_cllr(log10_lrs, tampered), folds=folds
    )


def check_enough(data: Scored, least: int) -> None:
    """Raise where a class has too few images, or they come from too few sources.

    Raises:
        TooFewError: Says which class and how many there are.
    """
    for words, those in (("tampered", data.tampered), ("authentic", ~data.tampered)):
        images, sources = int(those.sum()), len(set(data.groups[those]))
        if images < least:
            raise TooFewError(
                f"{images} {words} images have a score, and calibration needs {least}",
                "Use a larger data set, or divide it into fewer strata.",
            )
        if sources < LEAST_SOURCES:
            raise TooFewError(
                f"the {words} images come from {sources} sources, and calibration needs "
                f"{LEAST_SOURCES}, so that some can be left out",
                "Use a data set with more sources, or divide it into fewer strata.",
            )


def fit_logistic(data: Scored) -> Logistic:
    """Fit a logistic regression of the class on the score.

    The classes have equal weight, so that at even odds the fitted log odds are the log-likelihood
    ratio (Brümmer and du Preez, 2006). The slope is not negative: where higher scores are rarer
    among tampered images the ratio is 1 for every score.

    Args:
        data: Scores with answers, both classes present.
    """
    model = _sklearn("linear_model").LogisticRegression(
        C=1 / RIDGE, class_weight="balanced", solver="newton-cholesky", tol=1e-8, max_iter=1000
    )
    mean, spread = float(data.scores.mean()), float(data.scores.std())
    if spread == 0:
        return Logistic(slope=0.0, intercept=0.0)
    model.fit(((data.scores - mean) / spread)[:, None], data.tampered)
    slope = float(model.coef_[0, 0]) / spread / np.log(10)
    if slope <= 0:
        return Logistic(slope=0.0, intercept=0.0)
    return Logistic(slope=slope, intercept=float(model.intercept_[0]) / np.log(10) - slope * mean)


def fit_steps(data: Scored) -> Steps:
    """Fit a step function by pool-adjacent-violators (isotonic regression).

    The classes have equal weight. One authentic image is added above all scores and one tampered
    image below, as ELUB adds them: without, the ends would be infinite.

    Args:
        data: Scores with answers, both classes present.
    """
    scores = np.concatenate([data.scores, [data.scores.max() + 1, data.scores.min() - 1]])
    tampered = np.concatenate([data.tampered, [False, True]])
    share = tampered.mean()
    weights = np.where(tampered, 1 - share, share)
    model = _sklearn("isotonic").IsotonicRegression(y_min=0, y_max=1)
    odds = model.fit_transform(scores, tampered.astype(np.float64), sample_weight=weights)
    places = np.unique(scores, return_index=True)[1]
    points, probabilities = scores[places], odds[places]
    # Steps that differ by rounding alone are one step.
    begins = np.flatnonzero(np.diff(probabilities) > 1e-12) + 1
    below, above = points[begins - 1], points[begins]
    middle = below + (above - below) / 2
    thresholds = np.where(middle > below, middle, above)
    values = probabilities[np.concatenate([[0], begins])]
    ratios = np.log10(values) - np.log10(1 - values)
    return Steps(thresholds=tuple(thresholds.tolist()), values=tuple(ratios.tolist()))


def _bounded(method: Method, data: Scored) -> tuple[Logistic | Steps, Bounds]:
    ratios = np.empty(data.scores.size)
    for rest, left_out in _folds(data):
        mapping = _mapping(method, data.part(rest))
        ratios[left_out] = mapping.log10_lrs(data.scores[left_out])
    lower, upper = mappings.elub(ratios, data.tampered)
    return _mapping(method, data), Bounds(lower=lower, upper=upper)


def _mapping(method: Method, data: Scored) -> Logistic | Steps:
    return fit_logistic(data) if method == "logistic" else fit_steps(data)


def _folds(data: Scored) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield places of images to fit to and of those left out, each image left out once."""
    sources = [len(set(data.groups[data.tampered == value])) for value in (True, False)]
    splitter = _sklearn("model_selection").StratifiedGroupKFold(
        n_splits=max(2, min(FOLDS, *sources)), shuffle=True, random_state=_SEED
    )
    for rest, left_out in splitter.split(data.scores, data.tampered, data.groups):
        if len(set(data.tampered[rest])) < 2:
            raise TooFewError(
                "the images of a class come from so few sources that none can be left out",
                "Use a data set with more sources, or divide it into fewer strata.",
            )
        yield rest, left_out


def _sklearn(module: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  it has no types
    """Import a module of scikit-learn, which case work does without."""
    from importlib import import_module

    try:
        return import_module(f"sklearn.{module}")
    except ImportError as error:
        raise CalibrationError(
            f"calibration needs scikit-learn, which cannot be loaded: {error}",
            "Install it with: pip install 'locard[evaluation]'",
        ) from None
