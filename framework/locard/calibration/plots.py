"""Tippett and reliability plots of likelihood ratios, as PNG and SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locard.calibration.calibration import CalibrationError
from locard.errors import LocardError
from locard.evaluation.metrics.likelihood import (
    cllr,
    cross_entropy,
    min_cllr,
    pav_log10_lrs,
    tippett,
)
from locard.report.atomic import write_whole
from locard.text import printable

if TYPE_CHECKING:
    from types import ModuleType

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from locard.calibration.make import Ratios

# Okabe and Ito's colours, which people with any colour vision tell apart; dashes beside them.
_TAMPERED, _AUTHENTIC, _NEUTRAL = "#D55E00", "#0072B2", "#999999"
_DPI = 150


def draw(ratios: Mapping[str, Ratios], folder: Path) -> list[Path]:
    """Draw a stratum's plots side by side, one picture a stratum.

    Args:
        ratios: By stratum; one without both classes has no plot.
        folder: Made where it does not exist.

    Returns:
        The files written.

    Raises:
        CalibrationError: No stratum has images of both classes.
        LocardError: matplotlib is not installed, or the folder cannot be written.
    """
    drawable = {
        name: those
        for name, those in ratios.items()
        if those.tampered.any() and not those.tampered.all()
    }
    if not drawable:
        raise CalibrationError(
            "there is nothing to draw: no stratum has ratios of tampered and of authentic images",
            "Use a data set with both, within the calibration's conditions.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocardError(f"cannot write plots to {folder}: {error.strerror}") from None
    files = []
    for name, those in drawable.items():
        stem = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.") or "stratum"
        for suffix, data in _pictures(name, those).items():
            path = folder / f"{stem}.{suffix}"
            write_whole(path, [data])
            files.append(path)
    return files


def _pictures(name: str, ratios: Ratios) -> dict[str, bytes]:
    matplotlib, figure_class = _matplotlib()
    pictures = {}
    # A fixed salt and no date: the same figures give the same file.
    settings = {"svg.hashsalt": "locard", "svg.fonttype": "path", "font.size": 9}
    with matplotlib.rc_context(settings):
        figure = figure_class(figsize=(12.5, 4.2), layout="constrained")
        panels: tuple[Callable[[Axes, Ratios], None], ...] = (_tippett, _reliability, _entropy)
        for axes, panel in zip(figure.subplots(1, len(panels)), panels, strict=True):
            panel(axes, ratios)
            axes.spines[["top", "right"]].set_visible(False)
        figure.suptitle(_title(name, ratios), fontsize=10, parse_math=False)
        for suffix, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            file = io.BytesIO()
            figure.savefig(file, format=suffix, metadata=metadata, dpi=_DPI)
            pictures[suffix] = file.getvalue()
    return pictures


def _title(name: str, ratios: Ratios) -> str:
    values, tampered = ratios.log10_lrs, ratios.tampered
    return (
        f"{printable(name)}: {int(tampered.sum())} tampered, {int((~tampered).sum())} authentic; "
        f"Cllr {cllr(values, tampered):.3f}, min Cllr {min_cllr(values, tampered):.3f}"
    )


def _tippett(axes: Axes, ratios: Ratios) -> None:
    """Draw which share of each class has at least a ratio."""
    points = tippett(ratios.log10_lrs, ratios.tampered)
    margin = 0.25
    x = np.concatenate([[points.log10_lr[0] - margin], points.log10_lr])
    x = np.append(x, points.log10_lr[-1] + margin)
    for shares, words, colour, dash in (
        (points.tampered, "tampered", _TAMPERED, "-"),
        (points.authentic, "authentic", _AUTHENTIC, "--"),
    ):
        # Before the first value all images have as much, beyond the last none.
        y = np.concatenate([[1.0], shares, [0.0]])
        axes.step(x, y, where="pre", color=colour, linestyle=dash, label=words)
    axes.axvline(0, color=_NEUTRAL, linewidth=0.8)
    axes.set_title("Tippett plot", fontsize=9)
    axes.set_xlabel("log10 LR")
    axes.set_ylabel("share of images with this ratio or a higher one")
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False)


def _reliability(axes: Axes, ratios: Ratios) -> None:
    """Draw what ratios should have been, after PAV, over what they are."""
    given = ratios.log10_lrs
    found = pav_log10_lrs(given, ratios.tampered)
    order = np.argsort(given, kind="stable")
    finite = np.isfinite(found[order])
    ends = [float(given.min()), float(given.max()), *map(float, found[np.isfinite(found)])]
    low, high = min(ends) - 0.2, max(ends) + 0.2
    axes.plot([low, high], [low, high], color=_NEUTRAL, linewidth=0.8, label="reliable")
    axes.plot(
        given[order][finite], found[order][finite], color="black", marker=".", label="measured"
    )
    for endless, edge, marker, colour, words in (
        (np.isposinf(found), high, "^", _TAMPERED, "tampered alone"),
        (np.isneginf(found), low, "v", _AUTHENTIC, "authentic alone"),
    ):
        if endless.any():
            edges = np.full(int(endless.sum()), edge)
            axes.plot(
                given[endless],
                edges,
                color=colour,
                linestyle="none",
                marker=marker,
                clip_on=False,
                label=words,
            )
    axes.set_title("Reliability (PAV plot)", fontsize=9)
    axes.set_xlabel("log10 LR as stated")
    axes.set_ylabel("log10 LR as found by PAV")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.legend(frameon=False, loc="upper left")


def _entropy(axes: Axes, ratios: Ratios) -> None:
    """Draw the empirical cross-entropy over prior odds."""
    curve = cross_entropy(ratios.log10_lrs, ratios.tampered)
    for values, words, colour, dash in (
        (curve.given, "ratios as stated", _TAMPERED, "-"),
        (curve.calibrated, "after PAV", _AUTHENTIC, "--"),
        (curve.neutral, "always LR = 1", _NEUTRAL, ":"),
    ):
        axes.plot(curve.log10_prior_odds, values, color=colour, linestyle=dash, label=words)
    axes.set_title("Empirical cross-entropy", fontsize=9)
    axes.set_xlabel("log10 prior odds")
    axes.set_ylabel("cost in bits; at 0 it is Cllr")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="upper right")


def _matplotlib() -> tuple[ModuleType, type[Figure]]:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise LocardError(
            f"plots need matplotlib, which cannot be loaded: {error}",
            "Install it with: pip install 'locard[evaluation]'",
        ) from None
    return matplotlib, Figure
