"""Tables of an evaluation, as rows of text: for the terminal and for pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from locard.evaluation.rows import UNTREATED
from locard_semi_global.evaluation.figures import ALL_TAMPERED, AUTHENTIC, FLAGGED, GAIN, MARKED

if TYPE_CHECKING:
    from locard_semi_global.evaluation.results import FigureResult, MethodResult, SpliceResults

NONE: Final = "–"

TITLES: Final = {
    "f1": "F1 at 0.5",
    "mcc": "signed MCC at 0.5",
    "best_f1": "F1 at each picture's best threshold, an upper bound that knows the truth",
    "iou": "IoU at 0.5",
    "auc": "pixel AUC",
    "flipped": "share of pictures whose inverted map would be better",
}
_PRINTED: Final = ("f1", "mcc", "best_f1", "auc")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text.

    Attributes:
        title: What its figures are.
        head: Of the columns.
        rows: As wide as the head.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(results: SpliceResults) -> Iterator[Table]:
    """Yield all tables that the command prints, those with nothing to say left out."""
    found = [
        paper(results),
        *(by_treatment(results, figure) for figure in _PRINTED),
        by_area(results),
        gains(results),
        false_alarms(results),
        found_pictures(results),
        marked(results),
        thresholds(results),
        scores(results),
    ]
    yield from (table for table in found if table.rows)


def paper(results: SpliceResults) -> Table:
    """Return the layout of Cun & Pun (2018): F1 / MCC, a row a method, a column a set.

    Copy-moves are not in the paper's sets: splices and copy-moves have columns of their own where
    a set has both.
    """
    columns = _set_columns(results)
    rows = []
    for method in results.methods:
        cells = [_both(results, set_name, UNTREATED, part, method) for set_name, part in columns]
        if any(cell != NONE for cell in cells):
            rows.append((method.words, *cells))
    head = ("F1 / MCC at 0.5", *(_column(results, *column) for column in columns))
    return Table("mean over pictures, as they are", head, tuple(rows))


def by_treatment(results: SpliceResults, figure: str) -> Table:
    """Return a figure by set, kind and treatment, methods side by side."""
    return _by_part(results, figure, TITLES[figure], _of_kind)


def by_area(results: SpliceResults) -> Table:
    """Return F1 by the tampered share, as the pictures are."""
    return _by_part(
        results,
        "f1",
        f"{TITLES['f1']}, by tampered share of the picture",
        lambda part: part.startswith("area "),
        (UNTREATED,),
    )


def gains(results: SpliceResults) -> Table:
    """Return what the CRF, or a group of traces taken out, does to F1."""
    title = f"{TITLES['f1']}, gain over the network's own map, picture by picture"
    return _by_part(results, GAIN, title, _of_kind)


def false_alarms(results: SpliceResults) -> Table:
    """Return the share of authentic pictures that are flagged, by source."""
    return _by_part(
        results,
        FLAGGED,
        "authentic pictures flagged, at thresholds of 5 % that other photographs set",
        lambda part: part.startswith(AUTHENTIC),
    )


def found_pictures(results: SpliceResults) -> Table:
    """Return the share of tampered pictures that are flagged."""
    return _by_part(
        results,
        FLAGGED,
        "tampered pictures flagged, at the same thresholds",
        _of_kind,
    )


def marked(results: SpliceResults) -> Table:
    """Return the share of pixels that are marked in authentic pictures."""
    return _by_part(
        results,
        MARKED,
        "pixels above 0.5 in authentic pictures, mean share",
        lambda part: part.startswith(AUTHENTIC),
    )


def thresholds(results: SpliceResults) -> Table:
    """Return the thresholds that all pictures together set."""
    head = ("network", "kind of source", "threshold", "photographs", "own alarms", "power")
    rows = tuple(
        (
            one.network,
            one.kind,
            f"{one.value:.2f}",
            f"{one.photographs} ({one.own} own)",
            short(one.false_alarms),
            NONE if one.power is None else f"{short(one.power)} of {one.tampered}",
        )
        for one in results.thresholds
    )
    return Table("thresholds of 5 % false alarms", head, rows)


def scores(results: SpliceResults) -> Table:
    """Return how well statistics of the map tell tampered from authentic pictures."""
    kinds = tuple(dict.fromkeys((one.network, one.kind) for one in results.scores))
    names = tuple(dict.fromkeys(one.statistic for one in results.scores))
    rows = []
    for network, kind in kinds:
        here = {
            one.statistic: one
            for one in results.scores
            if (one.network, one.kind) == (network, kind)
        }
        first = next(iter(here.values()))
        cells = [
            f"{short(here[name].auc)} / {short(here[name].power)}" if name in here else NONE
            for name in names
        ]
        title = f"{network}: {kind} (n = {first.authentic} + {first.tampered})"
        rows.append((title, *cells))
    title = "statistics as scores: image AUC / power at 5 % false alarms"
    return Table(title, ("kind of source", *names), tuple(rows))


def _of_kind(part: str) -> bool:
    return not part.startswith(("area ", AUTHENTIC))


def _by_part(
    results: SpliceResults,
    figure: str,
    title: str,
    wanted: Callable[[str], bool],
    treatments: Sequence[str] | None = None,
) -> Table:
    places = dict.fromkeys(
        (one.set, one.part, one.treatment)
        for one in results.figures
        if one.figure == figure
        and wanted(one.part)
        and (treatments is None or one.treatment in treatments)
    )
    methods = [m for m in results.methods if _any(results, figure, m, places)]
    rows = []
    for set_name, part, treatment in places:
        found = [results.find(set_name, treatment, part, m, figure) for m in methods]
        images = next(one.images for one in found if one)
        under = "" if treatment == UNTREATED else f", {treatment}"
        rows.append((f"{set_name}, {part}{under} (n = {images})", *map(shown, found)))
    return Table(title, ("pictures", *(method.words for method in methods)), tuple(rows))


def _any(
    results: SpliceResults,
    figure: str,
    method: MethodResult,
    places: dict[tuple[str, str, str], None],
) -> bool:
    return any(
        one.method == method
        and one.figure == figure
        and (one.set, one.part, one.treatment) in places
        for one in results.figures
    )


def _set_columns(results: SpliceResults) -> list[tuple[str, str]]:
    """Return the sets with their kinds, or all tampered where there is but one kind."""
    columns = []
    for one in results.sets:
        kinds = [kind for kind in one.kinds if kind != AUTHENTIC]
        parts = kinds if len(kinds) > 1 else [ALL_TAMPERED] * bool(kinds)
        columns += [(one.name, part) for part in parts]
    return columns


def _column(results: SpliceResults, set_name: str, part: str) -> str:
    found = (
        one.images
        for one in results.figures
        if (one.set, one.part, one.treatment, one.figure) == (set_name, part, UNTREATED, "f1")
    )
    images = next(found, 0)
    name = set_name if part == ALL_TAMPERED else f"{set_name}, {part}"
    return f"{name} (n = {images})"


def _both(
    results: SpliceResults, set_name: str, treatment: str, part: str, method: MethodResult
) -> str:
    f1 = results.find(set_name, treatment, part, method, "f1")
    mcc = results.find(set_name, treatment, part, method, "mcc")
    if f1 is None:
        return NONE
    return f"{short(f1.value)} / {NONE if mcc is None else short(mcc.value)}"


def shown(found: FigureResult | None) -> str:
    """Return a figure with its interval: ``.705 (.650–.751)``."""
    if found is None:
        return NONE
    if found.low is None or found.high is None:
        return short(found.value)
    return f"{short(found.value)} ({short(found.low)}–{short(found.high)})"


def short(value: float) -> str:
    """Return three decimals of a share, without the nought before the point."""
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
