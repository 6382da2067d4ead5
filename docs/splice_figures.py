"""Tables of localisers, from docs/evaluation/splice-*.json: `locard splice evaluate -o FILE`."""

from __future__ import annotations

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
    function.__name__: function for function in (splice, splice_treatments, splice_sets)
}
