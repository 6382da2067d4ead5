"""The block-evidence network: shapes, views, groups, ONNX."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from locard.inference import open_session
from locard.training.onnx_export import metadata_of
from locard_semi_global.evidence.channels import CHANNELS, GROUP_OF, IDENTITY
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.network.exporting import sample, to_onnx
from locard_semi_global.network.localiser_network import Architecture, BlockEvidenceNetwork

SMALL = Architecture((8, 16, 16))


def network(architecture: Architecture = SMALL, seed: int = 0) -> BlockEvidenceNetwork:
    torch.manual_seed(seed)
    channels = len(CHANNELS)
    made = BlockEvidenceNetwork(
        architecture, torch.randn(channels), torch.rand(channels) + 0.5, GROUP_OF
    )
    # What begins with zeros would hide what follows.
    for parameter in made.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return made.eval()


@torch.inference_mode()
def test_each_cell_has_four_logits() -> None:
    assert network()(*sample(8, 16)).shape == (2, 16, 32)


@torch.inference_mode()
def test_a_group_that_is_taken_out_is_not_seen() -> None:
    evidence, medians, spreads, _ = sample()
    made = network()
    for place in range(len(GROUPS)):
        members = torch.tensor([number == place for number in GROUP_OF])
        changed = torch.where(members[:, None, None], torch.randn_like(evidence), evidence)
        others = torch.where(members, torch.randn_like(medians), medians)
        groups = torch.ones(1, len(GROUPS))
        kept = [
            made(one, two, spreads, groups) for one, two in ((evidence, medians), (changed, others))
        ]
        assert not torch.allclose(*kept)
        groups[0, place] = 0
        out = [
            made(one, two, spreads, groups) for one, two in ((evidence, medians), (changed, others))
        ]
        torch.testing.assert_close(*out)


@torch.inference_mode()
def test_without_the_global_view_the_pictures_statistics_scale_the_stem_alone() -> None:
    made = network(Architecture((8, 16), globally=False))
    torch.nn.init.zeros_(made.film[2].weight)
    torch.nn.init.zeros_(made.film[2].bias)
    evidence, medians, spreads, groups = sample()
    torch.testing.assert_close(
        made(evidence, medians, spreads, groups), made(evidence, medians + 1, spreads, groups)
    )
    with_it = network()
    assert not torch.allclose(
        with_it(evidence, medians, spreads, groups), with_it(evidence, medians + 1, spreads, groups)
    )


@torch.inference_mode()
def test_values_beyond_six_spreads_count_as_six() -> None:
    made = network(Architecture((8,), attention=False))
    _, medians, spreads, groups = sample()
    far = torch.full((1, len(CHANNELS), 8, 8), 1e4)
    torch.testing.assert_close(
        made(far, medians, spreads, groups), made(10 * far, medians, spreads, groups)
    )


@torch.inference_mode()
def test_constant_pictures_have_finite_logits() -> None:
    medians = torch.zeros(1, len(CHANNELS))
    evidence = torch.zeros(1, len(CHANNELS), 8, 8)
    made = network()(evidence, medians, medians, torch.ones(1, len(GROUPS)))
    assert torch.isfinite(made).all()


@pytest.mark.parametrize("size", [(8, 8), (16, 40), (64, 24)])
def test_onnx_gives_what_torch_gives_at_any_size(size: tuple[int, int]) -> None:
    made = network()
    model = to_onnx(made)
    assert metadata_of(model) == IDENTITY
    inputs = sample(*size)
    groups = torch.cat([inputs[3], torch.eye(len(GROUPS))])
    given = {
        name: tensor.numpy()
        for name, tensor in zip(
            ("evidence", "medians", "spreads", "groups"), (*inputs[:3], groups), strict=True
        )
    }
    (found,) = open_session(model).run(None, given)
    with torch.inference_mode():
        expected = made(*inputs[:3], groups).numpy()
    assert found.shape == (11, 2 * size[0], 2 * size[1])
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_same_weights_are_the_same_bytes() -> None:
    assert to_onnx(network()) == to_onnx(network())
    assert to_onnx(network()) != to_onnx(network(seed=1))
