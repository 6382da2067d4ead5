"""A phase network as ONNX, and what its model needs to be told apart by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from locard.training.onnx_export import export_onnx
from locard_kd_crop.phase.activity import KINDS
from locard_kd_crop.phase.evidence import IDENTITY, STATISTICS
from locard_kd_crop.phase.windows import BANDS, PHASES

if TYPE_CHECKING:
    from torch import Tensor, nn

INPUTS: Final = ("evidence", "table", "windows")
OUTPUT: Final = "logits"
_ANY_NUMBER: Final = {0: "pictures"}


def to_onnx(network: nn.Module) -> bytes:
    """Return a network as ONNX, for any number of pictures.

    Args:
        network: A :class:`~locard_kd_crop.phase.network.PhaseNetwork` or an ensemble of them.

    Returns:
        The model: inputs ``evidence`` int8 (n, 64, classes of activity, 64, 41), ``table`` float32
        (n, 64) and ``windows`` float32 (n, classes of activity), output ``logits`` float32 (n, 65).

    Raises:
        LocardError: It cannot be exported.
    """
    return export_onnx(
        network,
        sample(2),
        inputs=INPUTS,
        outputs=(OUTPUT,),
        dynamic=dict.fromkeys((*INPUTS, OUTPUT), _ANY_NUMBER),
        metadata=IDENTITY,
    )


def sample(number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs of the right shapes: JPEGs and other files take turns."""
    generator = torch.Generator().manual_seed(0)
    shape = (number, PHASES, KINDS, BANDS, STATISTICS)
    terms = torch.randint(-20, 21, shape, dtype=torch.int8, generator=generator)
    tables = torch.randint(1, 30, (number, BANDS), generator=generator).float()
    tables[1::2] = 0
    return terms, tables, torch.rand(number, KINDS, generator=generator) * 500
