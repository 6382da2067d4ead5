"""Arrays that are computed once and kept in a cache."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from locard.evaluation.datasets.building import write

if TYPE_CHECKING:
    from numpy.typing import NDArray


def kept_array(path: Path, shape: tuple[int | None, ...]) -> NDArray[Any] | None:
    """Return a kept array, or None where it is not there, is damaged or has another shape.

    Args:
        path: A ``.npy`` file; nothing in it is unpickled.
        shape: Sides; None where any will do.
    """
    try:
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError):
        return None
    sides = zip(found.shape, shape, strict=False)
    fits = found.ndim == len(shape) and all(of in (None, is_) for is_, of in sides)
    return found if fits else None


def save(path: Path, values: NDArray[Any]) -> None:
    """Write an array that is there whole or not at all.

    Raises:
        LocardError: The place cannot be written.
    """
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    write(path, file.getvalue())
