"""Models open quietly, alike each time, and from one file alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from locard.errors import LocardError
from locard.inference import open_session
from locard.onnx_file import ModelError, check_onnx


def outside(name: str = "weights") -> TensorProto:
    """Return a tensor whose numbers lie in another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[3])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def model(initializer: TensorProto | None = None, *nodes: onnx.NodeProto) -> onnx.ModelProto:
    own = numpy_helper.from_array(np.array([1, 2, 3], np.float32), "weights")
    graph = helper.make_graph(
        [*nodes, helper.make_node("Mul", ["x", "weights"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [initializer or own],
    )
    imports = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def branch(tensor: TensorProto) -> onnx.NodeProto:
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["z"], value=tensor)],
        "inner",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [3])],
    )
    return helper.make_node("If", ["c"], ["w"], then_branch=inner, else_branch=inner)


def test_a_model_runs(capfd):
    session = open_session(model().SerializeToString(), threads=2)
    given_values = np.array([[1, 1, 2]], np.float32)
    assert session.run(None, {"x": given_values})[0].tolist() == [[1, 2, 6]]
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "hostile",
    [
        model(outside()),
        model(None, helper.make_node("Constant", [], ["z"], value=outside())),
        model(None, branch(outside())),
    ],
    ids=["initializer", "constant", "inside a branch"],
)
def test_weights_in_other_files_are_refused(hostile):
    with pytest.raises(ModelError, match="weights in another file"):
        open_session(hostile.SerializeToString())


def test_weights_in_other_files_are_refused_in_functions():
    hostile = model()
    hostile.functions.append(
        helper.make_function(
            "d", "f", [], ["z"],
            [helper.make_node("Constant", [], ["z"], value=outside())],
            [helper.make_opsetid("", 18)],
        )
    )  # fmt: skip
    with pytest.raises(ModelError, match="weights in another file"):
        check_onnx(hostile.SerializeToString(), "it")


def test_the_same_model_with_a_tensor_in_a_branch_is_allowed():
    own = numpy_helper.from_array(np.zeros(3, np.float32), "inner")
    check_onnx(model(None, branch(own)).SerializeToString(), "it")


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n" + bytes(40), model().SerializeToString()[:-9], b"\x3a" * 300],
    ids=["empty", "png", "cut off", "nested"],
)
def test_what_is_no_model_is_refused(data, capfd):
    with pytest.raises(ModelError):
        open_session(data)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_operator_is_refused():
    strange = model(None, helper.make_node("NoSuchThing", ["x"], ["z"]))
    with pytest.raises(ModelError, match="onnxruntime cannot run the model"):
        open_session(strange.SerializeToString())


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(data):
    try:
        check_onnx(data, "it")
    except ModelError:
        pass
    else:
        # What the walk goes through without an error cannot hide a tensor from protobuf.
        assert b"/etc/passwd" not in data


def test_without_onnxruntime_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(LocardError, match=r"locard\[cpu\]"):
        open_session(model().SerializeToString())


def test_it_loads_nothing_heavy():
    code = "import sys, locard.inference; print({'numpy', 'torch', 'onnxruntime'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
