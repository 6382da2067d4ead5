"""Photographs that were cropped before anybody took them for uncropped.

A telephone that cuts its sensor's picture to another aspect and stores it again, or an owner who
did, leaves an older grid in the camera's own file. All windows of such a photograph then show the
same moved grid, and its uncropped pictures are no examples of what they are to be: they would set
thresholds so high that nothing is detected. By chance, noise does not agree on one of 63 phases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from locard_kd_crop.evaluation.answers import UNKNOWN
from locard_kd_crop.phase.labels import UNCROPPED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.evaluation.answers import Answers
    from locard_kd_crop.evaluation.pictures import Pictures

LEAST: Final = 3
"""Uncropped pictures that must agree."""

LEAST_SHARE: Final = 0.5
"""Which share of those that are called cropped must agree."""

_OWN = "camera"


@dataclass(frozen=True, slots=True)
class OlderGrid:
    """A photograph with an older grid of its own.

    Attributes:
        photograph: SHA-256 of its file.
        name: The file's name.
        phase: Class of the older grid.
        agree: How many of its uncropped pictures say so.
        images: How many uncropped pictures it has.
    """

    photograph: str
    name: str
    phase: int
    agree: int
    images: int


def older_grids(answers: Answers, pictures: Pictures) -> tuple[OlderGrid, ...]:
    """Return the photographs of which several uncropped pictures show one and the same moved grid.

    Asked are pictures that were cut from the camera's own file along its grid: the older grid is at
    the same phase in all of them.

    Args:
        answers: What a model says; one that does not say where grids begin finds none.
        pictures: Of any split.
    """
    asked = (pictures.labels == UNCROPPED) & (pictures.column("life") == _OWN)
    called = asked & (answers.scores >= 0) & (answers.phases != UNKNOWN)
    photographs = pictures.column("photograph_sha256").tolist()
    phases: dict[str, Counter[int]] = defaultdict(Counter)
    for place in np.flatnonzero(called).tolist():
        phases[photographs[place]][int(answers.phases[place])] += 1
    images = Counter(photographs[place] for place in np.flatnonzero(asked).tolist())
    names = dict(zip(photographs, pictures.column("photograph").tolist(), strict=True))
    found = []
    for photograph, counted in sorted(phases.items()):
        phase, agree = counted.most_common(1)[0]
        if agree >= LEAST and agree >= LEAST_SHARE * counted.total():
            known = OlderGrid(photograph, names[photograph], phase, agree, images[photograph])
            found.append(known)
    return tuple(found)


def pictures_of(found: tuple[OlderGrid, ...], pictures: Pictures) -> NDArray[np.bool_]:
    """Return which pictures were cut from such photographs' own files: bool, shape (n,)."""
    photographs = np.isin(
        pictures.column("photograph_sha256"), [older.photograph for older in found]
    )
    return np.asarray(photographs & (pictures.column("life") == _OWN))
