"""Curves as pictures: F1 over the threshold, and the image-level ROC."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from locard.errors import LocardError

if TYPE_CHECKING:
    from types import ModuleType

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from locard.evaluation.results import Curve, SubsetResult

# Okabe and Ito's colours, which people with any colour vision tell apart, and dashes beside them
# for more steps than colours and for a grey printer.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", ":", "-.")


def curves_svg(
    subsets: Sequence[SubsetResult], name: Literal["f1", "roc"], colours: Mapping[str, int]
) -> bytes | None:
    """Draw a curve of each step in one picture.

    Args:
        subsets: One a step, of the same images under the same treatment.
        name: Which of their curves.
        colours: Number of each step, so that it looks alike in every picture of a page.

    Returns:
        SVG; None where no step has such a curve.

    Raises:
        LocardError: matplotlib is not installed.
    """
    drawn = [
        (subset.step, curve)
        for subset in subsets
        for curve in subset.curves
        if curve.name == name and curve.x
    ]
    if not drawn:
        return None
    matplotlib, figure_class = _matplotlib()
    # A fixed salt and no date: the same figures give the same file.
    with matplotlib.rc_context({"svg.hashsalt": "locard", "svg.fonttype": "path", "font.size": 9}):
        figure = figure_class(figsize=(6.6, 4.0), layout="constrained")
        _draw(figure.subplots(), drawn, name, colours)
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _draw(
    axes: Axes,
    drawn: Sequence[tuple[str, Curve]],
    name: Literal["f1", "roc"],
    colours: Mapping[str, int],
) -> None:
    for step, curve in drawn:
        number = colours[step]
        axes.plot(
            curve.x,
            curve.y,
            label=step,
            color=COLOURS[number % len(COLOURS)],
            linestyle=DASHES[number // len(COLOURS) % len(DASHES)],
            linewidth=1.6,
        )
    if name == "roc":
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
        axes.set_xlabel("authentic images at or above a score (false-positive rate)")
        axes.set_ylabel("tampered images at or above it")
        axes.set_aspect("equal")
    else:
        axes.axvline(0.5, color="#999999", linewidth=0.8)
        axes.set_xlabel("threshold on the map")
        axes.set_ylabel("pixel F1, mean over tampered images")
        axes.set_ylim(bottom=0)
    axes.set_xlim(0, 1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _matplotlib() -> tuple[ModuleType, type[Figure]]:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise LocardError(
            "curves need matplotlib, which is not installed",
            "Install it with: pip install 'locard[evaluation]'",
        ) from None
    return matplotlib, Figure
