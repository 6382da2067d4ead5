"""Logistic regression on the plain maxima: what any trained network has to be better than."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.building import parallel
from locard.evaluation.runs.side_work import WorkFailedError, outcome_of
from locard.text import printable
from locard_kd_crop.evaluation.kept import kept_array, save
from locard_kd_crop.evaluation.models import EVIDENCE_MACS, Advance, Costs
from locard_kd_crop.evaluation.plain import FEATURES, VERSION, PhaseMaps, phase_maps
from locard_kd_crop.phase.evidence import count
from locard_kd_crop.phase.labels import CLASSES, NO_GRID, UNCROPPED, label_of
from locard_kd_crop.phase.luma import luma_of
from locard_kd_crop.phase.windows import PHASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.image import Image
    from locard_kd_crop.phase.samples import Samples

NAME: Final = "plain maxima"

MOST_TRAINING: Final = 1500
"""Training pictures that ten numbers are fitted to."""

_SEED = 0
_NEVER = -1e3  # logit of a class that the baseline does not know
_BYTES_A_VALUE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """A logistic regression: log odds = weights · features + intercept.

    Attributes:
        weights: float64, (4,), see :data:`~locard_kd_crop.evaluation.plain.FEATURES`.
        intercept: In nats.
    """

    weights: NDArray[np.float64]
    intercept: float

    def log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return log odds of pictures, (n,), from their features, (n, 4)."""
        return np.asarray(features @ self.weights + self.intercept)


