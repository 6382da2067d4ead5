"""The networks: order, sizes and costs, against the published numbers and counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from locard.errors import LocardError
from locard.training.macs import count_macs
from locard_semi_global.paper.blocks import from_sequence, to_sequence
from locard_semi_global.paper.global_network import GlobalNetwork, public_network, small_network
from locard_semi_global.paper.networks import PatchNetwork, SemiGlobal, trained_parameters
from locard_semi_global.paper.resnet import ResNet18
from locard_semi_global.paper.starting import is_alive, started

PUBLISHED_PARAMETERS = 1_518_854
FROZEN = 11_176_512
"""ResNet-18 without its last layer: torchvision's 11,689,512 less 512 × 1000 + 1000."""


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 7), (7, 0), (3, 5), (5, 3)])
def test_each_block_is_the_step_of_its_place_row_by_row(row, column):
    plane = torch.rand(2, 1, 64, 64)
    block = plane[1, 0, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
    assert torch.equal(to_sequence(plane)[1, 8 * row + column], block.reshape(64))


@pytest.mark.parametrize(("row", "column"), [(0, 1), (1, 0), (6, 2), (7, 7)])
def test_each_step_becomes_the_tile_of_its_place(row, column):
    outputs = torch.rand(2, 64, 256)
    tile = from_sequence(outputs)[1, 0, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
    assert torch.equal(tile.reshape(256), outputs[1, 8 * row + column])


def test_a_change_of_a_pixel_reaches_only_later_blocks_and_never_an_earlier_tile():
    """The LSTM runs one way: what lies before a block in the sequence cannot know of it."""
    torch.manual_seed(0)
    network, tiles = PatchNetwork().eval(), []
    network.mask_head.register_forward_pre_hook(lambda _, given: tiles.append(given[0]))
    patch = torch.rand(1, 3, 64, 64)
    changed = patch.clone()
    changed[..., 36, 44] = 0  # in the middle of block (4, 5), farther from others than 5×5 twice
    with torch.no_grad():
        network(patch)
        network(changed)
    differs = (tiles[0] != tiles[1])[0, 0].reshape(8, 16, 8, 16).any(3).any(1).reshape(64)
    assert not differs[: 8 * 4 + 5].any()
    assert differs[8 * 4 + 5]


def test_the_semi_global_network_has_the_published_size():
    network = SemiGlobal(GlobalNetwork(ResNet18()))
    assert trained_parameters(network) == PUBLISHED_PARAMETERS
    assert sum(p.numel() for p in network.global_network.parameters()) == FROZEN


def test_without_global_branch_only_that_is_missing():
    branch = 512 * 256 + 256  # from ResNet-18's features
    joined = 256 * 2  # what the label head takes from it
    assert trained_parameters(PatchNetwork()) == PUBLISHED_PARAMETERS - branch - joined


def test_a_patch_takes_the_published_115_million_multiplications():
    macs = count_macs(PatchNetwork(), torch.zeros(1, 3, 64, 64))
    encoder = 64 * 64 * 25 * (3 * 16 + 16)
    lstm = 64 * 4 * 256 * ((64 + 256) + 2 * (256 + 256))
    head = 128 * 128 * 25 * 32 + 64 * 64 * 25 * (32 * 2 + 2 * 2)
    assert macs == encoder + lstm + head + 256 * 2
    assert round(macs / 1e6) == 115


def test_answers_are_logarithms_of_probabilities_for_any_number_of_patches():
    network = PatchNetwork().eval()
    for count in (1, 3):
        with torch.no_grad():
            found = network(torch.rand(count, 3, 64, 64))
        assert found.mask.shape == (count, 2, 64, 64)
        assert found.label.shape == (count, 2)
        torch.testing.assert_close(found.mask.exp().sum(1), torch.ones(count, 64, 64))
        torch.testing.assert_close(found.label.exp().sum(1), torch.ones(count))


def test_the_global_feature_moves_the_label_and_not_the_mask():
    network = SemiGlobal(small_network()).eval()
    patches = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        one = network(patches, torch.zeros(2, 256))
        other = network(patches, torch.ones(2, 256))
    assert torch.equal(one.mask, other.mask)
    assert not torch.allclose(one.label, other.label)


def test_statistics_of_the_global_network_never_move_and_nothing_of_it_is_trained():
    network = SemiGlobal(small_network()).train()
    before = {k: v.clone() for k, v in network.global_network.state_dict().items()}
    features = network.global_network(torch.rand(4, 3, 224, 224))
    answers = network(torch.rand(4, 3, 64, 64), features)
    (answers.mask.mean() + answers.label.mean()).backward()
    after = network.global_network.state_dict()
    assert all(torch.equal(values, after[name]) for name, values in before.items())
    assert all(p.grad is None for p in network.global_network.parameters())
    assert network.training
    assert not any(part.training for part in network.global_network.modules())


def test_the_residual_network_is_named_as_torchvision_names_it():
    """Shapes from torchvision's published resnet18, of each kind of tensor one."""
    state = ResNet18(classes=1000).state_dict()
    assert len(state) == 122
    for name, shape in {
        "conv1.weight": (64, 3, 7, 7),
        "bn1.running_mean": (64,),
        "layer1.1.conv2.weight": (64, 64, 3, 3),
        "layer2.0.downsample.0.weight": (128, 64, 1, 1),
        "layer2.0.downsample.1.running_var": (128,),
        "layer4.1.bn2.bias": (512,),
        "fc.weight": (1000, 512),
    }.items():
        assert tuple(state[name].shape) == shape, name
    assert sum(p.numel() for p in ResNet18(classes=1000).parameters()) == 11_689_512


def test_folded_norms_are_the_same_network():
    torch.manual_seed(1)
    whole, folded = ResNet18(4, 2).eval(), ResNet18(4, 2, norms=False).eval()
    for name, values in whole.named_buffers():
        if "running" in name:
            values.copy_(torch.rand_like(values) + 0.5)
    state = whole.state_dict()
    plain = {}
    for name in folded.state_dict():
        stem, kind = name.rsplit(".", 1)
        norm = stem.replace("downsample.0", "downsample.1").replace("conv", "bn")
        scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + 1e-5)
        if kind == "weight":
            plain[name] = state[name] * scale.view(-1, 1, 1, 1)
        else:
            plain[name] = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
    folded.load_state_dict(plain)
    pictures = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(folded(pictures), whole(pictures), rtol=1e-4, atol=1e-4)


def test_the_small_global_network_is_small():
    network = small_network()
    assert sum(p.numel() for p in network.parameters()) < 1_000_000
    assert network.features == 256


def test_public_weights_are_read_or_refused_in_words(tmp_path):
    body = ResNet18(stages=3, norms=False)
    for name, values in body.state_dict().items():
        np.save(tmp_path / f"{name}.npy", values.numpy())
    network = public_network(tmp_path)
    assert network.features == 256
    assert not network.training
    assert torch.equal(network.body.state_dict()["layer3.1.conv2.bias"], body.layer3[1].conv2.bias)
    np.save(tmp_path / "conv1.bias.npy", np.zeros(3, np.float32))
    with pytest.raises(LocardError, match=r"conv1\.bias\.npy holds float32 \(3,\)"):
        public_network(tmp_path)
    (tmp_path / "conv1.bias.npy").unlink()
    with pytest.raises(LocardError, match=r"cannot read the weights .*conv1\.bias\.npy"):
        public_network(tmp_path)


def test_a_start_through_which_no_gradient_passes_is_drawn_again(spliced):
    pixels = torch.from_numpy(spliced[0])[None, :64, 64:128].permute(0, 3, 1, 2) / 255
    network = started(PatchNetwork, pixels, 1)
    assert is_alive(network, pixels)
    again = started(PatchNetwork, pixels, 1)
    assert all(map(torch.equal, network.state_dict().values(), again.state_dict().values()))
    with torch.no_grad():
        network.mask_head[3].weight[1] = -network.mask_head[3].weight[1].abs()
    assert not is_alive(network, pixels)
    with torch.no_grad():
        again.encoder[2].weight.copy_(-again.encoder[2].weight.abs())
    assert not is_alive(again, pixels)


def test_where_no_start_can_learn_it_is_said():
    with pytest.raises(LocardError, match="none of 200 random starts"):
        started(PatchNetwork, torch.zeros(1, 3, 64, 64), 1)
