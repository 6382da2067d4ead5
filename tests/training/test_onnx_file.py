"""ONNX files are told from others, and from those that are not whole, without the onnx package."""

from __future__ import annotations

import pickle
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from registry_models import network

from locard.onnx_file import ModelError, check_onnx


def external(name: str = "w") -> TensorProto:
    """Return a tensor whose numbers lie in another file."""
    tensor = numpy_helper.from_array(np.ones((3, 2), np.float32), name)
    onnx.external_data_helper.set_external_data(tensor, "../../etc/passwd")
    tensor.ClearField("raw_data")
    return tensor


@pytest.mark.parametrize("opset", [7, 17, 21])
def test_the_opset_is_the_one_that_onnx_reads(opset):
    model = network(opset=opset)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 3))
    data = model.SerializeToString()
    (own,) = [one.version for one in onnx.load_from_string(data).opset_import if not one.domain]
    assert check_onnx(data, "model.onnx") == own == opset


def in_initializer(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(external())


def in_node(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=external()))


def in_branch(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [], [external()])
    model.graph.node.append(helper.make_node("If", ["x"], ["c"], then_branch=inner))


def in_sparse_tensor(model: onnx.ModelProto) -> None:
    indices = numpy_helper.from_array(np.arange(6), "i")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(external(), indices, [9]))


def in_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Constant", [], ["c"], value=external())
    sets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("lab", "f", [], ["c"], [node], sets))


@pytest.mark.parametrize("put", [in_initializer, in_node, in_branch, in_sparse_tensor, in_function])
def test_weights_in_other_files_are_refused_wherever_they_are_named(put):
    model = network()
    put(model)
    with pytest.raises(ModelError, match="weights in another file"):
        check_onnx(model.SerializeToString(), "model.onnx")


def test_what_onnx_itself_saves_with_external_data_is_refused(tmp_path: Path):
    path = tmp_path / "model.onnx"
    onnx.save(network(), path, save_as_external_data=True, size_threshold=0)
    with pytest.raises(ModelError, match="weights in another file"):
        check_onnx(path.read_bytes(), str(path))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        pickle.dumps({"weights": [1.0, 2.0]}),
        b"PK\x03\x04",
        b"\x08\x08",
        onnx.ModelProto(ir_version=8).SerializeToString(),
        network().SerializeToString()[:-1],
        b"\x3a" + b"\xff" * 11,
        b"\x38\x01",
    ],
    ids=["empty", "png", "pickle", "zip", "version", "no graph", "cut", "endless", "number"],
)
def test_what_is_no_onnx_is_refused(data):
    with pytest.raises(ModelError, match=r"model\.onnx is no ONNX model"):
        check_onnx(data, "model.onnx")


@given(st.binary(max_size=300))
def test_no_bytes_make_anything_but_an_answer(data):
    with suppress(ModelError):
        assert check_onnx(data, "model.onnx") >= 0


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_damaged_model_makes_nothing_but_an_answer(at, byte):
    data = bytearray(network().SerializeToString())
    data[at % len(data)] = byte
    with suppress(ModelError):
        assert check_onnx(bytes(data), "model.onnx") >= 0
