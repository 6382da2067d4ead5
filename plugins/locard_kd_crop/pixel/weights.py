"""Puts weights from a file into a network, and says which did not fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from locard.errors import LocardError
from locard.text import printable
from locard_kd_crop.pixel.efficientnet import EfficientNet

_HEAD = ("classifier.1.weight", "classifier.1.bias")
_POST_STEM = "post_stem."
_UNIMPORTANT = "num_batches_tracked"

CONVERT = (
    'python -c "import torch, safetensors.torch as s; '
    "s.save_file(torch.load('IN.pth', weights_only=True), 'OUT.safetensors')\""
)
"""What a user runs to convert torchvision's file; Locard itself unpickles nothing."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file's weights.

    Attributes:
        taken: How many tensors were taken.
        new: Names of the network's tensors that keep their random start.
    """

    taken: int
    new: tuple[str, ...]


def load_public(network: EfficientNet, path: Path) -> Loaded:
    """Put public ImageNet weights into a network.

    Names and shapes are those of torchvision's ``efficientnet_b0``. The head starts anew where the
    number of classes differs, and blocks after the stem always do.

    Args:
        network: Changed in place.
        path: A safetensors file.

    Raises:
        LocardError: The file cannot be read, is of another kind, or is of another network.
    """
    found = _read(path)
    expected = network.state_dict()
    if _HEAD[0] in found and found[_HEAD[0]].shape != expected[_HEAD[0]].shape:
        found = {name: values for name, values in found.items() if name not in _HEAD}
    may_miss = {
        name
        for name in expected
        if name in _HEAD or name.startswith(_POST_STEM) or name.endswith(_UNIMPORTANT)
    }
    wrong = [
        *(f"{name} is missing" for name in sorted(expected.keys() - found.keys() - may_miss)),
        *(f"{printable(name)} is unknown" for name in sorted(found.keys() - expected.keys())),
        *(
            f"{name} has the shape {tuple(found[name].shape)}, not {tuple(values.shape)}"
            for name, values in expected.items()
            if name in found and found[name].shape != values.shape
        ),
    ]
    if wrong:
        raise LocardError(
            f"{printable(str(path))} does not have the weights of EfficientNet-B0:",
            "Give the weights of torchvision's efficientnet_b0.",
            details=[*wrong[:5], *([f"and {len(wrong) - 5} more"] if len(wrong) > 5 else [])],
        )
    network.load_state_dict(found, strict=False)
    return Loaded(len(found), tuple(sorted(expected.keys() - found.keys())))


def _read(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    shown = printable(str(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LocardError(f"cannot read the weights {shown}: {error.strerror}") from None
    try:
        return load(data)
    except SafetensorError:
        raise LocardError(
            f"{shown} is not a safetensors file; Locard does not unpickle weights",
            f"Convert a .pth file that you trust with: {CONVERT}",
        ) from None


def parameters(network: torch.nn.Module) -> int:
    """Return how many parameters a network has, those that are never trained included."""
    return sum(values.numel() for values in network.parameters())
