"""Whole images: how well scores and outcomes tell tampered from authentic ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locard.outcomes import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ANSWERS = (Outcome.DETECTED, Outcome.NOT_DETECTED)


def roc_auc(scores: NDArray[np.float64], tampered: NDArray[np.bool_]) -> float | None:
    """Return the area under the ROC curve: P(tampered > authentic) + P(equal) / 2.

    Args:
        scores: float, shape (images,), no NaN; infinite ones are in order.
        tampered: bool, shape (images,).

    Returns:
        0 to 1; None where either class is absent.

    Raises:
        ValueError: A score is NaN, or the shapes differ.
    """
    if not check_labelled(scores, tampered):
        return None
    false, true = roc_points(scores, tampered)
    return float(np.sum(np.diff(false) * (true[1:] + true[:-1])) / 2)


def roc_points(
    scores: NDArray[np.float64], tampered: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ROC curve: what is flagged at or above each score, from none to all.

    Args:
        scores: float, shape (images,), no NaN.
        tampered: bool, shape (images,); both classes are there.

    Returns:
        False-positive rates and sensitivities, ascending, each shape (distinct scores + 1,), from
        (0, 0) to (1, 1). Images of equal score are flagged together.

    Raises:
        ValueError: A class is absent, a score is NaN, or the shapes differ.
    """
    if not check_labelled(scores, tampered):
        raise ValueError("tampered and authentic images are both needed")
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.append(np.flatnonzero(falling[1:] != falling[:-1]), falling.size - 1)
    true = np.cumsum(tampered[order])[last]
    false = last + 1 - true
    return (
        np.concatenate([[0.0], false / false[-1]]),
        np.concatenate([[0.0], true / true[-1]]),
    )


def equal_error_rate(scores: NDArray[np.float64], tampered: NDArray[np.bool_]) -> float | None:
    """Return the error at which false-positive rate and miss rate are equal.

    Args:
        scores: float, shape (images,): scores or likelihood ratios, no NaN.
        tampered: bool, shape (images,).

    Returns:
        Where the straight lines between the points of the ROC curve meet the diagonal from (0, 1)
        to (1, 0): 0 to 1, and above ½ where the scores run the wrong way; None where
        either class is absent.

    Raises:
        ValueError: A score is NaN, or the shapes differ.
    """
    if not check_labelled(scores, tampered):
        return None
    false, true = roc_points(scores, tampered)
    gap = 1 - true - false  # falls from 1 to -1
    after = int(np.argmax(gap <= 0))
    share = gap[after - 1] / (gap[after - 1] - gap[after])
    return float(false[after - 1] + share * (false[after] - false[after - 1]))


def check_labelled(scores: NDArray[np.float64], tampered: NDArray[np.bool_]) -> bool:
    """Check that scores and labels fit, and return whether both classes are there.

    Raises:
        ValueError: A score is NaN, or shapes or dtype are wrong.
    """
    if scores.ndim != 1 or scores.shape != tampered.shape:
        raise ValueError(f"scores are {scores.shape}, and labels {tampered.shape}")
    if tampered.dtype != np.bool_:
        raise ValueError(f"labels must be bool; they are {tampered.dtype}")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).sum())} of {scores.size} scores are NaN")
    return bool(tampered.any() and not tampered.all())


@dataclass(frozen=True, slots=True)
class VerdictScores:
    """What the outcomes of a step are worth at its shipped threshold.

    Only ``detected`` flags an image. An image on which the step failed or had nothing to say is not
    flagged: it counts as missed where it is tampered, and as no false alarm where it is authentic;
    ``answered`` and ``outcomes`` say how many those are.

    Attributes:
        sensitivity: Share of the tampered images that are flagged; None where there are none.
        specificity: Share of the authentic images that are not flagged; None where there are none.
        false_positive_rate: One minus specificity.
        balanced_accuracy: Mean of sensitivity and specificity; None where either is.
        answered: Share of the images with ``detected`` or ``not_detected``; None without images.
        outcomes: How many images have each outcome, those that none has included.
    """

    sensitivity: float | None
    specificity: float | None
    false_positive_rate: float | None
    balanced_accuracy: float | None
    answered: float | None
    outcomes: Mapping[Outcome, int]


def verdict_scores(
    outcomes: Sequence[Outcome], tampered: Sequence[bool], *, gives_verdict: bool = True
) -> VerdictScores:
    """Score outcomes against the truth.

    Args:
        outcomes: One an image.
        tampered: One an image.
        gives_verdict: Whether the step decides at all; if not, all figures are None, since a step
            that never flags would seem free of false alarms.

    Raises:
        ValueError: The lengths differ.
    """
    counts = Counter(outcomes)
    every = {outcome: counts[outcome] for outcome in Outcome}
    pairs = list(zip(outcomes, tampered, strict=True))
    if not gives_verdict:
        return VerdictScores(None, None, None, None, None, every)
    sensitivity = _share([o is Outcome.DETECTED for o, is_tampered in pairs if is_tampered])
    flagged = _share([o is Outcome.DETECTED for o, is_tampered in pairs if not is_tampered])
    both = sensitivity is not None and flagged is not None
    return VerdictScores(
        sensitivity=sensitivity,
        specificity=None if flagged is None else 1 - flagged,
        false_positive_rate=flagged,
        balanced_accuracy=(sensitivity + 1 - flagged) / 2 if both else None,  # type: ignore[operator]
        answered=_share([outcome in _ANSWERS for outcome in outcomes]),
        outcomes=every,
    )


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None
