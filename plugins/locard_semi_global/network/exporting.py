"""The block-evidence network as ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from locard.training.onnx_export import export_onnx
from locard_semi_global.evidence.channels import CHANNELS, IDENTITY
from locard_semi_global.evidence.groups import GROUPS

if TYPE_CHECKING:
    from torch import Tensor, nn

INPUTS: Final = ("evidence", "medians", "spreads", "groups")
OUTPUT: Final = "logits"


def to_onnx(network: nn.Module) -> bytes:
    """Return a network as ONNX.

    Args:
        network: A :class:`~locard_semi_global.network.localiser_network.BlockEvidenceNetwork`, or
            several as one.

    Returns:
        The model: inputs ``evidence`` float32 (1, channels, h, w), ``medians`` and ``spreads``
        float32 (1, channels), ``groups`` float32 (n, groups); output ``logits`` float32 (n, 2 h,
        2 w). h and w are multiples of 8.

    Raises:
        LocardError: It cannot be exported.
    """
    size = {2: "rows", 3: "columns"}
    return export_onnx(
        network,
        sample(),
        inputs=INPUTS,
        outputs=(OUTPUT,),
        dynamic={
            "evidence": size,
            "groups": {0: "answers"},
            OUTPUT: {0: "answers", 1: "fine_rows", 2: "fine_columns"},
        },
        metadata=IDENTITY,
    )


def sample(rows: int = 16, columns: int = 24) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return inputs of the right shapes."""
    generator = torch.Generator().manual_seed(0)
    channels = len(CHANNELS)
    evidence = torch.randn(1, channels, rows, columns, generator=generator)
    medians = torch.randn(1, channels, generator=generator)
    spreads = torch.rand(1, channels, generator=generator) + 0.1
    groups = torch.ones(2, len(GROUPS))
    groups[1, 0] = 0
    return evidence, medians, spreads, groups
