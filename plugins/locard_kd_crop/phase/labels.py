"""What the networks tell apart: 64 places where an old grid may begin, and that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNCROPPED: Final = 0
"""Class of pictures whose old grid, if any, begins at their corner."""

NO_GRID: Final = 64
"""Class of pictures without any grid: never compressed, or resampled since."""

CLASSES: Final = 65


def label_of(facts: Mapping[str, str]) -> int:
    """Return the class of a picture of a data set.

    A picture that was stored as JPEG has a grid at its corner, which hides whether there was an
    older one: it is uncropped as far as anybody can tell.

    Args:
        facts: Its line of the manifest, of which ``grid`` and ``last_tables`` are read.

    Returns:
        8y + x where the old grid begins at (x, y); :data:`UNCROPPED`; or :data:`NO_GRID`, which
        only pictures stored without loss can have.
    """
    if facts["grid"]:
        x, y = (int(number) for number in facts["grid"].split(","))
        return 8 * y + x
    return UNCROPPED if facts["last_tables"] else NO_GRID
