"""The log of a training as a picture."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.text import printable
from locard.training.libraries import missing
from locard.training.weights import replace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which people with any colour vision tell apart.
_TRAINING, _VALIDATION, _OTHERS = "#0072B2", "#D55E00", ("#009E73", "#CC79A7", "#56B4E9", "#999999")
_SECONDS = 20.0
"""No picture is drawn sooner after the last one."""


class Curves:
    """Draws a log, not more often than somebody would look.

    Args:
        path: Where the PNG goes.
        watched: The validation figure that chooses the best epoch.

    Raises:
        LocardError: matplotlib is not installed.
    """

    def __init__(self, path: Path, watched: str) -> None:
        try:
            import matplotlib  # noqa: F401
        except ImportError as error:
            raise missing(error) from None
        self._path, self._watched = path, watched
        self._drawn = -_SECONDS

    def draw(self, log: Sequence[dict[str, Any]], *, now: bool = False) -> None:
        """Draw the log's figures over the passes through the training data.

        Args:
            log: The lines of ``log.jsonl``.
            now: Draw even if the last picture is new.
        """
        if not log or (not now and time.monotonic() - self._drawn < _SECONDS):
            return
        from matplotlib.figure import Figure

        figure = Figure(figsize=(12.0, 3.8), layout="constrained")
        loss, validation, rate = figure.subplots(1, 3)
        self._losses(loss, log)
        self._validation(validation, log)
        _line(rate, log, ["learning_rate"], "learning rate", "black")
        for axes in (loss, validation, rate):
            axes.set_xlabel("passes over the training data")
            axes.spines[["top", "right"]].set_visible(False)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
        replace(self._path, file.getvalue())
        self._drawn = time.monotonic()

    def _losses(self, axes: Axes, log: Sequence[dict[str, Any]]) -> None:
        _line(axes, log, ["training", "loss"], "training", _TRAINING)
        if "loss" in log[-1]["validation"]:
            _line(axes, log, ["validation", "loss"], "validation", _VALIDATION)
            axes.legend(frameon=False)
        axes.set_title("loss", fontsize=10)

    def _validation(self, axes: Axes, log: Sequence[dict[str, Any]]) -> None:
        others = [name for name in log[-1]["validation"] if name not in (self._watched, "loss")]
        for name, colour in zip(others, _OTHERS, strict=False):
            _line(axes, log, ["validation", name], printable(name), colour)
        watched = printable(self._watched)
        _line(axes, log, ["validation", self._watched], f"{watched} (watched)", _VALIDATION)
        best = [entry["passes"] for entry in log if entry["best"]]
        axes.axvline(best[-1], color="#999999", linestyle=":", linewidth=1, label="best")
        axes.set_title("validation", fontsize=10)
        axes.legend(frameon=False, fontsize=8)


def _line(
    axes: Axes, log: Sequence[dict[str, Any]], keys: list[str], label: str, colour: str
) -> None:
    values = []
    for entry in log:
        value: Any = entry
        for key in keys:
            value = value.get(key) if value is not None else None
        values.append(float("nan") if value is None else float(value))
    axes.plot([entry["passes"] for entry in log], values, color=colour, marker=".", label=label)
    axes.set_title(label, fontsize=10)
