"""Writes the figures in the pages from docs/evaluation/*.json; a test checks that they are there.

A page marks the place of a table:

    <!-- figures: localisation casia1-val -->
    <!-- end of figures -->

What stands between is replaced. The JSON files are results of `locard evaluate`, made by
`python benchmarks/how_good.py FOLDER`, and those of crop models of `locard crop evaluate`,
those of localisers of `locard splice evaluate` and `probe`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from crop_figures import CROP_TABLES
from figure_tables import (
    CHART,
    NONE,
    TITLES,
    estimate_of,
    figures,
    plain,
    results,
    short,
    steps,
    subset,
    table,
    values,
    with_interval,
)
from method_figures import edits, gains, published, step
from splice_figures import SPLICE_TABLES

from locard.evaluation.metrics import METRICS
from locard.evaluation.results import SubsetResult
from locard.evaluation.rows import UNTREATED

DOCS = Path(__file__).parent
BLOCK = re.compile(r"(<!-- figures: ([^>]+?) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


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
    estimate = estimate_of(found, "f1")
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
            [f"`{step}`", kind, str(found.images), *figures(found, metrics)]
            for step in steps(name)
            for kind in kinds
            if (found := subset(name, step, "kind", kind))
        ),
    )


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
    """The same figure after each treatment of all images, of the steps that have it."""
    treatments = results(name).treatments
    lines = (
        [f"`{step}`", *(plain(subset(name, step, treatment=item), metric) for item in treatments)]
        for step in steps(name)
    )
    head = ["step", *("as it is" if item == UNTREATED else item for item in treatments)]
    return table(head, (line for line in lines if set(line[1:]) != {NONE}))


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
                    f"{short(leak.balanced_accuracy)} ({short(leak.low)}–{short(leak.high)})"
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


TABLES: dict[str, Callable[..., str]] = (
    {
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
            edits,
            gains,
            published,
        )
    }
    | CROP_TABLES
    | SPLICE_TABLES
)


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
