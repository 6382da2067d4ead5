"""The patch network of the paper, with and without its global branch.

X. Cun, C.-M. Pun, "Image Splicing Localization via Semi-Global Network and Fully Connected
Conditional Random Fields", ECCV Workshops (2018); without global branch: J. H. Bappy et al.,
"Exploiting Spatial Structure for Localizing Manipulated Image Regions", ICCV (2017).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from locard_semi_global.paper.blocks import BLOCK, TILE, from_sequence, to_sequence
from locard_semi_global.paper.global_network import GlobalNetwork

HIDDEN: Final = TILE * TILE
"""Numbers of the LSTM's state; as many as a tile has pixels."""


class Answers(NamedTuple):
    """What the network says of patches, as natural logarithms of probabilities.

    Attributes:
        mask: Shape (n, 2, 64, 64): a pixel is authentic, or spliced.
        label: Shape (n, 2): the patch is authentic, or spliced.
    """

    mask: Tensor
    label: Tensor


class LocalEncoder(nn.Sequential):
    """Two convolutions at full resolution: RGB in [0, 1] to one plane of the same size."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 16, 5, padding=2, bias=False),
            nn.ReLU(),
            nn.Conv2d(16, 1, 5, padding=2, bias=False),
            nn.ReLU(),
        )


class MaskHead(nn.Sequential):
    """From (n, 1, 128, 128) to logits (n, 2, 64, 64)."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 5, padding=2, bias=False),
            # Published the other way round; the two commute, and so it takes a third of the time.
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(32, 2, 5, padding=2, bias=False),
            nn.ReLU(),
            nn.Conv2d(2, 2, 5, padding=2, bias=False),
        )


class PatchNetwork(nn.Module):
    """``jcs``: local encoder, LSTM over blocks, mask head, label head."""

    def __init__(self, joined: int = 0) -> None:
        """Make the network with random weights from torch's global generator.

        Args:
            joined: Numbers of another source that the label head takes beside the last state.
        """
        super().__init__()
        self.encoder = LocalEncoder()
        self.lstm = nn.LSTM(BLOCK * BLOCK, HIDDEN, num_layers=3, batch_first=True)
        self.mask_head = MaskHead()
        self.label_head = nn.Linear(HIDDEN + joined, 2)
        initialise(self)

    def forward(self, patches: Tensor) -> Answers:
        """Judge patches.

        Args:
            patches: RGB in [0, 1], shape (n, 3, 64, 64).
        """
        outputs = self._scan(patches)
        return self._answers(outputs, outputs[:, -1])

    def _scan(self, patches: Tensor) -> Tensor:
        """Return the LSTM's outputs, shape (n, 64, 256)."""
        sequence = to_sequence(self.encoder(patches))
        outputs: Tensor = self.lstm(sequence)[0]
        return outputs

    def _answers(self, outputs: Tensor, summary: Tensor) -> Answers:
        mask, label = self.mask_head(from_sequence(outputs)), self.label_head(summary)
        # In single precision, whatever the convolutions ran in.
        return Answers(mask.float().log_softmax(1), label.float().log_softmax(1))


class SemiGlobal(PatchNetwork):
    """``sgn-paper``: the label head also takes what a frozen network says of the whole picture."""

    def __init__(self, global_network: GlobalNetwork) -> None:
        """Make the network with random weights, but for the global network, which is as given."""
        super().__init__(joined=HIDDEN)
        self.global_linear = nn.Linear(global_network.features, HIDDEN)
        initialise(self.global_linear)
        self.global_network = global_network.requires_grad_(requires_grad=False)
        self.global_network.eval()

    def train(self, mode: bool = True) -> SemiGlobal:
        """Set training or evaluation mode; the global network's statistics never move."""
        super().train(mode)
        self.global_network.eval()
        return self

    def forward(self, patches: Tensor, features: Tensor) -> Answers:  # type: ignore[override]
        """Judge patches of pictures.

        Args:
            patches: RGB in [0, 1], shape (n, 3, 64, 64).
            features: What :attr:`global_network` says of each patch's picture, shape (n, features).
        """
        outputs = self._scan(patches)
        joined = torch.cat([outputs[:, -1], self.global_linear(features)], 1)
        return self._answers(outputs, joined)


def initialise(module: nn.Module) -> None:
    """Draw all matrices and kernels after Kaiming He, for ReLU; biases begin at zero.

    The LSTM's too: with torch's own start, which is smaller, what differs between patches is
    nearly gone after three layers.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear | nn.LSTM):
            for values in part.parameters(recurse=False):
                if values.ndim > 1:
                    nn.init.kaiming_normal_(values, nonlinearity="relu")
                else:
                    nn.init.zeros_(values)


def trained_parameters(module: nn.Module) -> int:
    """Return how many numbers training changes; a frozen network's are not among them."""
    return sum(values.numel() for values in module.parameters() if values.requires_grad)
