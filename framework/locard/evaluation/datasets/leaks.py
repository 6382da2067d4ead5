"""The leak check: can facts that are no content tell authentic from tampered images?

In some data sets the two classes were saved by different programs, at different qualities or sizes.
A method that learnt this would look perfect and detect nothing. So a shallow decision tree is given
the facts of the files' headers, and no pixel; where it tells the classes in cross-validation, the
image-level figures of that data set prove nothing until both classes are saved in one way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.header_facts import FEATURES, header_facts
from locard.evaluation.metrics.proportions import clopper_pearson, hull, mean_of_two
from locard.evaluation.results import LeakFinding
from locard.image import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.datasets.base import Sample
    from locard.evaluation.datasets.loading import Dataset

TOGETHER = "all together"
"""Name of the finding on all facts at once."""

MARGIN = 0.05
"""A feature leaks where the lower bound of its balanced accuracy is above one half by more."""

FOLDS = 5
"""Of the cross-validation, and the least number of groups that must hold images of each class: on
fewer, telling them apart may be luck."""

DEPTH = 4
"""Of the tree: deep enough for a handful of programs, too shallow to learn images by heart."""

DRAWS = 1000
"""Of the bootstrap over groups."""

_SEED = 6


Facts = Callable[["Sample"], Sequence[float]]
"""Numbers that a data set states of an image: as many for each, and none of them its content."""


def find_leaks(
    dataset: Dataset, stated: Mapping[str, Facts] | None = None
) -> tuple[LeakFinding, ...]:
    """Check whether headers tell the classes of a data set.

    Args:
        dataset: The data set.
        stated: Further features that must not tell the classes, by name.

    Returns:
        One of all facts together and one a feature; none where fewer than five groups hold
        authentic images, or fewer than five tampered ones.

    Raises:
        LocardError: scikit-learn is not installed.
    """
    tampered = np.array([sample.tampered for sample in dataset.samples])
    groups = np.unique(
        [f"group {s.group}" if s.group else f"image {s.name}" for s in dataset.samples],
        return_inverse=True,
    )[1]
    if any(len(np.unique(groups[of_class])) < FOLDS for of_class in (tampered, ~tampered)):
        return ()
    rows = [header_facts(Image.from_path(sample.path)) for sample in dataset.samples]
    tables = {name: np.array([row[name] for row in rows], np.float64) for name in FEATURES}
    for name, facts in (stated or {}).items():
        tables[name] = np.array([facts(sample) for sample in dataset.samples], np.float64)
    tables = {TOGETHER: np.hstack(list(tables.values())), **tables}
    return tuple(_finding(name, table, tampered, groups) for name, table in tables.items())


def separability(
    features: NDArray[np.float64],
    tampered: NDArray[np.bool_],
    groups: NDArray[np.intp],
) -> tuple[float, float, float]:
    """Return how well a shallow decision tree tells two classes it has not seen.

    The tree (CART, depth 4, classes weighted equally) is trained and tried in stratified five-fold
    cross-validation in which a group is never on both sides. Its answers of all folds together give
    the balanced accuracy; the interval is a percentile bootstrap over groups, for images of a group
    are not independent, widened to what so few groups can tell at best
    (:mod:`locard.evaluation.metrics.proportions`).

    Args:
        features: float64, shape (images, features).
        tampered: bool, shape (images,).
        groups: integers from 0, shape (images,); five or more must hold each class.

    Returns:
        Balanced accuracy, and the bounds of its 95 % interval.

    Raises:
        LocardError: scikit-learn is not installed.
    """
    right = _predicted(features, tampered, groups) == tampered
    # For each group: authentic ones told right, authentic ones, and the same of tampered ones.
    counts = np.zeros((groups.max() + 1, 4))
    for column, of_class in ((0, ~tampered), (2, tampered)):
        np.add.at(counts[:, column], groups[of_class], right[of_class])
        np.add.at(counts[:, column + 1], groups[of_class], 1)
    random = np.random.default_rng(_SEED)
    evenly = np.full(len(counts), 1 / len(counts))
    drawn = random.multinomial(len(counts), evenly, DRAWS).astype(np.float64) @ counts
    both = drawn[(drawn[:, 1] > 0) & (drawn[:, 3] > 0)]
    low, high = np.quantile(_balanced(both), (0.025, 0.975))
    total = counts.sum(axis=0)
    authentic, of_tampered = float(total[0] / total[1]), float(total[2] / total[3])
    few = mean_of_two(
        authentic,
        clopper_pearson(authentic, int(np.count_nonzero(counts[:, 1]))),
        of_tampered,
        clopper_pearson(of_tampered, int(np.count_nonzero(counts[:, 3]))),
    )
    return (authentic + of_tampered) / 2, *hull((float(low), float(high)), few)


def _finding(
    name: str, table: NDArray[np.float64], tampered: NDArray[np.bool_], groups: NDArray[np.intp]
) -> LeakFinding:
    value, low, high = separability(table, tampered, groups)
    return LeakFinding(
        feature=name,
        balanced_accuracy=value,
        low=low,
        high=high,
        leaks=low > 0.5 + MARGIN,
    )


def _balanced(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the two classes' recalls, for rows of four counts."""
    halves: NDArray[np.float64] = (
        counts[..., 0] / counts[..., 1] + counts[..., 2] / counts[..., 3]
    ) / 2
    return halves


def _predicted(
    features: NDArray[np.float64], tampered: NDArray[np.bool_], groups: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Return what trees that were trained on the other folds say of each image."""
    try:
        from sklearn.model_selection import StratifiedGroupKFold
        from sklearn.tree import DecisionTreeClassifier
    except ImportError:
        raise LocardError(
            "the leak check needs scikit-learn", "Install locard[evaluation]."
        ) from None
    answers = np.zeros(len(tampered), np.bool_)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=_SEED)
    for known, unknown in folds.split(features, tampered, groups):
        tree = DecisionTreeClassifier(
            max_depth=DEPTH, class_weight="balanced", random_state=_SEED
        ).fit(features[known], tampered[known])
        answers[unknown] = tree.predict(features[unknown])
    return answers
