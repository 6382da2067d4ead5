"""Models of kd-crop that are made on the spot, with cards, for tests of the detector."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from registry_models import calibration_for

import locard_registry as registry
from locard.calibration import Conditions, Range
from locard_kd_crop.detector import KdCrop
from locard_kd_crop.phase.evidence import STATISTICS, STEPS

TERMS = 4 * 64 * STATISTICS
SHAPES = {
    "evidence": (TensorProto.INT8, ["N", 64, 4, 64, STATISTICS]),
    "table": (TensorProto.FLOAT, ["N", 64]),
    "windows": (TensorProto.FLOAT, ["N", 4]),
}


def zeros_model(gain: float = 0.02, none: float = 25.0) -> bytes:
    """Return a model that works on lossless files: phases with more zeros among AC coefficients.

    Args:
        gain: Logits for a quarter of a standard error in one term.
        none: Logit of no grid.
    """
    weights = np.zeros((4, 64, STATISTICS), np.float32)
    weights[:, 1:, len(STEPS)] = gain
    return _model(
        [
            helper.make_node("Cast", ["evidence"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["numbers", "flat"], ["terms"]),
            helper.make_node("MatMul", ["terms", "weights"], ["phases"]),
            helper.make_node("ReduceMax", ["phases", "axes"], ["highest"], keepdims=1),
            helper.make_node("Mul", ["highest", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "none"], ["rest"]),
            helper.make_node("Concat", ["phases", "rest"], ["logits"], axis=1),
        ],
        flat=np.array([0, 64, TERMS], np.int64),
        weights=weights.reshape(TERMS),
        axes=np.array([1], np.int64),
        zero=np.zeros((), np.float32),
        none=np.full((1, 1), none, np.float32),
    )


def constant_model(logits: np.ndarray) -> bytes:
    """Return a model that says the same of every picture: float, (65,)."""
    return _model(
        [
            helper.make_node("ReduceMax", ["table", "axes"], ["highest"], keepdims=1),
            helper.make_node("Mul", ["highest", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "said"], ["logits"]),
        ],
        axes=np.array([1], np.int64),
        zero=np.zeros((), np.float32),
        said=np.asarray(logits, np.float32).reshape(1, 65),
    )


def saying(score: float, phase: int = 29, *, none: bool = False) -> np.ndarray:
    """Return logits that come to a score, all of it at one phase: float64, (65,)."""
    logits = np.full(65, -60.0)
    logits[64 if none else 0] = 0.0
    logits[phase] = score
    return logits


def _model(nodes: list[onnx.NodeProto], **constants: np.ndarray) -> bytes:
    inputs = [helper.make_tensor_value_info(name, *shape) for name, shape in SHAPES.items()]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 65])]
    values = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "crops", inputs, outputs, values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def threshold(name: str, value: float, power: float | None = 0.9, **asked: Any) -> Any:
    """Return a row of a card."""
    return registry.Threshold(
        name=name,
        conditions=Conditions(**asked),
        value=value,
        false_alarm_rate=0.01,
        images=200,
        power=power,
        positives=None if power is None else 200,
    )


LARGE = {"shorter_side": Range(low=128)}
THRESHOLDS = (
    threshold("lossless, 128 px and more", 2.0, formats=("lossless",), measurements=LARGE),
    threshold("lossless, 64 to 127 px", 2.0, 0.3, formats=("lossless",)),
    threshold(
        "JPEG 80-100, 128 px and more",
        *(3.0, 0.8),
        formats=("JPEG",),
        jpeg_quality=Range(low=80),
        measurements=LARGE,
    ),
    threshold("JPEG 80-100", 3.0, 0.2, formats=("JPEG",), jpeg_quality=Range(low=80)),
    threshold("JPEG 30-79", 4.0, 0.1, formats=("JPEG",), jpeg_quality=Range(low=30, high=79)),
)


def install(
    models: Path,
    content: bytes,
    version: str = "0.0.1",
    *,
    calibrated: bool = False,
    **changes: Any,
) -> Path:
    """Put a model with a card into a folder of models, and return its own folder."""
    folder = models / "kd-crop" / version
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    fields: dict[str, Any] = {
        "name": "kd-crop",
        "version": version,
        "created": date(2026, 11, 21),
        "licence": "Apache-2.0",
        "purpose": "Stands in for a trained model, in tests",
        "made_by": "The Locard authors",
        "parameters": 1,
        "limits": ("It was not trained.",),
        "requires": {"phase_evidence": "1"},
        "data": registry.Data(photographs="none", commands=("true",), seeds=(1,)),
        "training": registry.Training(seconds=0, epochs=0, hardware="none"),
        "files": (registry.describe_file(folder / "model.onnx", "fp32"),),
        "inputs": tuple(
            registry.Tensor(name=name, dtype=dtype, shape=tuple(shape), meaning="see the detector")
            for (name, (_, shape)), dtype in zip(
                SHAPES.items(), ("int8", "float32", "float32"), strict=True
            )
        ),
        "outputs": (
            registry.Tensor(name="logits", dtype="float32", shape=("N", 65), meaning="classes"),
        ),
        "thresholds": THRESHOLDS,
    }
    if calibrated:
        fields["calibration"] = _calibration(folder, version)
    registry.write_card(registry.Card(**(fields | changes)), folder)
    return folder


def _calibration(folder: Path, version: str) -> registry.CalibrationFile:
    sha256 = registry.describe_file(folder / "model.onnx", "fp32").sha256
    detector = {
        "plugin": "kd-crop",
        "version": KdCrop.version,
        "parameters": {"model": version},
        "models": [{"name": "kd-crop", "version": version, "sha256": sha256}],
    }
    path = folder / "calibration.json"
    path.write_text(calibration_for(sha256, detector=detector).to_json())
    return registry.describe_calibration(path)
