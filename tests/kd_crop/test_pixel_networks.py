"""Networks of pixels: published facts, shapes, public weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from locard.errors import LocardError  # noqa: E402
from locard_kd_crop.pixel.efficientnet import EfficientNet  # noqa: E402
from locard_kd_crop.pixel.folded import FoldedStudent, folded  # noqa: E402
from locard_kd_crop.pixel.phases import cropped_probability  # noqa: E402
from locard_kd_crop.pixel.residuals import bank, luma_bank  # noqa: E402
from locard_kd_crop.pixel.students import SIZES, Student  # noqa: E402
from locard_kd_crop.pixel.weights import load_public, parameters  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

PARAMETERS_OF_B0 = 5_288_548
"""Published with torchvision's weights; 0.39 GMACs for a picture of 224×224 (Tan, Le: table 2)."""

PUBLISHED = {
    "features.0.0.weight": (32, 3, 3, 3),
    "features.0.1.running_var": (32,),
    "features.1.0.block.0.0.weight": (32, 1, 3, 3),
    "features.1.0.block.1.fc1.weight": (8, 32, 1, 1),
    "features.1.0.block.1.fc2.bias": (32,),
    "features.1.0.block.2.0.weight": (16, 32, 1, 1),
    "features.2.0.block.0.0.weight": (96, 16, 1, 1),
    "features.2.0.block.1.0.weight": (96, 1, 3, 3),
    "features.2.0.block.2.fc1.weight": (4, 96, 1, 1),
    "features.2.0.block.3.0.weight": (24, 96, 1, 1),
    "features.3.0.block.1.0.weight": (144, 1, 5, 5),
    "features.3.1.block.2.fc1.weight": (10, 240, 1, 1),
    "features.4.2.block.3.1.num_batches_tracked": (),
    "features.6.3.block.0.0.weight": (1152, 192, 1, 1),
    "features.7.0.block.3.0.weight": (320, 1152, 1, 1),
    "features.8.0.weight": (1280, 320, 1, 1),
    "features.8.1.bias": (1280,),
    "classifier.1.weight": (1000, 1280),
    "classifier.1.bias": (1000,),
}
"""Names and shapes of some of the 360 tensors of torchvision's ``efficientnet_b0``."""

COUNTS = {"small": 19_627, "medium": 72_907, "large": 251_841}
CHANGES = [{}, {"no_stride": True}, {"post_stem": 2}, {"no_stride": True, "post_stem": 1}]


def weightless(classes: int = 1000, *, no_stride: bool = False, post_stem: int = 0) -> EfficientNet:
    """Return a network that has shapes alone, and so costs nothing to make or run."""
    with torch.device("meta"):
        return EfficientNet(classes, no_stride=no_stride, post_stem=post_stem)


def macs(network: EfficientNet, side: int) -> float:
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        network.eval()(torch.zeros(1, 3, side, side, device="meta"))
    return counter.get_total_flops() / 2


def test_b0_is_the_published_one() -> None:
    network = weightless()
    state = network.state_dict()
    assert parameters(network) == PARAMETERS_OF_B0
    assert len(state) == 360
    assert {name: tuple(state[name].shape) for name in PUBLISHED} == PUBLISHED
    assert macs(network, 224) == pytest.approx(0.39e9, rel=0.015)


def test_every_name_follows_from_the_table() -> None:
    """The names once more, from the layout of torchvision's modules, stage by stage."""
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    names = {"classifier.1.weight", "classifier.1.bias"}

    def layer(place: str) -> None:
        names.update([f"{place}.0.weight", *(f"{place}.1.{name}" for name in norm)])

    layer("features.0")
    layer("features.8")
    for stage, blocks in enumerate((1, 2, 2, 3, 3, 4, 1), start=1):
        for block in range(blocks):
            place = f"features.{stage}.{block}.block"
            weigh = 1 if stage == 1 else 2
            for part in range(weigh + 2):
                if part != weigh:
                    layer(f"{place}.{part}")
            excite = [f"{place}.{weigh}.fc{n}.{name}" for n in (1, 2) for name in norm[:2]]
            names.update(excite)
    assert set(weightless().state_dict()) == names


@pytest.mark.parametrize("changes", CHANGES)
def test_surgery_keeps_names_and_shapes(changes: dict[str, Any]) -> None:
    plain, changed = weightless().state_dict(), weightless(**changes).state_dict()
    assert {name: changed[name].shape for name in plain} == {
        name: values.shape for name, values in plain.items()
    }
    further = set(changed) - set(plain)
    assert all(name.startswith("post_stem.") for name in further)
    assert bool(further) == bool(changes.get("post_stem"))


def test_surgery_keeps_resolution() -> None:
    """Without its stride, the stem's and all further maps are twice as high and wide."""
    sizes = {}
    for no_stride, post_stem in ((False, 0), (True, 0), (False, 1)):
        network = weightless(65, no_stride=no_stride, post_stem=post_stem).eval()
        with torch.inference_mode():
            stem = network.features[0](torch.zeros(1, 3, 64, 64, device="meta"))
            whole = network.features[1:](network.post_stem(stem))
        sizes[no_stride, post_stem] = (stem.shape[-1], whole.shape[-1])
    assert sizes == {(False, 0): (32, 2), (True, 0): (64, 4), (False, 1): (64, 2)}
    assert macs(weightless(no_stride=True), 256) == pytest.approx(2e9, rel=0.02)


@pytest.mark.parametrize("size", list(SIZES))
def test_students_have_the_stated_sizes(size: str) -> None:
    student = Student(SIZES[size], 65)
    assert parameters(student) == COUNTS[size]
    assert sum(values.numel() for values in student.parameters() if values.requires_grad) == (
        COUNTS[size] - luma_bank().size
    )


