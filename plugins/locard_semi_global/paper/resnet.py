"""Residual networks of 18 layers, of any width, cut off after any stage, with or without norms.

K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR (2016). The
names of the weights are torchvision's, so that public weights fit.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

WIDTH: Final = 64
"""Channels of the first stage; each further stage has twice as many."""

STAGES: Final = 4
_BLOCKS = 2


class _Block(nn.Module):
    """Two 3×3 convolutions beside a short cut."""

    def __init__(self, before: int, channels: int, stride: int, *, norms: bool) -> None:
        super().__init__()
        self.conv1 = _conv(before, channels, 3, stride, norms=norms)
        self.bn1 = _norm(channels, norms=norms)
        self.relu = nn.ReLU()
        self.conv2 = _conv(channels, channels, 3, 1, norms=norms)
        self.bn2 = _norm(channels, norms=norms)
        self.downsample = (
            nn.Sequential(
                _conv(before, channels, 1, stride, norms=norms), _norm(channels, norms=norms)
            )
            if stride != 1 or before != channels
            else None
        )

    def forward(self, planes: Tensor) -> Tensor:
        """Return planes of the block's channels, at its stride."""
        short = planes if self.downsample is None else self.downsample(planes)
        inner = self.relu(self.bn1(self.conv1(planes)))
        out: Tensor = self.relu(self.bn2(self.conv2(inner)) + short)
        return out


class ResNet18(nn.Module):
    """The network up to a stage, pooled.

    Attributes:
        features: How many numbers it gives.
    """

    def __init__(
        self,
        width: int = WIDTH,
        stages: int = STAGES,
        *,
        norms: bool = True,
        classes: int | None = None,
    ) -> None:
        """Make the network.

        Args:
            width: Channels of the first stage.
            stages: How many of the four stages it has.
            norms: Batch normalisation after the convolutions; without it, they have biases, into
                which the norms of a trained network can be folded.
            classes: Outputs of a linear layer behind it; None for the pooled features.
        """
        super().__init__()
        self.conv1 = _conv(3, width, 7, 2, norms=norms)
        self.bn1 = _norm(width, norms=norms)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.features = before = width
        self._names = tuple(f"layer{number + 1}" for number in range(stages))
        for number, name in enumerate(self._names):
            self.features = width << number
            strides = (1 if number == 0 else 2, *([1] * (_BLOCKS - 1)))
            blocks = [
                _Block(before if index == 0 else self.features, self.features, stride, norms=norms)
                for index, stride in enumerate(strides)
            ]
            self.add_module(name, nn.Sequential(*blocks))
            before = self.features
        self.fc = nn.Linear(self.features, classes) if classes else None

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the pooled features, or what the last layer makes of them.

        Args:
            pictures: Normalised as the weights ask for, shape (n, 3, h, w).

        Returns:
            Shape (n, features) or (n, classes).
        """
        planes = self.maxpool(self.relu(self.bn1(self.conv1(pictures))))
        for name in self._names:
            planes = self.get_submodule(name)(planes)
        pooled: Tensor = planes.mean((2, 3))
        return pooled if self.fc is None else self.fc(pooled)


def _conv(before: int, channels: int, side: int, stride: int, *, norms: bool) -> nn.Conv2d:
    return nn.Conv2d(before, channels, side, stride, side // 2, bias=not norms)


def _norm(channels: int, *, norms: bool) -> nn.Module:
    return nn.BatchNorm2d(channels) if norms else nn.Identity()
