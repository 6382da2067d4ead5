"""Writes the figures in the pages from docs/evaluation/*.json; a test checks that they are there.

A page marks the place of a table:

    <!-- figures: localisation casia1-val -->
    <!-- end of figures -->

What stands between is replaced. The JSON files are results of `locard evaluate`, made by
`python benchmarks/how_good.py FOLDER`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from locard.evaluation.metrics import METRICS
from locard.evaluation.results import Difference, Estimate, Results, SubsetResult
from locard.evaluation.rows import UNTREATED

DOCS = Path(__file__).parent
RUNS = DOCS / "evaluation"
BLOCK = re.compile(r"(<!-- figures: ([^>]+?) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
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
}

SHORT_TITLES = {**TITLES, CHART: "chart", "casia1-val": "CASIA v1"}
UNTOUCHED = ("casia1-val", "camera-originals", "bsds500-val", "imagenet-sample")

PUBLISHED = {
    "double-jpeg": ("ADQ1", ".302", ".494"),
    "splicebuster": ("Splicebuster", ".143", ".252"),
}
"""Pixel F1 at 0.5 and best, on CASIA v1: TruFor (Guillaro et al., CVPR 2023), table 1."""


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
    estimate = _estimate(found, metric)
    return NONE if estimate is None or estimate.value is None else _short(estimate.value)


def with_interval(found: SubsetResult | None, metric: str) -> str:
    """Return a figure with its 95 % interval."""
    estimate = _estimate(found, metric)
    if estimate is None or estimate.low is None or estimate.high is None:
        return plain(found, metric)
    return f"{plain(found, metric)} ({_short(estimate.low)}–{_short(estimate.high)})"


def _estimate(found: SubsetResult | None, metric: str) -> Estimate | None:
    if metric not in METRICS:
        raise KeyError(metric)
    return None if found is None else found.metrics.get(metric)


def _short(value: float) -> str:
    """Return three decimals without the nought before the point, and no minus before zero."""
    text = f"{abs(value):.3f}"
    sign = MINUS if value < 0 and float(text) else ""
    return sign + (text[1:] if text.startswith("0.") else text)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, figures to the right of the first column."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *lines))


# --- what a page can ask for ---------------------------------------------------------------------


def histories(treatment: str = UNTREATED) -> str:
    """Which step finds splices of which history: pixel F1 at 0.5 on the chart."""
    kinds = values(CHART, "history")
    return table(
        ["step", *kinds],
        (
            [f"`{step}`", *(_strong(step, kind, treatment) for kind in kinds)]
            for step in steps(CHART)
        ),
    )


def _strong(step: str, kind: str, treatment: str) -> str:
    found = subset(CHART, step, "history", kind, treatment)
    estimate = _estimate(found, "f1")
    shown = plain(found, "f1")
    known = estimate is not None and estimate.value is not None
    return f"**{shown}**" if known and estimate.value >= 0.5 else shown  # type: ignore[union-attr, operator]


def localisation(name: str) -> str:
    """Where: the pixel figures of each step, splices and copy-moves apart."""
    metrics = ("f1", "best_f1", "everything_f1", "mcc", "pixel_auc")
    kinds = [kind for kind in values(name, "kind") if kind != "authentic"]
    return table(
        ["step", "kind", "images", *(METRICS[metric].title for metric in metrics)],
        (
            [f"`{step}`", kind, str(found.images), *_figures(found, metrics)]
            for step in steps(name)
            for kind in kinds
            if (found := subset(name, step, "kind", kind))
        ),
    )


def _figures(found: SubsetResult, metrics: Sequence[str]) -> list[str]:
    """Return figures, the first with its interval."""
    first, *rest = metrics
    return [with_interval(found, first), *(plain(found, metric) for metric in rest)]


def verdicts(name: str) -> str:
    """Whether: what steps that give a verdict say of whole images."""
    metrics = ("sensitivity", "false_positive_rate", "balanced_accuracy", "image_auc", "answered")
    return table(
        ["step", *(METRICS[metric].title for metric in metrics)],
        (
            [f"`{step.name}`", *(with_interval(found, metric) for metric in metrics)]
            for step in results(name).steps
            if step.gives_verdict and (found := subset(name, step.name))
        ),
    )


def alarms(*names: str) -> str:
    """Of authentic images: how many are flagged, and how many of their pixels are marked."""
    found = {
        (name, step.name): subset(name, step.name, "kind", "authentic")
        for name in names
        for step in results(name).steps
    }
    return table(
        ["step", *(TITLES[name] for name in names)],
        (
            [f"`{step.name}`", *(_alarm(found[name, step.name]) for name in names)]
            for step in results(names[0]).steps
        ),
    )


def _alarm(found: SubsetResult | None) -> str:
    flagged = with_interval(found, "false_positive_rate")
    marked = plain(found, "marked")
    return f"{flagged}; {marked}"


def robustness(name: str, metric: str = "f1") -> str:
    """The same figure after each treatment of all images."""
    treatments = results(name).treatments
    return table(
        ["step", *("as it is" if item == UNTREATED else item for item in treatments)],
        (
            [
                f"`{step}`",
                *(plain(subset(name, step, treatment=item), metric) for item in treatments),
            ]
            for step in steps(name)
        ),
    )


def leaks(*names: str) -> str:
    """What headers alone tell of the classes: balanced accuracy, one half is chance."""
    features = list(dict.fromkeys(leak.feature for n in names for leak in results(n).leaks or ()))
    by_run = {n: {leak.feature: leak for leak in results(n).leaks or ()} for n in names}
    return table(
        ["from", *(TITLES[name] for name in names)],
        (
            [
                feature,
                *(
                    f"{_short(leak.balanced_accuracy)} ({_short(leak.low)}–{_short(leak.high)})"
                    if (leak := by_run[name].get(feature))
                    else NONE
                    for name in names
                ),
            ]
            for feature in features
        ),
    )


def runs(*names: str) -> str:
    """Which images, with which hash."""
    return table(
        ["data", "images", "hash of names, files and masks", "problems"],
        (
            [
                TITLES[name],
                ", ".join(f"{count} {kind}" for kind, count in facts.kinds.items()),
                f"`{facts.sha256[:16]}…`",
                str(len(facts.problems)),
            ]
            for name in names
            for facts in (results(name).dataset,)
        ),
    )


def versions(name: str) -> str:
    """Which versions of the steps were measured."""
    named = ", ".join(f"`{step.name}` {step.version}" for step in results(name).steps)
    return f"{named}.\n"


def step(name: str) -> str:
    """Everything of one step, for the page of its method."""
    return (
        f"Tampered pictures, by history on the chart and by kind on CASIA v1:\n\n{_tampered(name)}"
        f"\nPhotographs that nobody tampered with:\n\n{_untouched(name)}{_scores(name)}"
    )


def _tampered(step: str) -> str:
    """What a step finds, and on the chart what it marks in the authentic twins."""
    rows = [
        (f"{SHORT_TITLES[run]}: {kind}", run, found)
        for run, by in ((CHART, "history"), ("casia1-val", "kind"))
        for kind in values(run, by)
        if (found := subset(run, step, by, kind)) and found.tampered
    ]
    silent = [title for title, _, found in rows if _says_nothing(found)]
    metrics = ("f1", "best_f1", "everything_f1", "pixel_auc")
    verdict = _gives_verdict(step)
    shown = table(
        [
            "data",
            "pictures",
            *(METRICS[metric].title for metric in metrics),
            *([METRICS["sensitivity"].title] if verdict else []),
            "marked in the authentic twins",
        ],
        (
            [
                title,
                str(found.tampered),
                *_figures(found, metrics),
                *([_sensitivity(run, found)] if verdict else []),
                plain(found if run == CHART else None, "marked"),
            ]
            for title, run, found in rows
            if title not in silent
        ),
    )
    if not silent:
        return shown
    return f"{shown}\nIn these it finds nothing, at any threshold: {', '.join(silent)}.\n"


def _says_nothing(found: SubsetResult) -> bool:
    """Return whether nothing was marked or flagged, and no map knew more than a blind guess."""
    figures = {name: _estimate(found, name) for name in ("f1", "marked", "sensitivity")}
    if any(estimate and estimate.value for estimate in figures.values()):
        return False
    return plain(found, "best_f1") == plain(found, "everything_f1")


def _sensitivity(run: str, found: SubsetResult) -> str:
    """Return the share flagged; where headers tell the classes apart it would mean nothing."""
    leak = any(leak.leaks for leak in results(run).leaks or ())
    return NONE if leak else with_interval(found, "sensitivity")


def _untouched(step: str) -> str:
    """What a step says of authentic pictures."""
    rows = [
        (SHORT_TITLES[run], found)
        for run in UNTOUCHED
        if (found := subset(run, step, "kind", "authentic"))
    ]
    verdict = _gives_verdict(step)
    outcomes = [
        outcome
        for outcome in ("detected", "not_detected", "inconclusive", "not_applicable", "failed")
        if verdict or outcome in ("not_applicable", "failed")
        if any(found.outcomes[outcome] for _, found in rows) or outcome == "detected"
    ]
    return table(
        [
            "data",
            "pictures",
            *(outcome.replace("_", " ") for outcome in outcomes),
            *([METRICS["false_positive_rate"].title] if verdict else []),
            "without a map",
            "marked pixels",
        ],
        (
            [
                title,
                str(found.images),
                *(str(found.outcomes[outcome]) for outcome in outcomes),
                *([with_interval(found, "false_positive_rate")] if verdict else []),
                str(found.without_map),
                with_interval(found, "marked"),
            ]
            for title, found in rows
        ),
    )


def _scores(step: str) -> str:
    """How a step's score is distributed over authentic pictures; nothing where it is always 0."""
    figures = ("median", "quantile_95", "largest")
    found_by_run = {run: extra("scores")[run].get(step) for run in UNTOUCHED}
    rows = [
        [
            SHORT_TITLES[run],
            f"{found['above_0']:.0f} of {found['images']:.0f}",
            *(f"{found[figure]:.3g}" for figure in figures),
        ]
        for run, found in found_by_run.items()
        if found
    ]
    if not any(found and found["above_0"] for found in found_by_run.values()):
        return ""
    shown = table(["data", "score above 0", "median", "95 %", "largest"], rows)
    return f"\nTheir scores:\n\n{shown}"