@pytest.mark.parametrize("classes", [2, 65])
def test_any_size_from_64_will_do(classes: int) -> None:
    for network in (Student(SIZES["small"], classes), FoldedStudent(classes)):
        for shape in ((64, 64), (65, 67), (71, 120), (97, 64)):
            with torch.inference_mode():
                logits = network.eval()(torch.rand(2, 3, *shape) * 255)
            assert logits.shape == (2, classes)
            assert torch.isfinite(logits).all()


def test_a_teacher_examines_odd_sizes() -> None:
    network = EfficientNet(65).eval()
    for shape in ((64, 64), (65, 71)):
        with torch.inference_mode():
            logits = network(torch.rand(1, 3, *shape) * 255)
        assert logits.shape == (1, 65)
        assert torch.isfinite(logits).all()


def test_folding_is_the_mean_of_each_place() -> None:
    values = torch.rand(2, 3, 83, 70)
    expected = torch.stack(
        [values[:, :, y:80:8, x:64:8].mean((2, 3)) for y in range(8) for x in range(8)], 2
    )
    torch.testing.assert_close(folded(values).flatten(2), expected)


def test_a_folded_student_follows_the_grid() -> None:
    """Until training says otherwise, a picture moved by (y, x) has all phases moved by (y, x)."""
    network = FoldedStudent(65).eval()
    assert parameters(network) == 21_008
    picture = torch.rand(1, 3, 16, 16).repeat(1, 1, 12, 12) * 255
    with torch.inference_mode():
        one, moved = network(picture[..., :128, :128]), network(picture[..., 3:131, 6:134])
    before, after = (some[0, :64].reshape(8, 8) for some in (one, moved))
    distances = {
        (y, x): float((after - before.roll((-y, -x), (0, 1))).norm())
        for y in range(8)
        for x in range(8)
    }
    # The edges of the picture do not move along.
    assert sorted(distances, key=distances.__getitem__)[0] == (3, 6)
    assert distances[3, 6] < 0.5 * sorted(distances.values())[1]


def test_two_classes_of_a_folded_student_are_those_of_65_together() -> None:
    binary, whole = FoldedStudent(2).eval(), FoldedStudent(65).eval()
    binary.load_state_dict(whole.state_dict())
    pixels = torch.rand(3, 3, 64, 64) * 255
    with torch.inference_mode():
        expected = cropped_probability(whole(pixels).numpy())
        found = cropped_probability(binary(pixels).numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_filters_are_high_pass() -> None:
    filters = bank().astype(np.float64)
    assert filters.shape == (9, 5, 5)
    np.testing.assert_allclose(filters.sum((1, 2)), 0, atol=1e-7)
    np.testing.assert_allclose((filters**2).sum((1, 2)), 1, rtol=1e-6)
    assert len(np.unique(filters.reshape(9, -1), axis=0)) == 9


def test_differences_see_what_their_order_says() -> None:
    """A difference of order n takes out polynomials below degree n; SQUARE 3×3 all planes."""
    steps = np.arange(5.0)
    for order, kernel in enumerate(bank()[:3], start=1):
        powers = [float((kernel * steps[None] ** power).sum()) for power in range(order + 1)]
        np.testing.assert_allclose(powers[:-1], 0, atol=1e-5)
        assert abs(powers[-1]) > 0.1
        np.testing.assert_array_equal(bank()[order + 2], kernel.T)


def test_a_fixed_stem_stays_and_a_learned_one_moves() -> None:
    for learned in (False, True):
        student = Student(SIZES["small"], 2, learned_stem=learned)
        logits = student(torch.rand(4, 3, 64, 64) * 255)
        torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 0, 1])).backward()
        assert (student.stem.grad is not None) == learned


def test_a_student_sees_no_brightness() -> None:
    student = Student(SIZES["small"], 65).eval()
    pixels = torch.rand(1, 3, 80, 80) * 100
    with torch.inference_mode():
        torch.testing.assert_close(student(pixels), student(pixels + 50), atol=1e-3, rtol=1e-3)


def test_public_weights_load(tmp_path: Path) -> None:
    public = EfficientNet()
    path = tmp_path / "b0.safetensors"
    save_file(public.state_dict(), path)
    same, changed = EfficientNet(), EfficientNet(65, no_stride=True, post_stem=1)
    assert load_public(same, path).new == ()
    found = load_public(changed, path)
    assert found.taken == 358
    assert {name.split(".")[0] for name in found.new} == {"classifier", "post_stem"}
    for name, values in changed.state_dict().items():
        if name.startswith("features"):
            torch.testing.assert_close(values, public.state_dict()[name])
    for name, values in same.state_dict().items():
        torch.testing.assert_close(values, public.state_dict()[name])


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    state = EfficientNet(2).state_dict()
    del state["features.3.0.block.1.0.weight"]
    state["features.0.0.weight"] = torch.zeros(32, 3, 5, 5)
    state["extra\x1b[2J"] = torch.zeros(1)
    path = tmp_path / "other.safetensors"
    save_file(state, path)
    with pytest.raises(LocardError) as caught:
        load_public(EfficientNet(2), path)
    message = str(caught.value)
    assert "features.3.0.block.1.0.weight is missing" in message
    assert "(32, 3, 5, 5), not (32, 3, 3, 3)" in message
    assert "\x1b" not in message


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "efficientnet_b0.pth"
    torch.save({"features.0.0.weight": torch.zeros(32, 3, 3, 3)}, path)
    with pytest.raises(LocardError, match=r"does not unpickle weights.*\n.*weights_only=True"):
        load_public(weightless(), path)
    with pytest.raises(LocardError, match="No such file"):
        load_public(weightless(), tmp_path / "absent.safetensors")
