"""From a torch module to an ONNX model, and whether both give the same numbers.

The exporter that traces is used, not the one built on ``torch.export``: it keeps named axes free at
any size, gives the same bytes for the same weights, and needs no further packages. A trace would
silently keep a size that Python computed; here that is an error.
"""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from locard.errors import LocardError
from locard.inference import open_session
from locard.training.libraries import missing

try:
    import onnx
    import onnx.checker
except ImportError as error:
    raise missing(error) from None

_TracerWarning: type[Warning] = torch.jit.TracerWarning  # type: ignore[attr-defined]

OPSET = 18
"""Version of ONNX's operators."""


def export_onnx(
    module: torch.nn.Module,
    sample: Sequence[torch.Tensor],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic: Mapping[str, Mapping[int, str]],
    metadata: Mapping[str, str] | None = None,
    opset: int = OPSET,
) -> bytes:
    """Export a module, in evaluation mode and on the CPU, as an ONNX model.

    Args:
        module: What is exported; it stays as it is.
        sample: Inputs of an allowed size, which the module is run on once.
        inputs: Their names.
        outputs: Names of the outputs.
        dynamic: Names of the axes that may have any size, by input or output and index.
        metadata: What the model is, as texts by name (``metadata_props``).
        opset: Version of ONNX's operators.

    Returns:
        The model, checked; the same weights give the same bytes.

    Raises:
        LocardError: The module cannot be exported, or onnx is not installed.
    """
    module = copy.deepcopy(module).cpu().eval()
    _teach_operators()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        file = Path(folder) / "model.onnx"
        try:
            torch.onnx.export(
                module,
                tuple(tensor.cpu() for tensor in sample),
                file,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_axes={name: dict(axes) for name, axes in dynamic.items()},
                opset_version=opset,
                dynamo=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise _refused(str(error), opset) from None
        model = onnx.load(file)
    for warning in said:
        if issubclass(warning.category, _TracerWarning):
            raise _refused(str(warning.message), opset)
        # The exporter's own deprecation is left out: torch is pinned to a version that has it.
        if not issubclass(warning.category, DeprecationWarning):
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    onnx.checker.check_model(model, full_check=True)
    return finish(model, metadata or {})


def _teach_operators() -> None:
    """Tell the exporter of an operator that ONNX has and the exporter does not know."""
    torch.onnx.register_custom_op_symbolic(  # type: ignore[attr-defined]
        "aten::asinh", lambda graph, values: graph.op("Asinh", values), 9
    )


def finish(model: onnx.ModelProto, metadata: Mapping[str, str]) -> bytes:
    """Return a model's bytes with metadata by name in the place of what it had."""
    del model.metadata_props[:]
    for name in sorted(metadata):
        model.metadata_props.add(key=name, value=metadata[name])
    return bytes(model.SerializeToString(deterministic=True))


def metadata_of(model: bytes) -> dict[str, str]:
    """Return the texts by name that a model carries."""
    loaded = onnx.load_from_string(model)
    return {entry.key: entry.value for entry in loaded.metadata_props}


def compare(
    module: torch.nn.Module, model: bytes, batches: Iterable[Sequence[torch.Tensor]]
) -> dict[str, float]:
    """Measure how far an ONNX model's outputs are from the module's.

    Args:
        module: Run on the CPU in evaluation mode; it stays as it is.
        model: Its ONNX model, of any precision.
        batches: Inputs, in the model's order; of several sizes, or the named axes are untested.

    Returns:
        The largest absolute difference over all batches, by output.

    Raises:
        ValueError: There is no batch, or an output has another shape.
    """
    module = copy.deepcopy(module).cpu().eval()
    session = open_session(model)
    names = [entry.name for entry in session.get_inputs()]
    outputs = [entry.name for entry in session.get_outputs()]
    largest: dict[str, float] = {}
    for batch in batches:
        given = {name: tensor.cpu().numpy() for name, tensor in zip(names, batch, strict=True)}
        theirs = session.run(outputs, given)
        with torch.no_grad():
            ours = module(*(tensor.cpu() for tensor in batch))
        ours = (ours,) if isinstance(ours, torch.Tensor) else tuple(ours)
        for name, own, other in zip(outputs, ours, theirs, strict=True):
            found = torch.as_tensor(other)
            if own.shape != found.shape:
                raise ValueError(f"{name}: {tuple(found.shape)} instead of {tuple(own.shape)}")
            difference = (own.double() - found.double()).abs()
            far = float(difference.max()) if difference.numel() else 0.0
            # Python's max() would pass over what is no number; numpy's keeps it.
            largest[name] = float(np.maximum(far, largest.get(name, 0.0)))
    if not largest:
        raise ValueError("there is nothing to compare on: no batch")
    return largest


def _refused(reason: str, opset: int) -> LocardError:
    return LocardError(
        f"the network cannot be exported to ONNX: {reason.strip().splitlines()[0]}",
        "Let its forward pass branch on no value or size of a tensor, compute no size in Python, "
        f"and use operators of ONNX's opset {opset}.",
    )
