"""From rows to figures: means over pictures, with 95 % intervals over their sources.

Pixel figures are per-image means; an interval is the cluster bootstrap's. Shares of pictures that
are flagged have the hull of that and of what the number of sources alone allows, as in all of
Locard's evaluations (:mod:`locard.evaluation.metrics.proportions`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.evaluation.metrics.bootstrap import RESAMPLES, bounds, means, numbered, resamples
from locard.evaluation.metrics.image import roc_auc
from locard.evaluation.metrics.proportions import clopper_pearson, hull
from locard_semi_global.evaluation.kinds import FILES, SIZES
from locard_semi_global.evaluation.results import (
    FigureResult,
    MethodResult,
    ScoreResult,
    ThresholdResult,
)
from locard_semi_global.evaluation.rows import AREAS, area_words
from locard_semi_global.evaluation.statistics import NAMES
from locard_semi_global.evaluation.thresholds import Scored, crossed, cuts, thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_semi_global.evaluation.rows import Row
    from locard_semi_global.evaluation.thresholds import Threshold

PIXELS: Final = ("f1", "mcc", "best_f1", "iou", "auc", "flipped")
"""Figures of tampered pictures: F1, signed MCC and IoU where the map is above 0.5; F1 at each
picture's best threshold; area under the pixel ROC curve; share of pictures whose inverted map has
the better best F1."""

MARKED: Final = "marked"
"""Share of the pixels of authentic pictures that are above 0.5."""

GAIN: Final = "f1_gain"
"""F1 less that of the same network's own map with all traces, picture by picture."""

FLAGGED: Final = "flagged"
"""Share of pictures whose score reaches a threshold of 5 % false alarms that other photographs
set; of authentic pictures the false alarms, of tampered ones those that are found."""

ALL_TAMPERED, AUTHENTIC = "tampered", "authentic"

SCORE: Final = "score"
"""The network's own score, among the statistics."""

_LEAST = 10  # authentic and tampered pictures from which on scores are compared


def figures(rows: Sequence[Row]) -> Iterator[FigureResult]:
    """Yield all figures of all parts.

    Args:
        rows: Of all pictures.
    """
    known = _Known(_flagged(rows), _own_f1(rows))
    for (set_name, treatment, method), some in _grouped(rows).items():
        result = MethodResult(network=method[0], without=method[1], refined=method[2])
        for part, chosen in parts(some):
            columns = _columns(chosen, known)
            for name, (value, low, high, images) in _means(columns, chosen).items():
                yield FigureResult(
                    set=set_name,
                    treatment=treatment,
                    part=part,
                    method=result,
                    figure=name,
                    value=value,
                    low=low,
                    high=high,
                    images=images,
                    left_out=len(chosen) - images,
                )


