"""The exhibit itself, for display."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from locard.errors import LocardError
from locard.image import Image, display
from locard.report.model import ReportExhibit


def thumbnail(exhibit: ReportExhibit, max_side: int) -> NDArray[np.uint8] | None:
    """Return an exhibit reduced and turned for display, or None where it cannot be shown.

    Args:
        exhibit: The exhibit.
        max_side: Longest side, in pixels.

    Returns:
        uint8, shape (h, w, 3).
    """
    if exhibit.path is None or exhibit.format is None:
        return None
    try:
        return display.thumbnail(Image.from_path(exhibit.path), max_side)
    except LocardError:
        return None
