"""Tables of localisers, from docs/evaluation/splice-*.json: `locard splice evaluate -o FILE`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from figure_tables import RUNS, table

from locard_semi_global.evaluation import probes, tables
from locard_semi_global.evaluation.results import SpliceResults
from locard_semi_global.evaluation.tables import Table

_TABLES = {
    "areas": tables.by_area,
    "found": tables.found_pictures,
    "gains": tables.gains,
    "marked": tables.marked,
    "paper": tables.paper,
    "probes": probes.table,
    "scores": tables.scores,
    "sources": tables.false_alarms,
    "thresholds": tables.thresholds,
}


@cache
def splice_results(name: str) -> SpliceResults:
    """Return the results of an evaluation of localisers."""
    return SpliceResults.model_validate_json((RUNS / f"{name}.json").read_text(encoding="utf-8"))


def splice(name: str, kind: str) -> str:
    """A table: areas, found, gains, marked, paper, probes, scores, sources or thresholds."""
    return _markdown(_TABLES[kind](splice_results(name)))


def splice_treatments(name: str, figure: str) -> str:
    """A figure by set, kind of tampering and treatment, methods side by side."""
    return _markdown(tables.by_treatment(splice_results(name), figure))


@dataclass(frozen=True)
class Goal:
    """A figure that was aimed at.

    Attributes:
        words: Which pictures.
        result: Which evaluation measured it.
        pictures: Its data set, part and treatment there.
        aims: What was to be reached, and what would be more than that.
    """

    words: str
    result: str
    pictures: tuple[str, str, str]
    aims: tuple[float, float]


_CASIA, _CAMERA = ("splice-casia", "casia1-val"), ("splice-camera", "camera-test")
_GOALS = tuple(
    Goal(words, result, (name, part, treatment), (reach, more))
    for words, (result, name), part, treatment, reach, more in (
        ("CASIA v1 val, splices", _CASIA, "splice", "none", 0.76, 0.82),
        ("CASIA v1 val, copy-moves", _CASIA, "copy-move", "none", 0.66, 0.72),
        ("the same as PNG without header, all", _CASIA, "tampered", "png", 0.66, 0.72),
        ("the same at JPEG 80, splices", _CASIA, "splice", "jpeg-80", 0.40, 0.55),
        ("the same at ¾ size, splices", _CASIA, "splice", "scale-0.75", 0.35, 0.50),
        ("new simulated cameras, lossless", _CAMERA, "tampered", "none", 0.75, 0.85),
        ("the same at JPEG 85", _CAMERA, "tampered", "jpeg-85", 0.55, 0.70),
        ("the same at ¾ size", _CAMERA, "tampered", "scale-0.75", 0.50, 0.65),
    )
)


def splice_goals() -> str:
    """F1 at 0.5 beside what was aimed at."""
    lines = []
    for goal in _GOALS:
        found = splice_results(goal.result)
        cells = []
        for refined in (False, True):
            method = next(m for m in found.methods if m.refined == refined)
            name, part, treatment = goal.pictures
            cells.append(tables.shown(found.find(name, treatment, part, method, "f1")))
        lines.append([goal.words, *cells, *map(tables.short, goal.aims)])
    head = ["F1 at 0.5", "semi-global", "with dense-crf", "aimed at", "ambitious"]
    return table(head, lines)


def splice_sets(*names: str) -> str:
    """What was measured on."""
    sets = {one.name: one for name in names for one in splice_results(name).sets}
    lines = [
        [
            one.name,
            one.layout,
            ", ".join(f"{count} {kind}" for kind, count in one.kinds.items()),
            f"`{one.sha256[:16]}…`",
        ]
        for one in sets.values()
    ]
    return table(["data set", "layout", "pictures", "hash"], lines)


def _markdown(found: Table) -> str:
    return f"{found.title[0].upper()}{found.title[1:]}:\n\n{table(found.head, found.rows)}"


SPLICE_TABLES = {
    function.__name__: function
    for function in (splice, splice_treatments, splice_goals, splice_sets)
}