def parts(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Yield names of parts and their rows: all tampered, by kind, by area, authentic.

    Where several kinds of source are there, authentic pictures of each; then by facts.
    """
    tampered = [row for row in rows if row.shown.tampered]
    kinds = sorted({row.shown.kind for row in tampered})
    areas = [area_words(*band) for band in AREAS]
    found = {
        ALL_TAMPERED: tampered,
        **{kind: [row for row in tampered if row.shown.kind == kind] for kind in kinds},
        **{f"area {area}": [row for row in tampered if row.shown.area == area] for area in areas},
        AUTHENTIC: [row for row in rows if not row.shown.tampered],
    }
    yield from ((name, some) for name, some in found.items() if some)
    sources = sorted({row.shown.source for row in found[AUTHENTIC]})
    if len(sources) > 1:
        for source in sources:
            yield (
                f"{AUTHENTIC}, {source}",
                [row for row in found[AUTHENTIC] if row.shown.source == source],
            )
    for fact in sorted({fact for row in rows for fact in row.shown.facts}):
        for name in (ALL_TAMPERED, AUTHENTIC):
            if some := [row for row in found[name] if fact in row.shown.facts]:
                yield f"{name}, {' '.join(fact)}", some


def _grouped(
    rows: Iterable[Row],
) -> dict[tuple[str, str, tuple[str, tuple[str, ...], bool]], list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row.shown.set, row.shown.treatment, row.method].append(row)
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What figures of a picture need beside its row, by :func:`_identity`.

    Attributes:
        flagged: Whether its score reaches its threshold; not of kinds without one.
        own_f1: F1 of the network's own map with all traces, by set, name, treatment and network.
    """

    flagged: Mapping[tuple[object, ...], bool]
    own_f1: Mapping[tuple[object, ...], float]


def _own_f1(rows: Iterable[Row]) -> dict[tuple[object, ...], float]:
    return {
        _identity(row)[:-1]: row.scores.f1
        for row in rows
        if not row.refined and not row.without and row.scores and row.scores.f1 is not None
    }


def _flagged(rows: Sequence[Row]) -> Mapping[tuple[object, ...], bool]:
    """Return whether each picture is flagged, by thresholds of other photographs."""
    found: dict[tuple[object, ...], bool] = {}
    for some in _of_networks(rows).values():
        known = [row for row in some if row.shown.file is not None]
        for row, limit in zip(known, _limits(known, SCORE).tolist(), strict=True):
            if not np.isnan(limit):
                found[_identity(row)] = row.score >= limit
    return found


def _limits(rows: Sequence[Row], statistic: str) -> NDArray[np.float64]:
    """Return each picture's threshold, set by other photographs: those that are not held out."""
    scored = Scored.of(rows, None if statistic == SCORE else statistic)
    held_out = np.array([row.shown.held_out for row in rows], np.bool_)
    setting = scored.part(~held_out)
    limits = cuts(thresholds(setting), scored)
    limits[~held_out] = crossed(setting)
    return limits


def _of_networks(rows: Iterable[Row]) -> dict[tuple[str, tuple[str, ...]], list[Row]]:
    """Return the rows before refinement by network and groups that were taken out."""
    found = defaultdict(list)
    for row in rows:
        if not row.refined:
            found[row.network, row.without].append(row)
    return found


def _identity(row: Row) -> tuple[object, ...]:
    return row.shown.set, row.shown.sample, row.shown.treatment, row.network, row.without


def _columns(rows: Sequence[Row], known: _Known) -> dict[str, NDArray[np.float64]]:
    """Return what each row adds to each figure, NaN if nothing."""
    tampered = rows[0].shown.tampered
    found = {}
    for name in PIXELS if tampered else (MARKED,):
        values = [getattr(row.scores, name) if row.scores else None for row in rows]
        found[name] = np.array([np.nan if v is None else float(v) for v in values])
    if tampered and (rows[0].refined or rows[0].without):
        found[GAIN] = found["f1"] - [known.own_f1.get(_identity(row)[:-1], nan) for row in rows]
    if not rows[0].refined:  # the score is that of the map before
        hits = [known.flagged.get(_identity(row)) for row in rows]
        found[FLAGGED] = np.array([np.nan if hit is None else float(hit) for hit in hits])
    return found


_Figure = tuple[float, float | None, float | None, int]
"""Value, bounds, and how many pictures define it."""


def _means(columns: Mapping[str, NDArray[np.float64]], rows: Sequence[Row]) -> dict[str, _Figure]:
    values = np.column_stack(list(columns.values()))
    groups = numbered([row.shown.group for row in rows])
    drawn = [means(weights, values) for weights in resamples(groups, count=RESAMPLES)]
    low, high = bounds(np.concatenate(drawn))
    found: dict[str, _Figure] = {}
    for place, name in enumerate(columns):
        defined = ~np.isnan(values[:, place])
        if not defined.any():
            continue
        value = float(values[defined, place].mean())
        sources = np.unique(groups[defined]).size
        images = int(defined.sum())
        if name == FLAGGED:
            interval = clopper_pearson(value, sources)
            if not np.isnan(low[place]):
                interval = hull(interval, (float(low[place]), float(high[place])))
            found[name] = value, max(0.0, interval[0]), min(1.0, interval[1]), images
        elif sources < 2 or np.isnan(low[place]):
            found[name] = value, None, None, images
        else:
            found[name] = value, float(low[place]), float(high[place]), images
    return found


def threshold_results(rows: Sequence[Row]) -> Iterator[ThresholdResult]:
    """Yield the thresholds that all pictures together set, by network."""
    for (network, without), some in _of_networks(rows).items():
        if without:
            continue
        for one in thresholds(Scored.of([row for row in some if not row.shown.held_out])):
            yield _threshold(network, one)


def _threshold(network: str, one: Threshold) -> ThresholdResult:
    return ThresholdResult(
        network=network,
        file=one.file,
        size=one.size,
        value=one.value,
        photographs=one.photographs,
        own=one.own,
        pictures=one.pictures,
        false_alarms=one.false_alarms,
        power=one.power,
        tampered=one.tampered,
    )


def score_results(rows: Sequence[Row]) -> Iterator[ScoreResult]:
    """Yield how well each statistic does as a score, by network and kind of source."""
    for (network, without), some in _of_networks(rows).items():
        if without:
            continue
        for statistic in (SCORE, *NAMES):
            known = [row for row in some if row.shown.file is not None]
            scored = Scored.of(known, None if statistic == SCORE else statistic)
            limits = _limits(known, statistic)
            for file, size in np.ndindex(len(FILES), len(SIZES)):
                here = (scored.files == file) & (scored.sizes == size) & ~np.isnan(limits)
                tampered = scored.tampered[here]
                if min(tampered.sum(), (~tampered).sum()) < _LEAST:
                    continue
                auc = roc_auc(scored.scores[here], tampered)
                hits = scored.scores[here] >= limits[here]
                yield ScoreResult(
                    network=network,
                    statistic=statistic,
                    kind=f"{FILES[file]}, {SIZES[size]}",
                    authentic=int((~tampered).sum()),
                    tampered=int(tampered.sum()),
                    auc=0.0 if auc is None else auc,
                    power=float(hits[tampered].mean()),
                )
