"""Models that are made on the spot: a product with a matrix, and what a card says of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import locard_registry as registry
from locard.calibration import Calibration, Conditions, Range


def network(scale: float = 1.0, opset: int = 17) -> onnx.ModelProto:
    """Return a network that multiplies with a matrix."""
    weights = numpy_helper.from_array(np.full((3, 2), scale, np.float32), "w")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weights]
    )
    sets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=sets, ir_version=8)


def card_of(folder: Path, **changes: Any) -> registry.Card:
    """Return a card for the model in a folder, with some fields changed."""
    fields: dict[str, Any] = {
        "name": folder.parent.name,
        "version": folder.name,
        "created": date(2026, 11, 21),
        "licence": "Apache-2.0",
        "purpose": "Multiplies, for tests",
        "made_by": "The Locard authors",
        "parameters": 6,
        "limits": ("It can do nothing else.", 'It does not know "quotes"\nor lines.'),
        "requires": {"phase_evidence": "1"},
        "macs": registry.Macs(value=6, at="one row"),
        "data": registry.Data(photographs="none", commands=("true", "false"), seeds=(1,)),
        "training": registry.Training(seconds=0.5, epochs=3, hardware="one core"),
        "files": (registry.describe_file(folder / "model.onnx", "fp32"),),
        "inputs": (tensor("x", 3),),
        "outputs": (tensor("y", 2),),
        "thresholds": (
            threshold("lossless", 0.5, formats=("lossless",)),
            threshold("JPEG", 0.75, formats=("JPEG",), jpeg_quality=Range(low=90)),
        ),
        "figures": (
            registry.Figure(
                set="test", stratum="A", n=100, figure="accuracy", value=0.9, low=0.8, high=0.95
            ),
        ),
        "latency": (registry.Latency(against="a decode", ratio=2.5, at="1 megapixel"),),
        "comparisons": (
            registry.Comparison(
                method="chance",
                set="test",
                stratum="A",
                n=100,
                figure="accuracy",
                value=0.5,
                parameters=12345,
                macs=6,
                time=1.5,
            ),
        ),
    }
    return registry.Card(**(fields | changes))


def tensor(name: str, columns: int) -> registry.Tensor:
    return registry.Tensor(name=name, dtype="float32", shape=("n", columns), meaning="numbers")


def threshold(name: str, value: float, **conditions: Any) -> registry.Threshold:
    return registry.Threshold(
        name=name,
        conditions=Conditions(**conditions),
        value=value,
        false_alarm_rate=0.01,
        images=100,
    )


def calibration_for(sha256: str, **changes: Any) -> Calibration:
    """Return a calibration of a detector that uses the model file with a hash."""
    detector = {"plugin": "toy", "version": "1", "parameters": {}}
    models = [{"name": "toy", "version": "1.0.0", "sha256": sha256}]
    fields: dict[str, Any] = {
        "created": "2026-11-21T00:00:00+00:00",
        "locard": "0.1.0",
        "detector": {**detector, "models": models},
        "dataset": {
            "name": "lab",
            "layout": "list",
            "sha256": "00" * 32,
            "images": {"authentic": 5, "splice": 5},
        },
        "hypotheses": {"h1": "the image was cropped", "h2": "it was not"},
        "strata": [
            {
                "name": "all images",
                "conditions": {"formats": ["JPEG", "lossless"]},
                "tampered": 5,
                "authentic": 5,
                "mapping": {"method": "logistic", "slope": 1.0, "intercept": 0.0},
                "bounds": {"lower": -1.0, "upper": 1.0},
                "performance": {"cllr": 0.5, "cllr_min": 0.4, "folds": 5},
            }
        ],
    }
    return Calibration.sealed(**(fields | changes))
