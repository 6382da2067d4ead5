"""Reads the masks of data sets, and brings them to the size of their images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets import DatasetError
from locard.image import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF = 128


def read_bright(path: Path) -> NDArray[np.bool_]:
    """Read a mask in which bright pixels are the tampered ones.

    Args:
        path: Any image that Locard reads.

    Returns:
        bool, shape (height, width): True where the luma is 128 or more.

    Raises:
        DatasetError: It cannot be read.
    """
    try:
        return Image.from_path(path).luma >= _HALF
    except (LocardError, OSError) as error:
        raise DatasetError(
            f"the mask {path} cannot be read: {error}", "Put a readable mask in its place."
        ) from None
