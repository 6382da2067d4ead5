"""The network that sees the whole picture once, reduced to 224×224."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from locard.errors import LocardError
from locard.text import printable
from locard_semi_global.paper.resnet import ResNet18

TEACHER_STAGES: Final = 3
"""Stages of ResNet-18 of which the public weights are to be had: 256 features, at stride 16."""

QUARTER: Final = 16
"""Width of the network of our own: a quarter of ResNet-18's."""

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class GlobalNetwork(nn.Module):
    """A residual network with the normalisation that its weights ask for.

    Attributes:
        features: How many numbers it gives for a picture.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, body: ResNet18) -> None:
        super().__init__()
        self.body = body
        self.features = body.features if body.fc is None else body.fc.out_features
        for name, values in (("mean", _MEAN), ("deviation", _DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return what is said of whole pictures.

        Args:
            pictures: RGB in [0, 1], shape (n, 3, 224, 224).

        Returns:
            Shape (n, features).
        """
        answer: Tensor = self.body((pictures - self.mean) / self.deviation)
        return answer


def small_network() -> GlobalNetwork:
    """Return the network of our own, ``sgn-global``, with random weights: 256 features.

    The shape of ResNet-18 at a quarter of its width, with a linear layer to as many features as
    its teacher has.
    """
    teacher = 64 << (TEACHER_STAGES - 1)
    return GlobalNetwork(ResNet18(QUARTER, classes=teacher))


def public_network(folder: Path) -> GlobalNetwork:
    """Return ResNet-18 up to its third stage with public weights, norms folded in.

    Args:
        folder: One ``.npy`` a tensor, float32, named as torchvision names them.

    Raises:
        LocardError: A file is missing, cannot be read, or has another shape.
    """
    body = ResNet18(stages=TEACHER_STAGES, norms=False)
    weights = {name: _read(folder / f"{name}.npy", own) for name, own in body.state_dict().items()}
    body.load_state_dict(weights)
    return GlobalNetwork(body).requires_grad_(requires_grad=False).eval()


def _read(path: Path, own: Tensor) -> Tensor:
    shown = printable(str(path))
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise LocardError(
            f"cannot read the weights {shown}: {printable(str(error))}",
            "Give the folder of ResNet-18's weights up to layer3, one .npy a tensor.",
        ) from None
    if values.shape != tuple(own.shape) or values.dtype != np.float32:
        raise LocardError(
            f"{shown} holds {values.dtype} {values.shape}, not float32 {tuple(own.shape)}",
            "Give the weights of ResNet-18, batch norms folded into the convolutions.",
        )
    return torch.from_numpy(values)
