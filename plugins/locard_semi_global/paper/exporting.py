"""The paper's networks as ONNX."""

from __future__ import annotations

import copy
import warnings
from typing import Final

import torch
from torch import Tensor, nn

from locard.training.onnx_export import export_onnx
from locard_semi_global.paper.blocks import PATCH
from locard_semi_global.paper.localising import GLOBAL_FILE, IDENTITY
from locard_semi_global.paper.networks import PatchNetwork, SemiGlobal
from locard_semi_global.paper.whole import SIDE

MODEL_FILE: Final = "model.onnx"
OUTPUTS: Final = ("mask", "label")


def to_onnx(network: PatchNetwork) -> dict[str, bytes]:
    """Return a network as ONNX files by name, each for any number of patches or pictures.

    Args:
        network: ``jcs`` or ``sgn-paper``.

    Returns:
        ``model.onnx``: ``patches`` float32 (n, 3, 64, 64), for ``sgn-paper`` also ``features``
        (n, features), to ``mask`` (n, 2, 64, 64) and ``label`` (n, 2). For ``sgn-paper`` also
        ``global.onnx``: ``picture`` (n, 3, 224, 224) to ``features``.

    Raises:
        LocardError: It cannot be exported.
    """
    given = inputs_of(network, 2)
    names = ("patches", "features")[: len(given)]
    files = {MODEL_FILE: _export(_Traceable(network), given, names, OUTPUTS)}
    if isinstance(network, SemiGlobal):
        picture = (torch.rand(2, 3, SIDE, SIDE),)
        files[GLOBAL_FILE] = _export(network.global_network, picture, ("picture",), ("features",))
    return files


def inputs_of(network: PatchNetwork, count: int) -> tuple[Tensor, ...]:
    """Return random inputs of the right shapes."""
    generator = torch.Generator().manual_seed(0)
    patches = torch.rand(count, 3, PATCH, PATCH, generator=generator)
    if not isinstance(network, SemiGlobal):
        return (patches,)
    features = network.global_network.features
    return patches, torch.rand(count, features, generator=generator)


class _Traceable(nn.Module):
    """The network as the exporter wants it: plain tuples for outputs, and an LSTM without checks.

    torch's module asks in Python whether sizes fit, which a trace would keep for all batches.
    """

    def __init__(self, network: PatchNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        self.network.lstm = _Lstm(network.lstm)  # type: ignore[assignment]

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        answers = self.network(*given)
        return answers.mask, answers.label


class _Lstm(nn.Module):
    """An LSTM that begins with zeros, of any batch's size."""

    def __init__(self, lstm: nn.LSTM) -> None:
        super().__init__()
        self.lstm = lstm

    def forward(self, sequence: Tensor) -> tuple[Tensor, None]:
        own = self.lstm
        zeros = torch.zeros_like(sequence[:, :1, :1]).transpose(0, 1)
        state = zeros.expand(own.num_layers, -1, own.hidden_size)
        weights: list[Tensor] = [values for layer in own.all_weights for values in layer]
        outputs: Tensor = torch.lstm(
            sequence, (state, state), weights, True, own.num_layers, 0.0, False, False, True
        )[0]
        return outputs, None


def _export(
    module: nn.Module,
    sample: tuple[Tensor, ...],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
) -> bytes:
    with warnings.catch_warnings():
        # Said of every LSTM; with initial states of the batch's own size it does not hold.
        warnings.filterwarnings("ignore", "Exporting a model to ONNX with a batch_size other")
        return export_onnx(
            module,
            sample,
            inputs=inputs,
            outputs=outputs,
            dynamic={name: {0: "n"} for name in (*inputs, *outputs)},
            metadata=IDENTITY,
        )
