"""An evaluation as one self-contained HTML page: tables, curves, and cases to look at."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment
from markupsafe import Markup

from locard import pages
from locard.evaluation.datasets.strata import in_order
from locard.evaluation.metrics import METRICS, Metric
from locard.evaluation.page.plots import curves_svg
from locard.evaluation.rows import UNTREATED
from locard.evaluation.wording import LEAKS_NOT_CHECKED, scored_images
from locard.report.atomic import write_whole
from locard.report.rasters import legend_png

if TYPE_CHECKING:
    from locard.evaluation.page.gallery import Case
    from locard.evaluation.results import Difference, Estimate, Results, SubsetResult

_BUFFERED_PIECES = 64

PIXEL_COLUMNS = ("f1", "mcc", "iou", "best_f1", "everything_f1", "pixel_auc", "mask_f1", "flipped")
IMAGE_COLUMNS = (
    "sensitivity",
    "false_positive_rate",
    "balanced_accuracy",
    "image_auc",
    "equal_error_rate",
    "marked",
    "answered",
    "cllr",
    "min_cllr",
    "calibration_loss",
)
SUBSET_COLUMNS = ("f1", "best_f1", "pixel_auc", "sensitivity", "false_positive_rate")
ROBUSTNESS_COLUMNS = ("f1", "best_f1", "image_auc", "false_positive_rate")

STANDARD_WAYS = ("source", "size", "share")
"""Ways to divide any data set, shown before those that a data set's own facts add."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of metrics, one line a step (and part, or treatment).

    Attributes:
        title: What it says above it.
        key: What its lines are, besides the step: ``kind``, ``source``, ``treatment``.
        columns: Metrics that at least one line defines.
        lines: What each line shows.
    """

    title: str
    key: str
    columns: tuple[Metric, ...]
    lines: tuple[SubsetResult, ...]


def write_html(results: Results, cases: Iterable[Case], path: Path) -> None:
    """Write the page.

    Args:
        results: What was measured.
        cases: Images to show, step by step; taken one by one while the page is written.
        path: Where it goes.

    Raises:
        LocardError: It cannot be written, or matplotlib is not installed.
    """
    write_whole(path, (piece.encode() for piece in render(results, cases)))


def render(results: Results, cases: Iterable[Case]) -> Iterator[str]:
    """Yield the page piece by piece; see :func:`write_html`."""
    style = _style()
    stream = (
        _environment()
        .get_template("evaluation.html")
        .stream(
            results=results,
            cases=cases,
            style=Markup(style),  # noqa: S704  our own files
            policy=pages.policy(style),
            legend=legend_png().uri,
            tables=tuple(_tables(results)),
            curves=tuple(_curves(results)),
            metrics=METRICS,
            leaks_not_checked=LEAKS_NOT_CHECKED,
            scored_images=scored_images(results),
        )
    )
    stream.enable_buffering(_BUFFERED_PIECES)
    return iter(stream)


def _tables(results: Results) -> Iterator[Table]:
    untreated = [subset for subset in results.subsets if subset.treatment == UNTREATED]
    kinds = [s for s in untreated if s.by == "kind" and s.tampered] or [
        s for s in untreated if s.by == "all"
    ]
    whole = [subset for subset in untreated if subset.by == "all"]
    yield _table("Where: maps against masks, by kind of tampering", "kind", PIXEL_COLUMNS, kinds)
    yield _table("Whether: what is said of whole images", "", IMAGE_COLUMNS, whole)
    own = {subset.by for subset in untreated} - {"all", "kind", *STANDARD_WAYS}
    for by in (*STANDARD_WAYS, *sorted(own)):
        parts = [subset for subset in untreated if subset.by == by]
        if len({part.value for part in parts}) > 1:
            name = by.replace("_", " ")
            yield _table(f"By {name}", name, SUBSET_COLUMNS, parts)
    if len(results.treatments) > 1:
        treated = [subset for subset in results.subsets if subset.by == "all"]
        yield _table("After treatment of all images", "treatment", ROBUSTNESS_COLUMNS, treated)


def _table(title: str, key: str, names: Sequence[str], lines: Sequence[SubsetResult]) -> Table:
    """Return a table with the lines of a step together, in the steps' order, less empty columns."""
    steps = list(dict.fromkeys(line.step for line in lines))
    ordered = tuple(sorted(lines, key=lambda line: (steps.index(line.step), in_order(line.value))))
    columns = tuple(
        METRICS[name] for name in names if any(_defined(line.metrics.get(name)) for line in lines)
    )
    return Table(title, key, columns, ordered)


def _defined(estimate: Estimate | None) -> bool:
    return estimate is not None and (estimate.value is not None or estimate.infinite)


def _curves(results: Results) -> Iterator[tuple[str, str]]:
    """Yield title and ``data:`` URI of each picture of curves."""
    colours = {step.name: number for number, step in enumerate(results.steps)}
    whole = [s for s in results.subsets if s.by == "all" and s.treatment == UNTREATED]
    if picture := curves_svg(whole, "f1", colours):
        yield "Pixel F1 over the threshold, all tampered images", _svg_uri(picture)
    if picture := curves_svg(whole, "roc", colours):
        yield "ROC of the image-level score", _svg_uri(picture)


def _svg_uri(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"


def _environment() -> Environment:
    environment = pages.environment("locard.evaluation.page")
    environment.filters |= {
        "figure": _figure,
        "signed": _signed,
    }
    environment.globals |= {"interval": _interval, "signed_interval": _signed_interval}
    return environment


def _style() -> str:
    report = files("locard.report") / "templates" / "report.css"
    own = files("locard.evaluation.page") / "templates" / "evaluation.css"
    return report.read_text(encoding="utf-8") + own.read_text(encoding="utf-8")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or (estimate.high is None and not estimate.infinite):
        return ""
    return f"{estimate.low:.3f} … {'∞' if estimate.high is None else f'{estimate.high:.3f}'}"


def _signed(value: float) -> str:
    """Return a difference with its sign; 0 alone is exactly 0, and +0.000 only rounds to it."""
    return "0" if value == 0 else f"{value:+.3f}"


def _signed_interval(found: Difference) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{_signed(found.low)} … {_signed(found.high)}"
