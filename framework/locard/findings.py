"""What a detector returns: a :class:`Finding` with its map, mask and regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from locard.outcomes import Outcome

Scalar = str | int | float | bool | None
Measurement = Scalar | list[Any] | dict[str, Any]
"""Anything that JSON can hold, without NaN or infinity."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture that a step points at.

    Attributes:
        x: Left edge, in stored pixels.
        y: Upper edge, in stored pixels.
        width: Width, in pixels.
        height: Height, in pixels.
        label: What is there, in a few words ("foreign grid (3, 5)").
        score: How strongly, on the scale of the step's score.
        measurements: Figures that belong to this region alone.
    """

    x: int
    y: int
    width: int
    height: int
    label: str = ""
    score: float | None = None
    measurements: Mapping[str, Measurement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Evidence over the picture, in cells of equal size.

    Attributes:
        values: float32, shape (rows, columns), each in [0, 1]; higher is more suspicious.
        cell: Side of a cell in stored pixels; 1 for a value a pixel.
        origin: (x, y) of the stored pixel at which cell (0, 0) begins.
    """

    values: NDArray[np.float32]
    cell: int = 1
    origin: tuple[int, int] = (0, 0)

    def at_pixels(self, height: int, width: int) -> NDArray[np.float32]:
        """Return the map with a value for each stored pixel.

        Every pixel takes the value of its cell, so no evidence is invented between cells; pixels
        outside all cells (a border that is no whole cell) take the value of the nearest one.

        Args:
            height: Height of the picture in pixels.
            width: Width of the picture in pixels.

        Returns:
            float32, shape (height, width).
        """
        rows, columns = self.values.shape
        if self.cell == 1 and self.origin == (0, 0) and (rows, columns) == (height, width):
            return self.values
        x0, y0 = self.origin
        row = np.clip((np.arange(height) - y0) // self.cell, 0, rows - 1)
        column = np.clip((np.arange(width) - x0) // self.cell, 0, columns - 1)
        return self.values[row[:, None], column[None, :]]


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What one step says of one exhibit.

    Make one through the class methods named after the outcomes.

    Attributes:
        outcome: One of five.
        score: Finite; higher is stronger evidence of what the step looks for. The plugin says on
            what scale.
        reason: Machine-readable, in kebab-case: why the outcome is what it is. Never empty where
            the outcome is inconclusive, not applicable or failed.
        explanation: The reason in words, for the report.
        map: Evidence over the picture.
        mask: bool, shape (height, width) of the stored pixels: where the step's own decision
            places the trace.
        regions: The same, as boxes with labels.
        measurements: Named figures, documented in the plugin's ``glossary``.
        pictures: Named pictures to show to a person, uint8, shape (h, w, 3).
    """

    outcome: Outcome
    score: float | None = None
    reason: str | None = None
    explanation: str | None = None
    map: HeatMap | None = None
    mask: NDArray[np.bool_] | None = None
    regions: tuple[Region, ...] = ()
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    pictures: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)

    @classmethod
    def detected(cls, score: float, explanation: str, **rest: Any) -> Self:
        """The trace is there."""
        return cls(Outcome.DETECTED, score=score, explanation=explanation, **rest)

    @classmethod
    def not_detected(cls, score: float, explanation: str, **rest: Any) -> Self:
        """The step could look, and did not find the trace."""
        return cls(Outcome.NOT_DETECTED, score=score, explanation=explanation, **rest)

    @classmethod
    def inconclusive(cls, reason: str, explanation: str, **rest: Any) -> Self:
        """The step looked, and what it saw supports neither answer."""
        return cls(Outcome.INCONCLUSIVE, reason=reason, explanation=explanation, **rest)

    @classmethod
    def not_applicable(cls, reason: str, explanation: str, **rest: Any) -> Self:
        """The method has nothing to say of such an image."""
        return cls(Outcome.NOT_APPLICABLE, reason=reason, explanation=explanation, **rest)

    @classmethod
    def failed(cls, reason: str, explanation: str) -> Self:
        """The step should have looked and could not."""
        return cls(Outcome.FAILED, reason=reason, explanation=explanation)

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some attributes changed (what a refiner does)."""
        return replace(self, **changes)