def published(step: str) -> str:
    """A step's figures on CASIA v1 by the strict and by the published protocol, and published."""
    strict = subset("casia1-val", step)
    lenient = extra("published-protocol")["casia1-val"][step]
    name, at_half, best = PUBLISHED[step]
    return table(
        ["CASIA v1", "pictures", METRICS["f1"].title, METRICS["best_f1"].title],
        (
            [
                "this detector, as `locard evaluate` measures",
                str(strict.tampered if strict else 0),
                plain(strict, "f1"),
                plain(strict, "best_f1"),
            ],
            [
                "this detector, by the published protocol",
                f"{lenient['images']:.0f}",
                _short(lenient["f1"]),
                _short(lenient["best_f1"]),
            ],
            [f"published for {name}, all of CASIA v1", NONE, at_half, best],
        ),
    )


def _gives_verdict(step: str) -> bool:
    return any(facts.name == step and facts.gives_verdict for facts in results(CHART).steps)


def gains(name: str) -> str:
    """What each refining step of a run has over what it refines, on the same images."""
    metrics = ("f1", "best_f1", "pixel_auc", "marked")
    return table(
        ["pictures", "figure", "before", "after", "difference", "better, equal, worse on", "it is"],
        (
            [
                part.part,
                METRICS[metric].title,
                _number(found.first),
                _number(found.second),
                _signed_interval(found),
                f"{found.better}, {found.equal}, {found.worse}",
                found.verdict,
            ]
            for gain in results(name).gains
            for part in gain.parts
            for metric in metrics
            if (found := part.differences.get(metric))
        ),
    )


