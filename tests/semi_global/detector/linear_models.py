"""Models of semi-global that weigh channels linearly: what they rely on is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import locard_registry as registry
from locard.calibration import Conditions, Range
from locard_semi_global.evidence.channels import CHANNELS, GROUP_OF, IDENTITY
from locard_semi_global.evidence.groups import GROUPS


def linear_model(
    weights: Mapping[str, float],
    bias: float = -2.0,
    metadata: Mapping[str, str] = IDENTITY,
    spoiled: bool = False,
) -> bytes:
    """Return a model whose logits are a weighted sum of channels, in all places of a cell.

    Args:
        weights: By channel; what a group that is taken out weighs is left out.
        bias: Added.
        metadata: Of the file.
        spoiled: Whether all logits are NaN.
    """
    channels, groups = len(CHANNELS), len(GROUPS)
    members = np.zeros((groups, channels), np.float32)
    for name, weight in weights.items():
        channel = CHANNELS.index(name)
        members[GROUP_OF[channel], channel] = weight
    nodes = [
        helper.make_node("MatMul", ["groups", "members"], ["kept"]),
        helper.make_node("Einsum", ["kept", "evidence"], ["cells"], equation="nc,bchw->nhw"),
        helper.make_node("Unsqueeze", ["cells", "one"], ["pictures"]),
        helper.make_node("Resize", ["pictures", "", "scales"], ["fine"], mode="nearest"),
        helper.make_node("Squeeze", ["fine", "one"], ["map"]),
        helper.make_node("Mul", ["medians", "spreads"], ["both"]),
        helper.make_node("ReduceMax", ["both", "one"], ["highest"], keepdims=0),
        helper.make_node("Mul", ["highest", "zero"], ["nothing"]),
        helper.make_node("Add", ["map", "nothing"], ["all"]),
        helper.make_node("Add", ["all", "bias"], ["logits"]),
    ]
    values = {
        "members": members,
        "one": np.array([1], np.int64),
        "zero": np.zeros((), np.float32),
        "bias": np.full((), np.nan if spoiled else bias, np.float32),
        "scales": np.array([1, 1, 2, 2], np.float32),
    }
    shapes = {
        "evidence": [1, channels, "h", "w"],
        "medians": [1, channels],
        "spreads": [1, channels],
        "groups": ["n", groups],
    }
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", "a", "b"])
    constants = [numpy_helper.from_array(np.asarray(v), name) for name, v in values.items()]
    graph = helper.make_graph(nodes, "linear", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def threshold(name: str, value: float, power: float | None = 0.9, **asked: Any) -> Any:
    """Return a row of a card."""
    return registry.Threshold(
        name=name,
        conditions=Conditions(**asked),
        value=value,
        false_alarm_rate=0.05,
        images=200,
        power=power,
        positives=None if power is None else 200,
    )


def never_compressed(value: float = 0.0, power: float | None = 0.9) -> Any:
    """Return the threshold for lossless files whose pixels show no JPEG steps."""
    asked = {"mean_luma_step": Range(high=1.5)}
    return threshold("never compressed", value, power, formats=("lossless",), measurements=asked)


def jpeg_files(value: float = 0.0, power: float | None = 0.9) -> Any:
    """Return the threshold for JPEG files."""
    asked = {"formats": ("JPEG",), "jpeg_quality": Range(low=70)}
    return threshold("JPEG 70-100", value, power, **asked)


def install(models: Path, content: bytes, version: str = "0.0.1", **changes: Any) -> Path:
    """Put a model with a card into a folder of models, and return its own folder."""
    folder = models / "semi-global" / version
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(content)
    tensor = registry.Tensor(name="evidence", dtype="float32", shape=(1,), meaning="evidence")
    fields: dict[str, Any] = {
        "name": "semi-global",
        "version": version,
        "created": date(2026, 11, 21),
        "licence": "Apache-2.0",
        "purpose": "Stands in for a trained model, in tests",
        "made_by": "The Locard authors",
        "parameters": 1,
        "limits": ("It was not trained.",),
        "requires": dict(IDENTITY),
        "data": registry.Data(photographs="none", commands=("true",), seeds=(1,)),
        "training": registry.Training(seconds=0, epochs=0, hardware="none"),
        "files": (registry.describe_file(folder / "model.onnx", "fp32"),),
        "inputs": (tensor,),
        "outputs": (tensor,),
        "thresholds": (never_compressed(), jpeg_files()),
    }
    registry.write_card(registry.Card(**(fields | changes)), folder)
    return folder
