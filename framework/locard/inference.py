"""ONNX models, run by onnxruntime: quiet, on a fixed number of threads, alike each time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from locard.errors import LocardError
from locard.onnx_file import ModelError, check_onnx

if TYPE_CHECKING:
    import onnxruntime

# From version 1.29 on, onnxruntime tells its maker of each process, unless this is set before it is
# imported: nothing of an examination may leave the building, not even that there was one.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_SILENT = 4
"""Only what is fatal is logged; errors come as exceptions."""


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
    check_onnx(model, "the model")
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
