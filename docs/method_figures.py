"""What the page of a method shows of it."""

from __future__ import annotations

from collections.abc import Iterator

from figure_tables import (
    CHART,
    MINUS,
    NONE,
    TITLES,
    estimate_of,
    extra,
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

from locard.evaluation.metrics import METRICS
from locard.evaluation.results import Difference, SubsetResult

SHORT_TITLES = {
    CHART: "chart",
    "casia1-val": "CASIA v1",
    "camera-originals": "cameras",
    "bsds500-val": "BSDS500",
    "imagenet-sample": "web",
}
UNTOUCHED = ("casia1-val", "camera-originals", "bsds500-val", "imagenet-sample")

PUBLISHED = {
    "double-jpeg": ("ADQ1", ".302", ".494"),
    "splicebuster": ("Splicebuster", ".143", ".252"),
}
"""Pixel F1 at 0.5 and best, on CASIA v1: TruFor (Guillaro et al., CVPR 2023), table 1."""


def step(name: str) -> str:
    """Everything of one step, for the page of its method."""
    return (
        "Tampered pictures, by history on the chart and by kind on CASIA v1, with their number, "
        "and what was marked in the chart's authentic twins:\n\n"
        f"{_tampered(name)}\n"
        "Photographs that nobody tampered with, with their number:\n\n"
        f"{_untouched(name)}{_scores(name)}"
    )


def _tampered(step: str) -> str:
    """What a step finds, and on the chart what it marks in the authentic twins."""
    rows = [
        (f"{SHORT_TITLES[run]}: {part.replace(', ', ' / ')}", run, found)
        for run, by, part in _parts()
        if (found := subset(run, step, by, part)) and found.tampered
    ]
    silent = [title for title, _, found in rows if _says_nothing(found)]
    verdict = _gives_verdict(step)
    # A page has room for so many columns.
    metrics = ("f1", "best_f1", "everything_f1", *(() if verdict else ("pixel_auc",)))
    shown = table(
        [
            "pictures",
            *(METRICS[metric].title for metric in metrics),
            *([METRICS["sensitivity"].title, "flagged twins"] if verdict else []),
            "marked in twins",
        ],
        (
            [
                f"{title} ({found.tampered})",
                *figures(found, metrics),
                *(
                    [_sensitivity(run, found), plain(found, "false_positive_rate")]
                    if verdict
                    else []
                ),
                plain(found, "marked"),
            ]
            for title, run, found in rows
            if title not in silent
        ),
    )
    if not silent:
        return shown
    named = ", ".join(_together(silent, [title for title, _, _ in rows]))
    return f"{shown}\nIn these it finds nothing, at any threshold: {named}.\n"


def _together(chosen: list[str], titles: list[str]) -> list[str]:
    """Return titles, those of a history's variants as one where all of them are chosen."""
    histories = [title.partition(" / ")[0] for title in titles]
    whole = set(histories) - {h for h, t in zip(histories, titles, strict=True) if t not in chosen}
    names = (title.partition(" / ")[0] for title in chosen)
    return list(dict.fromkeys(n if n in whole else t for n, t in zip(names, chosen, strict=True)))


def _parts() -> Iterator[tuple[str, str, str]]:
    """Yield run, division and part: histories by their variants, where they have any."""
    for history in values(CHART, "history"):
        variants = [part for part in values(CHART, "variant") if part.startswith(f"{history}, ")]
        for variant in variants:
            yield CHART, "variant", variant
        if not variants:
            yield CHART, "history", history
    for kind in values("casia1-val", "kind"):
        yield "casia1-val", "kind", kind


def _says_nothing(found: SubsetResult) -> bool:
    """Return whether nothing was marked or flagged, and no map knew more than a blind guess."""
    names = ("f1", "marked", "sensitivity", "false_positive_rate")
    estimates = [estimate_of(found, name) for name in names]
    if any(estimate and estimate.value for estimate in estimates):
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
        for outcome in ("not_detected", "inconclusive", "not_applicable", "failed")
        if verdict or outcome in ("not_applicable", "failed")
        if any(found.outcomes[outcome] for _, found in rows)
    ]
    return table(
        [
            "pictures",
            *([METRICS["false_positive_rate"].title] if verdict else []),
            *(outcome.replace("_", " ") for outcome in outcomes),
            "without a map",
            "marked pixels",
        ],
        (
            [
                f"{title} ({found.images})",
                *([with_interval(found, "false_positive_rate")] if verdict else []),
                *(str(found.outcomes[outcome]) for outcome in outcomes),
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
    shown = table(["pictures", "score above 0", "median", "95 %", "largest"], rows)
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
                short(lenient["f1"]),
                short(lenient["best_f1"]),
            ],
            [f"published for {name}, all of CASIA v1", NONE, at_half, best],
        ),
    )


def _gives_verdict(step: str) -> bool:
    return any(facts.name == step and facts.gives_verdict for facts in results(CHART).steps)


def edits(*names: str) -> str:
    """What a step that looks for crops says of pictures, by what was done to them."""
    (step,) = steps(names[0])
    parts = dict.fromkeys(part for name in names for part in values(name, "edit"))
    rows = [
        (part, TITLES[name], found)
        for part in sorted(parts, key=lambda part: (part.startswith("cut"), part))
        for name in names
        if (found := subset(name, step, "edit", part))
    ]
    return table(
        ["pictures", "cameras", "number", "detected", "not detected", "inconclusive", "share"],
        (
            [
                part,
                cameras,
                str(found.images),
                *(str(found.outcomes[o]) for o in ("detected", "not_detected", "inconclusive")),
                with_interval(found, "sensitivity" if found.tampered else "false_positive_rate"),
            ]
            for part, cameras, found in rows
        ),
    )


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
    return NONE if value is None else short(value)


def _signed_interval(found: Difference) -> str:
    """Return a difference with its sign and its 95 % interval."""
    if found.difference is None or found.low is None or found.high is None:
        return _number(found.difference)
    return f"{_signed(found.difference)} ({_signed(found.low)} to {_signed(found.high)})"


def _signed(value: float) -> str:
    """Return a figure with its sign, which a small one keeps: it says on which side of 0 it is."""
    return f"{'+' if value > 0 else MINUS if value else ''}{short(abs(value))}"
