"""What the traces are computed from: the planes of a picture, cropped to whole cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from locard_semi_global.evidence.cells import SIDE
from locard_semi_global.evidence.transform import blocks_dct

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MIDDLE = np.float32(128)


@dataclass(frozen=True, eq=False)
class Planes:
    """A picture, or a band of one, in whole cells. Make one with :meth:`of`.

    Attributes:
        rgb: uint8, (8 h, 8 w, 3).
        luma: float32, (8 h, 8 w), 0 to 255: decoded Y of a JPEG, else .299 R + .587 G + .114 B.
    """

    rgb: NDArray[np.uint8]
    luma: NDArray[np.float32]

    @classmethod
    def of(cls, rgb: NDArray[np.uint8], luma: NDArray[np.float32] | None = None) -> Planes:
        """Cut off at the right and at the bottom what fills no cell.

        Args:
            rgb: uint8, (H, W, 3), at least 8 pixels a side.
            luma: float32, (H, W); None for .299 R + .587 G + .114 B.

        Raises:
            ValueError: The shapes differ, or a side is below 8 pixels.
        """
        if luma is None:
            luma = _weighted(rgb, (0.299, 0.587, 0.114), 0)
        if rgb.shape[:2] != luma.shape or min(luma.shape) < SIDE:
            raise ValueError(
                f"rgb {rgb.shape} and luma {luma.shape} must agree, with {SIDE} px a side or more"
            )
        height, width = (SIDE * (length // SIDE) for length in luma.shape)
        return cls(
            np.ascontiguousarray(rgb[:height, :width]),
            np.ascontiguousarray(luma[:height, :width], np.float32),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        height, width = self.luma.shape
        return height // SIDE, width // SIDE

    @cached_property
    def cb(self) -> NDArray[np.float32]:
        """Blue difference as JFIF defines it, without rounding: float32, (8 h, 8 w), about 128."""
        return _weighted(self.rgb, (-0.168736, -0.331264, 0.5), 128)

    @cached_property
    def cr(self) -> NDArray[np.float32]:
        """Red difference, as :attr:`cb`."""
        return _weighted(self.rgb, (0.5, -0.418688, -0.081312), 128)

    @cached_property
    def dct(self) -> NDArray[np.float32]:
        """DCT of luma less 128, in blocks of the grid: float32, (h, w, 8, 8)."""
        return blocks_dct(self.luma - _MIDDLE)

    @cached_property
    def shifted_dct(self) -> NDArray[np.float32]:
        """As :attr:`dct`, in blocks from (4, 4) on: float32, (h - 1, w - 1, 8, 8)."""
        return blocks_dct(self.luma[4:-4, 4:-4] - _MIDDLE)


def _weighted(
    rgb: NDArray[np.uint8], weights: tuple[float, float, float], constant: float
) -> NDArray[np.float32]:
    # No matrix product: its bits may depend on where in the picture a pixel lies.
    red, green, blue = (np.float32(weight) for weight in weights)
    mixed = rgb[..., 0] * red + np.float32(constant)
    mixed += rgb[..., 1] * green
    mixed += rgb[..., 2] * blue
    return mixed