def _number(value: float | None) -> str:
    return NONE if value is None else _short(value)


def _signed_interval(found: Difference) -> str:
    """Return a difference with its sign and its 95 % interval."""
    if found.difference is None or found.low is None or found.high is None:
        return _number(found.difference)
    return f"{_signed(found.difference)} ({_signed(found.low)} to {_signed(found.high)})"


def _signed(value: float) -> str:
    """Return a figure with its sign, which a small one keeps: it says on which side of 0 it is."""
    short = _short(abs(value))
    return f"{'+' if value > 0 else MINUS if value else ''}{short}"


TABLES: dict[str, Callable[..., str]] = {
    function.__name__: function
    for function in (
        histories,
        localisation,
        verdicts,
        alarms,
        robustness,
        leaks,
        runs,
        versions,
        step,
        gains,
        published,
    )
}


def filled(text: str) -> str:
    """Return a page with its tables as the results have them."""

    def replace(block: re.Match[str]) -> str:
        name, *arguments = block[2].split()
        return f"{block[1]}\n{TABLES[name](*arguments)}\n{block[3]}"

    return BLOCK.sub(replace, text)


def pages() -> list[Path]:
    """Return the pages with figures."""
    return [page for page in sorted(DOCS.rglob("*.md")) if BLOCK.search(page.read_text("utf-8"))]


def main() -> None:
    """Fill all pages."""
    for page in pages():
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
