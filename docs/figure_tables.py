"""Reads docs/evaluation/*.json, and writes figures and tables in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from locard.evaluation.metrics import METRICS
from locard.evaluation.results import Estimate, Results, SubsetResult
from locard.evaluation.rows import UNTREATED

RUNS = Path(__file__).parent / "evaluation"
NONE = "–"
MINUS = "−"

CHART = "chart"
TITLES = {
    CHART: "chart of histories",
    "casia1-val": "CASIA v1, validation part",
    "casia1-val-quick": "CASIA v1, validation part",
    "camera-originals": "straight from cameras",
    "bsds500-val": "BSDS500, validation part",
    "imagenet-sample": "photographs from the web",
    "frame-metadata-tuning": "thresholds",
    "frame-metadata-test": "others",
}


@cache
def results(name: str) -> Results:
    """Return the results of a run."""
    return Results.model_validate_json((RUNS / f"{name}.json").read_text(encoding="utf-8"))


@cache
def extra(name: str) -> dict[str, dict[str, dict[str, float]]]:
    """Return further figures, by run, step and name."""
    found: dict[str, dict[str, dict[str, float]]] = json.loads(
        (RUNS / f"{name}.json").read_text(encoding="utf-8")
    )
    return found


def steps(name: str) -> list[str]:
    """Return the names of a run's steps."""
    return [step.name for step in results(name).steps]


def subset(
    name: str, step: str, by: str = "all", value: str = "all", treatment: str = UNTREATED
) -> SubsetResult | None:
    """Return what was measured of a step on part of a run's images."""
    wanted = (step, treatment, by, value)
    for found in results(name).subsets:
        if (found.step, found.treatment, found.by, found.value) == wanted:
            return found
    return None


def values(name: str, by: str) -> list[str]:
    """Return the parts into which a run's images are divided, in order."""
    return sorted({found.value for found in results(name).subsets if found.by == by})


def plain(found: SubsetResult | None, metric: str) -> str:
    """Return a figure."""
    estimate = estimate_of(found, metric)
    return NONE if estimate is None or estimate.value is None else short(estimate.value)


def with_interval(found: SubsetResult | None, metric: str) -> str:
    """Return a figure with its 95 % interval."""
    estimate = estimate_of(found, metric)
    if estimate is None or estimate.low is None or estimate.high is None:
        return plain(found, metric)
    return f"{plain(found, metric)} ({short(estimate.low)}–{short(estimate.high)})"


def estimate_of(found: SubsetResult | None, metric: str) -> Estimate | None:
    """Return a figure as the results have it; raises KeyError where there is no such metric."""
    if metric not in METRICS:
        raise KeyError(metric)
    return None if found is None else found.metrics.get(metric)


def short(value: float) -> str:
    """Return three decimals without the nought before the point, and no minus before zero."""
    text = f"{abs(value):.3f}"
    sign = MINUS if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0.") else text)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, figures to the right of the first column."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *lines))


def figures(found: SubsetResult, metrics: Sequence[str]) -> list[str]:
    """Return figures, the first with its interval."""
    first, *rest = metrics
    return [with_interval(found, first), *(plain(found, metric) for metric in rest)]