def fit(features: NDArray[np.float64], moved: NDArray[np.bool_]) -> Regression:
    """Fit to training pictures.

    Args:
        features: float64, (n, 4).
        moved: bool, (n,).

    Raises:
        LocardError: A class is absent, or scikit-learn is not installed.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise LocardError(
            "the baseline needs scikit-learn", "Install it with: pip install 'locard[evaluation]'"
        ) from None
    if not moved.any() or moved.all():
        raise LocardError(
            "the baseline needs cropped and uncropped training pictures, lossless and JPEG",
            "Build larger data sets, or leave the baseline out with --no-baseline.",
        )
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(max_iter=1000)
    model.fit((features - mean) / spread, moved)
    weights = model.coef_[0] / spread
    return Regression(weights, float(model.intercept_[0] - weights @ mean))


class PlainMaxima:
    """The baseline as a model: one regression for lossless files, one for JPEG.

    Args:
        lossless: Of lossless files.
        jpeg: Of JPEG files.
        cache: Folder that keeps features.
        workers: Number of processes.
    """

    name = NAME

    def __init__(self, lossless: Regression, jpeg: Regression, cache: Path, workers: int) -> None:
        self._regressions = (lossless, jpeg)
        self._cache, self._workers = cache, workers
        known = hashlib.sha256(VERSION.encode())
        for one in self._regressions:
            known.update(one.weights.tobytes() + np.float64(one.intercept).tobytes())
        self.key = known.hexdigest()
        parameters = 2 * (len(FEATURES) + 1)
        self.costs = Costs(parameters, parameters, EVIDENCE_MACS, parameters * _BYTES_A_VALUE)

    @classmethod
    def fitted(
        cls, training: Sequence[Mapping[str, str]], cache: Path, workers: int, advance: Advance
    ) -> PlainMaxima:
        """Fit the baseline to training pictures, of many to some drawn at random.

        Args:
            training: Lines of manifests, with ``set``.
            cache: Folder that keeps features.
            workers: Number of processes.
            advance: Told how far it is.

        Raises:
            LocardError: A class is absent, or scikit-learn is missing.
        """
        places = np.sort(np.random.default_rng(_SEED).permutation(len(training))[:MOST_TRAINING])
        some = [training[place] for place in places.tolist()]
        maps = maps_of(some, cache, workers, advance)
        readable = np.flatnonzero(~np.isnan(maps).any(axis=(1, 2)))
        some = [some[place] for place in readable.tolist()]
        features = _features(maps[readable])
        labels = np.array([label_of(facts) for facts in some], np.int64)
        moved = (labels != UNCROPPED) & (labels != NO_GRID)
        lossless = np.array([not facts["last_tables"] for facts in some], np.bool_)
        first, second = (fit(features[kind], moved[kind]) for kind in (lossless, ~lossless))
        return cls(first, second, cache, workers)

    def logits(self, samples: Samples, advance: Advance) -> NDArray[np.float64]:
        """Return logits: float64, (n, 65).

        Raises:
            LocardError: A picture cannot be read any more.
        """
        rows = [row.facts for row in samples.rows]
        maps = maps_of(rows, self._cache, self._workers, advance)
        if unreadable := np.flatnonzero(np.isnan(maps).any(axis=(1, 2))).tolist():
            raise LocardError(
                f"{len(unreadable)} pictures cannot be read, such as "
                f"{printable(rows[unreadable[0]]['path'])}",
                "Run the data set's build again, which makes missing and damaged pictures anew.",
            )
        return self._logits(maps, samples.tables[:, 0] <= 0)

    def examine(self, image: Image) -> NDArray[np.float64]:
        """Return the logits of one picture: float64, (1, 65)."""
        from locard_kd_crop.phase.luma import luma_table

        maps = _as_array(phase_maps(count(luma_of(image))))
        return self._logits(maps[None], np.array([luma_table(image) is None]))

    def _logits(
        self, maps: NDArray[np.float64], lossless: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        features = _features(maps)
        first, second = (one.log_odds(features) for one in self._regressions)
        odds = np.where(lossless, first, second)
        together = maps.max(axis=1)[:, 1:]
        found = np.full((len(maps), CLASSES), _NEVER)
        found[:, UNCROPPED] = 0
        likely = together - np.logaddexp.reduce(together, axis=1)[:, None]
        found[:, 1:PHASES] = odds[:, None] + likely
        return found


def _features(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([PhaseMaps(zeros, lattice).maxima for zeros, lattice in maps])


def _as_array(maps: PhaseMaps) -> NDArray[np.float64]:
    return np.stack([maps.zeros, maps.lattice])


def maps_of(
    rows: Sequence[Mapping[str, str]], cache: Path, workers: int, advance: Advance
) -> NDArray[np.float64]:
    """Return Z and Lat of pictures, from the cache where they are there.

    Args:
        rows: Lines of manifests, with ``set``.
        cache: Folder that keeps them.
        workers: Number of processes.
        advance: Told how far it is.

    Returns:
        float64, (n, 2, 64); NaN of pictures that cannot be read, of which ``advance`` is told.

    Raises:
        LocardError: The cache cannot be written.
    """
    hashes = "".join(facts["sha256"] for facts in rows)
    key = hashlib.sha256(f"{VERSION} {hashes}".encode()).hexdigest()[:16]
    kept = cache / f"plain-{key}.npy"
    if (found := kept_array(kept, (len(rows), 2, PHASES))) is not None:
        return found
    found = _computed([Path(facts["set"]) / facts["path"] for facts in rows], workers, advance)
    if not np.isnan(found).any():
        save(kept, found)
    return found


def _computed(files: Sequence[Path], workers: int, advance: Advance) -> NDArray[np.float64]:
    found = np.empty((len(files), 2, PHASES))
    tasks = list(enumerate(map(str, files)))
    for done, (task, outcome) in enumerate(parallel(_look, tasks, workers), start=1):
        try:
            found[task[0]] = outcome_of(outcome)
        except (LocardError, WorkFailedError) as error:
            found[task[0]] = np.nan
            advance(f"left out: {Path(task[1]).name}: {error.message}", done, len(tasks))
        advance("computing plain maxima", done, len(tasks))
    return found


def _look(task: tuple[int, str]) -> NDArray[np.float64]:
    from locard.image import Image

    return _as_array(phase_maps(count(luma_of(Image.from_path(task[1])))))
