"""EfficientNet-B0, with the changes that steganalysis makes to it.

Tan, Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019, table
1. Names and shapes of the parameters are those of torchvision's ``efficientnet_b0``, so that public
ImageNet weights fit.

Yousfi, Butora, Fridrich, Fuji Tsang: Improving EfficientNet for JPEG Steganalysis, IH&MMSec 2021:
traces of compression are lost where the first layers reduce the picture, so they are kept from it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

CLASSES_OF_IMAGENET = 1000
STEM_WIDTH = 32
HEAD_WIDTH = 1280

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pixels, from 0 to 1: what the public weights expect to be taken out."""

_KEPT_DEPTH = 0.8
"""Probability with which the last residual block takes part in a step of training; the first
always does, and it falls linearly in between."""

_DROPOUT = 0.2
_SQUEEZE = 4


class Stage(NamedTuple):
    """A row of table 1: blocks of one width, of which the first may reduce the picture."""

    expansion: int
    kernel: int
    stride: int
    width: int
    blocks: int


STAGES = (
    Stage(1, 3, 1, 16, 1),
    Stage(6, 3, 2, 24, 2),
    Stage(6, 5, 2, 40, 2),
    Stage(6, 3, 2, 80, 3),
    Stage(6, 5, 1, 112, 3),
    Stage(6, 5, 2, 192, 4),
    Stage(6, 3, 1, 320, 1),
)


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    """Return a convolution without bias, batch normalisation, and SiLU if it is active."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([nn.SiLU(inplace=True)] if active else []))


class SqueezeExcitation(nn.Module):
    """Weighs the channels by what they have on average (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, values: Tensor) -> Tensor:
        """Return values of the same shape (n, channels, height, width), weighted."""
        means = values.mean((2, 3), keepdim=True)
        squeezed = nn.functional.silu(self.fc1(means))
        return values * torch.sigmoid(self.fc2(squeezed))


class InvertedResidual(nn.Module):
    """Expands the channels, filters each, weighs them, and brings them back together (MBConv).

    Args:
        inputs: Channels that come in.
        stage: Expansion, kernel, stride and width.
        kept: Probability with which a residual block takes part in a step of training (stochastic
            depth, Huang et al., ECCV 2016).
    """

    def __init__(self, inputs: int, stage: Stage, kept: float = 1.0) -> None:
        super().__init__()
        inner = inputs * stage.expansion
        layers: list[nn.Module] = []
        if stage.expansion != 1:
            layers.append(convolution(inputs, inner, 1))
        layers += [
            convolution(inner, inner, stage.kernel, stage.stride, groups=inner),
            SqueezeExcitation(inner, max(1, inputs // _SQUEEZE)),
            convolution(inner, stage.width, 1, active=False),
        ]
        self.block = nn.Sequential(*layers)
        self.residual = stage.stride == 1 and inputs == stage.width
        self.kept = kept

    def forward(self, values: Tensor) -> Tensor:
        """Return the block's values; shape (n, width, height / stride, width / stride)."""
        found: Tensor = self.block(values)
        if not self.residual:
            return found
        if self.training and self.kept < 1:
            takes_part = found.new_empty((len(values), 1, 1, 1)).bernoulli_(self.kept)
            found = found * takes_part / self.kept
        return found + values


class EfficientNet(nn.Module):
    """EfficientNet-B0.

    Args:
        classes: How many classes it tells apart.
        no_stride: The stem does not reduce the picture: all further layers see it twice as large.
        post_stem: So many inverted residual blocks, as wide as the stem, see the picture at full
            size before anything is reduced. Unless ``no_stride`` is set, the block after them then
            makes the reduction that the stem would have made.
    """

    def __init__(
        self, classes: int = CLASSES_OF_IMAGENET, *, no_stride: bool = False, post_stem: int = 0
    ) -> None:
        super().__init__()
        self.post_stem = nn.Sequential(
            *(InvertedResidual(STEM_WIDTH, Stage(1, 3, 1, STEM_WIDTH, 1)) for _ in range(post_stem))
        )
        stem = convolution(3, STEM_WIDTH, 3, 1 if no_stride or post_stem else 2)
        stages = _stages(first_stride=2 if post_stem and not no_stride else 1)
        head = convolution(STAGES[-1].width, HEAD_WIDTH, 1)
        self.features = nn.Sequential(stem, *stages, head)
        self.classifier = nn.Sequential(
            nn.Dropout(_DROPOUT, inplace=True), nn.Linear(HEAD_WIDTH, classes)
        )
        for name, values in (("mean", _MEAN), ("deviation", _DEVIATION)):
            scaled = torch.tensor(values).reshape(1, 3, 1, 1) * 255
            self.register_buffer(name, scaled, persistent=False)
        self.apply(initialise)

    def forward(self, pixels: Tensor) -> Tensor:
        """Classify pictures.

        Args:
            pixels: RGB from 0 to 255, float, shape (n, 3, height, width), sides of 64 and more.

        Returns:
            Logits, shape (n, classes).
        """
        normal = (pixels - self.get_buffer("mean")) / self.get_buffer("deviation")
        values = self.post_stem(self.features[0](normal))
        for stage in list(self.features)[1:]:
            values = stage(values)
        logits: Tensor = self.classifier(values.mean((2, 3)))
        return logits


def _stages(first_stride: int) -> list[nn.Sequential]:
    total = sum(stage.blocks for stage in STAGES)
    inputs, place, stages = STEM_WIDTH, 0, []
    for number, stage in enumerate(STAGES):
        blocks = []
        for block in range(stage.blocks):
            stride = 1 if block else max(stage.stride, first_stride if number == 0 else 1)
            kept = 1 - (1 - _KEPT_DEPTH) * place / total
            blocks.append(InvertedResidual(inputs, stage._replace(stride=stride), kept))
            inputs, place = stage.width, place + 1
        stages.append(nn.Sequential(*blocks))
    return stages


def initialise(module: nn.Module) -> None:
    """Set the weights of a layer to those with which training begins (He et al., ICCV 2015)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        bound = module.out_features**-0.5
        nn.init.uniform_(module.weight, -bound, bound)
        nn.init.zeros_(module.bias)
