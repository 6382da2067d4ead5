"""What a network costs: parameters, and multiply-accumulates."""

from __future__ import annotations

import copy

import torch
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(module: torch.nn.Module) -> int:
    """Return how many numbers training learns; buffers (running means) are not among them."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_macs(module: torch.nn.Module, *inputs: torch.Tensor) -> int:
    """Count the multiply-accumulates of a forward pass.

    Convolutions and products of matrices count (linear layers, matmul, einsum, attention,
    recurrent layers); activations, normalisation, pooling and sums do not, as published figures
    have it.

    Args:
        module: Run once, in evaluation mode and on the CPU; it stays as it is.
        *inputs: Of the size that the count is for.
    """
    module = copy.deepcopy(module).cpu().eval()
    counter = FlopCounterMode(
        display=False, custom_mapping={torch.ops.aten.mkldnn_rnn_layer: _recurrent_flops}
    )
    with torch.no_grad(), counter:
        module(*inputs)
    # It counts a multiplication and an addition for each.
    return int(counter.get_total_flops()) // 2


def _recurrent_flops(
    sequence: torch.Size, inner: torch.Size, hidden: torch.Size, *_: object, **__: object
) -> int:
    """Return what a layer takes that oneDNN runs whole: both matrices at each step of each."""
    return 2 * sequence[0] * sequence[1] * (inner.numel() + hidden.numel())
