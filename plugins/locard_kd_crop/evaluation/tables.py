"""Tables of an evaluation, as rows of text: for the terminal and for pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from locard_kd_crop.evaluation.parts import ALARMS, SIZES, STRATA

if TYPE_CHECKING:
    from locard_kd_crop.evaluation.results import CropResults, FigureResult, MethodResult

NONE: Final = "–"

TITLES: Final = {
    "balanced_accuracy": "balanced accuracy at the decision threshold",
    "exact_offset": "exact offset, share of all crops",
    "exact_offset_detected": "exact offset, share of detected crops",
    "detected": "crops detected at the threshold of 1 % false alarms",
    "called_cropped": "called cropped at the decision threshold, of pictures without a moved grid",
    "false_alarms": "false alarms at the threshold of 1 %",
    "auc": "area under the ROC curve",
}
"""Figures that tables are about, in their order."""

PRINTED: Final = ("balanced_accuracy", "exact_offset", "detected", "called_cropped")
"""Figures of strata that the command prints; the others are in JSON and CSV."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text.

    Attributes:
        title: What its figures are.
        head: First column and models.
        rows: As wide as the head.
        of_models: Whether its columns are models.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    of_models: bool = True


def tables(results: CropResults) -> Iterator[Table]:
    """Yield all tables that the command prints: strata by size, false alarms, costs."""
    for size in SIZES:
        for figure in PRINTED:
            found = strata(results, figure, size)
            if found.rows:
                yield found
    yield alarms(results)
    yield costs(results)


def strata(results: CropResults, figure: str, size: str, methods: Sequence[str] = ()) -> Table:
    """Return a figure of all strata of a size, models side by side.

    Args:
        results: Of an evaluation.
        figure: One of :data:`TITLES`.
        size: One of :data:`~locard_kd_crop.evaluation.parts.SIZES`.
        methods: Names of models; all if empty.
    """
    chosen = _chosen(results, methods)
    names = _names(chosen, STRATA, size)
    # Shares of pictures without a moved grid say most where nothing else is to be seen.
    blind = figure == "called_cropped"
    rows = _rows(chosen, [n for n in names if n.startswith("E") or not blind], size, figure)
    head = ("stratum", *(method.name for method in chosen))
    return Table(f"{size}: {TITLES[figure]}", head, tuple(rows))


def alarms(results: CropResults, methods: Sequence[str] = ()) -> Table:
    """Return the false alarms at the threshold of one per cent, by tool, file and size."""
    chosen = _chosen(results, methods)
    names = _names(chosen, ALARMS, "any size")
    head = ("pictures without a moved grid", *(method.name for method in chosen))
    rows = _rows(chosen, names, "any size", "false_alarms")
    return Table(TITLES["false_alarms"], head, tuple(rows))


def costs(results: CropResults) -> Table:
    """Return what each model takes."""
    head = (
        *("model", "parameters", "file, kB", "MMAC, network", "MMAC, evidence"),
        "time, × Pillow's decoding",
    )
    rows = tuple(
        (
            method.name,
            f"{method.parameters:,}",
            f"{method.bytes / 1000:,.0f}" if method.bytes >= 1000 else "< 1",
            NONE if method.macs is None else f"{method.macs / 1e6:,.1f}",
            f"{method.evidence_macs / 1e6:,.1f}" if method.evidence_macs else NONE,
            NONE if method.time is None else f"{method.time:,.1f}",
        )
        for method in results.methods
    )
    return Table(
        "what a picture of 256×256 takes, and time on a larger one", head, rows, of_models=False
    )


def _chosen(results: CropResults, methods: Sequence[str]) -> list[MethodResult]:
    return [method for method in results.methods if not methods or method.name in methods]


def _names(methods: Sequence[MethodResult], table: str, size: str) -> list[str]:
    names = (
        part.name
        for method in methods
        for part in method.parts
        if (part.table, part.size) == (table, size)
    )
    return list(dict.fromkeys(names))


def _rows(
    methods: Sequence[MethodResult], names: Sequence[str], size: str, figure: str
) -> Iterator[tuple[str, ...]]:
    for name in names:
        parts = [method.part(name, size) for method in methods]
        found = [part.figure(figure) if part else None for part in parts]
        if any(found):
            images = next(one.images for one in found if one)
            yield f"{name} (n = {images})", *map(shown, found)


def shown(found: FigureResult | None) -> str:
    """Return a figure with its interval: ``.975 (.950–.991)``."""
    if found is None:
        return NONE
    value = short(found.value)
    if found.low is None or found.high is None:
        return value
    return f"{value} ({short(found.low)}–{short(found.high)})"


def short(value: float) -> str:
    """Return three decimals of a share, without the nought before the point."""
    text = f"{value:.3f}"
    return text.removeprefix("0") if text.startswith("0.") else text
