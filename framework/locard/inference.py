"""ONNX models, run by onnxruntime: quiet, on a fixed number of threads, alike each time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from locard.errors import LocardError

if TYPE_CHECKING:
    import onnxruntime

# From version 1.29 on, onnxruntime tells its maker of each process, unless this is set before it is
# imported: nothing of an examination may leave the building, not even that there was one.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_SILENT = 4
"""Only what is fatal is logged; errors come as exceptions."""

# Fields of onnx.proto3 that lead to tensors: message -> field number -> message.
_TENSORS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_DEEPEST = 64


class ModelError(LocardError):
    """A model cannot be run."""


def open_session(model: bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """Open an ONNX model on the CPU.

    Args:
        model: The file, verified by whoever gives it.
        threads: Threads of one run.

    Returns:
        A session that logs nothing, reports nothing, and gives the same numbers each time with
        the same number of threads.

    Raises:
        ModelError: It is no model that onnxruntime runs, or one that keeps weights in other files.
        LocardError: onnxruntime is not installed.
    """
    refuse_external_data(model)
    try:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as failures
    except ImportError as error:
        raise LocardError(
            f"running a model needs onnxruntime, which cannot be loaded: {error}",
            "Install it with: pip install 'locard[cpu]'",
        ) from None
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(_SILENT)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    # Threads that wait do not burn the processor: workers run side by side.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except (
        failures.Fail,
        failures.InvalidArgument,
        failures.InvalidGraph,
        failures.InvalidProtobuf,
        failures.NoSuchFile,
        failures.NotImplemented,
        failures.RuntimeException,
        RuntimeError,
        ValueError,
    ) as error:
        first = (str(error).splitlines() or ["no reason given"])[0]
        raise ModelError(
            f"onnxruntime cannot run the model: {first}",
            "Use the model as it was made, or a newer onnxruntime.",
        ) from None


def refuse_external_data(model: bytes) -> None:
    """Check that a model is all in one file: others would be read unverified.

    Raises:
        ModelError: It keeps weights in other files, or is no ONNX model.
    """
    try:
        external = _has_external_data(memoryview(model), "model", 0)
    except (ValueError, IndexError):
        raise ModelError(
            "this is not an ONNX model, or not all of it", "Use the model as it was made."
        ) from None
    if external:
        raise ModelError(
            "the model keeps weights in other files, which are not verified",
            "Save it as one file.",
        )


def _has_external_data(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    inner = _TENSORS[kind]
    for number, value in _fields(message):
        if kind == "tensor":
            if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value):
                return True
        elif (
            number in inner
            and isinstance(value, memoryview)
            and _has_external_data(value, inner[number], depth + 1)
        ):
            return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Give the fields of a protobuf message: number, and integer or bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        value: int | memoryview
        if wire == 0:
            value, at = _varint(message, at)
        else:
            if wire == 2:
                size, at = _varint(message, at)
            elif wire in (1, 5):
                size = 8 if wire == 1 else 4
            else:
                raise ValueError(f"wire type {wire}")
            value = message[at : at + size]
            at += size
            if len(value) != size:
                raise ValueError("cut off")
        yield number, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = message[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7
        if shift > 63:
            raise ValueError("an integer that does not end")
