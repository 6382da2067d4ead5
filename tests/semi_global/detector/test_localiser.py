"""Tiles, their joints, and the network that is asked of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from locard.errors import LocardError
from locard.onnx_file import ModelError
from locard_semi_global.evidence.channels import CHANNELS, IDENTITY
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.localiser import Localiser
from locard_semi_global.tiles import LARGEST, OVERLAP, Box, spans, tiles

from .linear_models import linear_model
from .made_evidence import random_evidence

NOISE, DOUBLE = "noise-kv-log-median", "double-quantization-pooled-7"


@given(st.integers(8, 3000))
def test_tiles_cover_a_side_evenly_and_overlap_enough(length: int) -> None:
    found = spans(length)
    assert found[0][0] == 0
    assert found[-1][1] == length
    sides = {end - start for start, end in found}
    assert len(sides) == 1
    assert max(sides) <= LARGEST
    assert all(before[1] - after[0] >= OVERLAP for before, after in pairwise(found))


@given(st.integers(8, 400), st.integers(8, 400))
def test_weights_of_tiles_add_up_to_one_everywhere(height: int, width: int) -> None:
    total = np.zeros((2 * height, 2 * width))
    for box, weights in tiles(height, width):
        total[box.fine] += weights
    np.testing.assert_allclose(total, 1, atol=1e-5)


def test_a_tile_s_own_border_hardly_counts_inside_the_picture() -> None:
    for box, weights in tiles(40, 300):
        if box.left > 0:
            assert weights[:, 0].max() < 0.01
        if box.right < 300:
            assert weights[:, -1].max() < 0.01


def test_the_map_of_a_large_picture_is_that_of_one_tile() -> None:
    """A model that looks at single cells must give the same map, however it is divided."""
    evidence = random_evidence(150, 310)
    localiser = Localiser(linear_model({NOISE: 1.0, DOUBLE: 0.5}))
    whole = localiser.within(evidence, Box(0, 150, 0, 310), np.ones((1, len(GROUPS)), np.float32))
    found = localiser.logits(evidence)
    assert found.shape == (300, 620)
    np.testing.assert_allclose(found, whole[0], atol=2e-5)


@pytest.mark.parametrize("shape", [(8, 8), (9, 13), (63, 17)])
def test_sides_that_the_network_does_not_take_are_filled_up(shape: tuple[int, int]) -> None:
    evidence = random_evidence(*shape)
    found = Localiser(linear_model({NOISE: 2.0}, bias=0)).logits(evidence)
    expected = 2 * evidence.values[CHANNELS.index(NOISE)].astype(np.float32)
    np.testing.assert_allclose(found, expected.repeat(2, 0).repeat(2, 1), rtol=1e-6)


def test_a_group_is_taken_out() -> None:
    evidence = random_evidence(16, 16)
    localiser = Localiser(linear_model({NOISE: 2.0}, bias=-1))
    assert np.ptp(localiser.logits(evidence)) > 1
    np.testing.assert_array_equal(localiser.logits(evidence, ("noise",)), -1)
    np.testing.assert_array_equal(localiser.logits(evidence, ("cfa",)), localiser.logits(evidence))


@pytest.mark.parametrize("name", sorted(IDENTITY))
def test_a_model_for_other_evidence_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="made for other evidence") as refused:
        Localiser(linear_model({}, metadata={**IDENTITY, name: "other"}))
    assert any(name in line and "other" in line for line in refused.value.details)
    missing = {key: value for key, value in IDENTITY.items() if key != name}
    with pytest.raises(ModelError, match="made for other evidence"):
        Localiser(linear_model({}, metadata=missing))


def test_a_map_with_holes_is_refused() -> None:
    with pytest.raises(LocardError, match="finite numbers"):
        Localiser(linear_model({}, spoiled=True)).logits(random_evidence(8, 8))
