"""One line of an evaluation: what one network, refined or not, said of one picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from locard.evaluation.rows import PixelScores

AREAS: Final = ((0.0, 0.02), (0.02, 0.1), (0.1, 0.3), (0.3, 1.0))
"""Bands of the tampered share: above the first number, up to the second."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture under one treatment.

    Attributes:
        set: Name of its data set.
        sample: Its name in there.
        kind: ``authentic``, ``splice``, ``copy-move``, …
        group: Pictures that share a source share this.
        treatment: What was done to it; ``none`` for nothing.
        width: In pixels, as it was shown.
        height: In pixels.
        share: Tampered share; None where the truth is missing.
        file: One of :data:`~locard_semi_global.evaluation.kinds.FILES`; None if none of them.
        size: One of :data:`~locard_semi_global.evaluation.kinds.SIZES`.
        held_out: Whether it is reported as test: then it sets no threshold.
        facts: What the data set says of it, as far as figures are asked for by that.
    """

    set: str
    sample: str
    kind: str
    group: str
    treatment: str
    width: int
    height: int
    share: float | None
    file: str | None
    size: str
    held_out: bool = False
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def tampered(self) -> bool:
        """Whether anybody tampered with it."""
        return self.kind != "authentic"

    @property
    def source(self) -> str:
        """Its kind of source in words."""
        return f"{self.file or 'unknown'}, {self.size}"

    @property
    def area(self) -> str | None:
        """Its band of :data:`AREAS` in words; None where it is authentic or without truth."""
        if not self.tampered or not self.share:
            return None
        return next(area_words(*band) for band in AREAS if self.share <= band[1])


def area_words(low: float, high: float) -> str:
    """Return a band of the tampered share in words."""
    if not low:
        return f"up to {high:.0%}"
    return f"{low:.0%} to {high:.0%}" if high < 1 else f"above {low:.0%}"


@dataclass(frozen=True, slots=True)
class Row:
    """What was said of a picture.

    Attributes:
        shown: The picture.
        network: Name of the network.
        without: Groups of traces that were taken out, sorted.
        refined: Whether the map was refined by the CRF.
        score: Of the picture, from the map before.
        statistics: Others that might be its score, by name.
        scores: How the map agrees with the truth; None where that is missing.
    """

    shown: Shown
    network: str
    without: tuple[str, ...]
    refined: bool
    score: float
    statistics: Mapping[str, float]
    scores: PixelScores | None

    @property
    def method(self) -> tuple[str, tuple[str, ...], bool]:
        """What said it."""
        return self.network, self.without, self.refined


_FACTS: Final = (
    *("set", "sample", "kind", "group", "treatment", "width", "height", "share", "file", "size"),
)
_FIGURES: Final = ("f1", "mcc", "iou", "best_f1", "best_threshold", "auc", "flipped", "marked")


def to_csv(rows: Iterable[Row]) -> str:
    """Return rows as CSV, for whoever wants to look at single pictures."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*_FACTS, "network", "without", "refined", "score", *_FIGURES])
    for row in rows:
        facts = [getattr(row.shown, name) for name in _FACTS]
        figures = [getattr(row.scores, name) if row.scores else None for name in _FIGURES]
        without = " ".join(row.without)
        writer.writerow([*facts, row.network, without, row.refined, row.score, *figures])
    return file.getvalue()
