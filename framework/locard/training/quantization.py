"""ONNX models in 8-bit integers: weights alone in advance, or activations, too."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from locard.errors import LocardError
from locard.training.libraries import missing
from locard.training.onnx_export import finish, metadata_of

try:
    import onnx
except ImportError as error:
    raise missing(error) from None

try:
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process
except ImportError as error:
    raise LocardError(
        f"quantisation needs onnxruntime, which cannot be loaded: {error}",
        "Install it with: pip install 'locard[cpu]'",
    ) from None

Feed = Mapping[str, npt.NDArray[Any]]


def quantize_dynamic(
    model: bytes, *, operators: Collection[str] = ("MatMul", "Gemm"), exclude: Collection[str] = ()
) -> bytes:
    """Quantise weights to int8; activations are quantised while the model runs.

    Args:
        model: An fp32 ONNX model.
        operators: Kinds of nodes that are quantised. Convolutions have no fast kernel for this in
            onnxruntime: use :func:`quantize_static` for them.
        exclude: Names of nodes that stay as they are.

    Returns:
        The model, with the metadata that it had; the same model gives the same bytes.
    """
    with _workshop(model) as (source, target):
        quantization.quantize_dynamic(
            source,
            target,
            op_types_to_quantize=list(operators),
            nodes_to_exclude=sorted(exclude),
            weight_type=quantization.QuantType.QInt8,
        )
        return finish(onnx.load(target), metadata_of(model))


def quantize_static(
    model: bytes,
    batches: Iterable[Feed],
    *,
    operators: Collection[str] = ("Conv", "MatMul", "Gemm"),
    exclude: Collection[str] = (),
) -> bytes:
    """Quantise weights to int8 by channel, and activations to uint8 by the ranges that they have.

    Args:
        model: An fp32 ONNX model.
        batches: Inputs by name that are like those of use; activations get the range from the
            smallest to the largest value that they take here.
        operators: Kinds of nodes that are quantised.
        exclude: Names of nodes that stay as they are: the first and last, when accuracy suffers.

    Returns:
        The model, with the metadata that it had; the same model and batches give the same bytes.

    Raises:
        ValueError: There is no batch.
    """
    reader = _Reader(batches)
    with _workshop(model) as (source, target):
        quantization.quantize_static(
            source,
            target,
            reader,
            op_types_to_quantize=list(operators),
            nodes_to_exclude=sorted(exclude),
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
            activation_type=quantization.QuantType.QUInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
        )
        return finish(onnx.load(target), metadata_of(model))


class _Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
    """Hands batches to onnxruntime one by one."""

    def __init__(self, batches: Iterable[Feed]) -> None:
        self._batches = iter(batches)
        first = next(self._batches, None)
        if first is None:
            raise ValueError("there is nothing to take the ranges of activations from: no batch")
        self._first: Feed | None = first

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        batch, self._first = self._first or next(self._batches, None), None
        return None if batch is None else {k: np.asarray(v) for k, v in batch.items()}


@contextmanager
def _workshop(model: bytes) -> Iterator[tuple[Path, Path]]:
    """Give the place of the model, its shapes inferred, and of the result; nothing is said aloud.

    onnxruntime's tools log advice for those who call them by hand, on the root logger.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    # Without a handler, the first line that is logged would set one up for the whole process.
    handler = logging.NullHandler()
    logging.root.addHandler(handler)
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = Path(folder) / "source.onnx"
            quant_pre_process(
                onnx.load_from_string(model),
                source,
                skip_optimization=True,
                skip_symbolic_shape=True,
            )
            yield source, Path(folder) / "target.onnx"
    finally:
        logging.root.removeHandler(handler)
        logging.disable(before)
