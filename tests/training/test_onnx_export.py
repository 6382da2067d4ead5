"""ONNX models give the numbers of the modules they are made from, at any size."""

from __future__ import annotations

import logging
import math
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from locard.errors import LocardError
from locard.training.onnx_export import OPSET, compare, export_onnx, metadata_of
from locard.training.quantization import quantize_dynamic, quantize_static


class Net(nn.Module):
    """Strides, norms, squeeze-excite, circular padding, pooling and two outputs."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.stem = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.SiLU()
        )
        self.squeeze = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1))
        self.circular = nn.Conv2d(8, 8, 3, padding=1, padding_mode="circular", groups=4)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, 65)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.stem(image)
        maps = maps * torch.sigmoid(self.squeeze(maps.mean((2, 3), keepdim=True)))
        maps = self.circular(maps)
        return self.head(self.drop(maps.mean((2, 3)))), maps.logsumexp(1)


NAMES = {
    "inputs": ["image"],
    "outputs": ["logits", "evidence"],
    "dynamic": {
        "image": {0: "pictures", 2: "height", 3: "width"},
        "logits": {0: "pictures"},
        "evidence": {0: "pictures", 1: "rows", 2: "columns"},
    },
}


def exported(module: nn.Module) -> bytes:
    metadata = {"version": "3", "name": "net"}
    return export_onnx(module, [torch.zeros(2, 1, 64, 72)], metadata=metadata, **NAMES)


def batches() -> list[list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(2)
    sizes = [(1, 64, 64), (3, 65, 131), (1, 256, 72)]
    return [[torch.randn(n, 1, h, w, generator=generator)] for n, h, w in sizes]


def test_parity_at_any_size():
    module = Net()
    assert max(compare(module, exported(module), batches()).values()) < 1e-5
    assert module.training, "the module must stay as it is"


def test_another_modules_weights_are_noticed():
    differences = compare(Net(seed=1), exported(Net()), batches())
    assert set(differences) == {"logits", "evidence"}
    assert min(differences.values()) > 1e-2


def test_what_is_no_number_is_noticed():
    broken = Net()
    nn.init.constant_(broken.head.bias, float("nan"))
    found = compare(broken, exported(Net()), batches())
    assert np.isnan(found["logits"])

    class SometimesBroken(Net):
        def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            logits, evidence = super().forward(image)
            return logits * (math.nan if len(image) == 3 else 1), evidence

    assert np.isnan(compare(SometimesBroken(), exported(Net()), batches())["logits"])
    with pytest.raises(ValueError, match="no batch"):
        compare(broken, exported(Net()), [])


def test_the_same_weights_give_the_same_bytes():
    assert exported(Net()) == exported(Net())
    assert exported(Net()) != exported(Net(seed=1))


def test_names_axes_opset_and_identity_are_in_the_file():
    data = exported(Net())
    model = onnx.load_from_string(data)
    assert [entry.version for entry in model.opset_import] == [OPSET]
    shape = model.graph.input[0].type.tensor_type.shape
    assert [d.dim_param or d.dim_value for d in shape.dim] == ["pictures", 1, "height", "width"]
    assert metadata_of(data) == {"version": "3", "name": "net"}
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == metadata_of(data)


class Asinh(nn.Module):
    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.asinh(image)


def test_an_operator_that_the_exporter_was_taught():
    model = export_onnx(
        Asinh(),
        [torch.zeros(1, 4)],
        inputs=["image"],
        outputs=["out"],
        dynamic={"image": {0: "n"}, "out": {0: "n"}},
    )
    assert compare(Asinh(), model, [[torch.linspace(-50, 50, 40).reshape(10, 4)]])["out"] < 1e-5


class Baking(nn.Module):
    """Pools by a size that Python computes."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.reshape(int(image.shape[0]), -1)[:, : int(image.shape[2] // 2)]


class Branching(nn.Module):
    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image * 2 if image.sum() > 0 else image


@pytest.mark.parametrize("module", [Baking(), Branching()])
def test_sizes_and_values_that_python_uses_are_refused(module):
    with pytest.raises(LocardError, match="cannot be exported to ONNX"):
        export_onnx(
            module,
            [torch.ones(1, 1, 8, 8)],
            inputs=["image"],
            outputs=["out"],
            dynamic={"image": {0: "n", 2: "h"}},
        )


def test_int8_is_close_smaller_and_quiet(capfd):
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 8),
    )  # fmt: skip
    names = {"inputs": ["image"], "outputs": ["logits"]}
    dynamic = {"image": {0: "n", 2: "h", 3: "w"}, "logits": {0: "n"}}
    model = export_onnx(
        module, [torch.zeros(1, 1, 32, 32)], dynamic=dynamic, metadata={"name": "x"}, **names
    )
    pictures = batches()
    with torch.no_grad():
        spread = float(torch.cat([module(*batch) for batch in pictures]).std())
    handlers, disabled = list(logging.root.handlers), logging.root.manager.disable
    feeds = [{"image": batch[0].numpy()} for batch in pictures]
    for smaller, share in (
        (quantize_dynamic(model), 0.7),
        (quantize_static(model, iter(feeds)), 0.5),
    ):
        assert len(smaller) < share * len(model)
        difference = compare(module, smaller, pictures)["logits"]
        assert 0 < difference < 0.1 * spread
        assert metadata_of(smaller) == {"name": "x"}
    assert quantize_static(model, feeds) == smaller
    assert logging.root.handlers == handlers
    assert logging.root.manager.disable == disabled
    assert capfd.readouterr() == ("", "")


def test_int8_of_nodes_left_out_is_left_out():
    model = exported(Net())
    nodes = [node.name for node in onnx.load_from_string(model).graph.node]
    feeds = [{"image": batch[0].numpy()} for batch in batches()]
    kept = quantize_static(model, feeds, exclude=nodes)
    operators = {node.op_type for node in onnx.load_from_string(kept).graph.node}
    assert "QuantizeLinear" not in operators
    with pytest.raises(ValueError, match="no batch"):
        quantize_static(model, [])


def test_warnings_stay_as_they_were():
    before = list(warnings.filters)
    quantize_dynamic(exported(Net()))
    assert warnings.filters == before
