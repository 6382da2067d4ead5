"""Models of semi-global that find what is bright: what they mark can be foretold."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import locard_registry as registry
from locard_semi_global.evidence.channels import CHANNELS, IDENTITY
from locard_semi_global.evidence.groups import GROUPS

GAIN = 20.0
"""Nats for a step from black to white; 0 at 0.5."""

CHANNEL = CHANNELS.index("content-luma")


def bright_model() -> bytes:
    """Return a model whose logits are 20 (mean luma / 255 − ½) of each cell.

    Without the group content it says −10 everywhere.
    """
    content = GROUPS.index("content")
    nodes = [
        helper.make_node("Gather", ["evidence", "channel"], ["luma"], axis=1),
        helper.make_node("Gather", ["groups", "group"], ["kept"], axis=1),
        helper.make_node("Unsqueeze", ["kept", "axes"], ["factor"]),
        helper.make_node("Mul", ["luma", "factor"], ["seen"]),  # (n, 1, h, w)
        helper.make_node("Sub", ["seen", "middle"], ["less"]),
        helper.make_node("Mul", ["less", "gain"], ["cells"]),
        helper.make_node("Resize", ["cells", "", "scales"], ["fine"], mode="nearest"),
        helper.make_node("Squeeze", ["fine", "one"], ["map"]),
        helper.make_node("ReduceMax", ["medians", "one"], ["m"], keepdims=0),
        helper.make_node("ReduceMax", ["spreads", "one"], ["s"], keepdims=0),
        helper.make_node("Add", ["m", "s"], ["both"]),
        helper.make_node("Mul", ["both", "zero"], ["nothing"]),
        helper.make_node("Add", ["map", "nothing"], ["logits"]),
    ]
    values = {
        "channel": np.array([CHANNEL], np.int64),
        "group": np.array([content], np.int64),
        "axes": np.array([2, 3], np.int64),
        "one": np.array([1], np.int64),
        "middle": np.float32(0.5).reshape(()),
        "gain": np.float32(GAIN).reshape(()),
        "zero": np.float32(0).reshape(()),
        "scales": np.array([1, 1, 2, 2], np.float32),
    }
    channels, groups = len(CHANNELS), len(GROUPS)
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
    graph = helper.make_graph(nodes, "bright", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, dict(IDENTITY))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write_model(models: Path, version: str = "0.0.1") -> None:
    """Write the model with a card below a folder of models."""
    folder = models / "semi-global" / version
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(bright_model())
    file = registry.describe_file(folder / "model.onnx", "fp32")
    tensor = registry.Tensor(name="evidence", dtype="float32", shape=(1,), meaning="evidence")
    card = registry.Card(
        name="semi-global",
        version=version,
        created=date(2024, 1, 1),
        licence="CC0-1.0",
        purpose="tests",
        made_by="tests",
        parameters=1,
        limits=("It sees nothing but brightness.",),
        data=registry.Data(photographs="none", commands=("none",), seeds=()),
        training=registry.Training(seconds=0, epochs=0, hardware="none"),
        files=(file,),
        inputs=(tensor,),
        outputs=(tensor,),
    )
    registry.write_card(card, folder)
