"""Small networks that look at what high-pass filters leave of a picture.

The residuals keep the full resolution; stages of depthwise separable convolutions with squeeze and
excitation follow, and the mean over the picture. Four halvings of the size make 16 pixels, so that
every channel keeps its place within the 8×8 blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from locard_kd_crop.pixel.efficientnet import SqueezeExcitation, initialise
from locard_kd_crop.pixel.residuals import SIDE, luma_bank

CLIP = 12.0
"""Residuals are cut off here, in grey levels: edges of the content are far larger than traces."""

_SQUEEZE = 4


@dataclass(frozen=True, slots=True)
class Size:
    """Channels and separable convolutions of each stage; all but the first halve the size."""

    widths: tuple[int, ...]
    blocks: tuple[int, ...]


SIZES = {
    "small": Size((16, 24, 32, 64, 64), (1, 1, 1, 1, 1)),
    "medium": Size((16, 24, 32, 64, 96), (1, 1, 2, 3, 3)),
    "large": Size((16, 24, 48, 128, 192), (1, 2, 2, 3, 3)),
}


def residuals(pixels: Tensor, filters: Tensor) -> Tensor:
    """Return what filters leave of pictures, clipped to ±12 grey levels.

    Args:
        pixels: RGB from 0 to 255, float, shape (n, 3, height, width).
        filters: Shape (k, 3, 5, 5).

    Returns:
        Shape (n, k, height, width); beyond its edges, a picture goes on as it ends.
    """
    padded = nn.functional.pad(pixels, (SIDE // 2,) * 4, mode="replicate")
    return nn.functional.conv2d(padded, filters).clamp(-CLIP, CLIP)


class Separable(nn.Module):
    """Filters each channel, mixes them, and weighs what comes out.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        stride: 2 to halve the size.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.filter = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        self.filter_norm = nn.BatchNorm2d(inputs)
        self.mix = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.mix_norm = nn.BatchNorm2d(outputs)
        self.weigh = SqueezeExcitation(outputs, max(1, outputs // _SQUEEZE))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, values: Tensor) -> Tensor:
        """Return values of shape (n, outputs, height / stride, width / stride)."""
        filtered = self.filter_norm(self.filter(values))
        mixed: Tensor = self.weigh(torch.relu(self.mix_norm(self.mix(filtered))))
        return mixed + values if self.residual else mixed


class Student(nn.Module):
    """A pixel student.

    Args:
        size: One of :data:`SIZES`.
        classes: How many classes it tells apart.
        learned_stem: Training goes on from the filters, and looks at all of red, green and blue.
            Otherwise they stay as they are, and see luma.
    """

    def __init__(self, size: Size, classes: int, *, learned_stem: bool = False) -> None:
        super().__init__()
        filters = torch.from_numpy(luma_bank())
        self.stem = nn.Parameter(filters, requires_grad=learned_stem)
        stages, inputs = [], len(filters)
        for number, (width, blocks) in enumerate(zip(size.widths, size.blocks, strict=True)):
            for block in range(blocks):
                stride = 2 if number and not block else 1
                stages.append(Separable(inputs, width, stride))
                inputs = width
        self.stem_norm = nn.BatchNorm2d(len(filters))
        self.stages = nn.Sequential(*stages)
        self.classifier = nn.Linear(inputs, classes)
        self.apply(initialise)

    def forward(self, pixels: Tensor) -> Tensor:
        """Classify pictures.

        Args:
            pixels: RGB from 0 to 255, float, shape (n, 3, height, width), sides of 64 and more.

        Returns:
            Logits, shape (n, classes).
        """
        values = self.stages(self.stem_norm(residuals(pixels, self.stem)))
        logits: Tensor = self.classifier(values.mean((2, 3)))
        return logits
