"""The channels as a whole: order, groups, and what turning a picture over does to them."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from locard_semi_global.evidence.channels import (
    CHANNELS,
    FLIP_X,
    FLIP_Y,
    GROUP_OF,
    IDENTITY,
    TRANSPOSED,
    extract,
)
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.evidence.history import facts_of
from locard_semi_global.evidence.planes import Planes
from locard_semi_global.training.flips import COUNT, channel_order, flipped, flipped_map


@pytest.fixture(scope="module")
def photograph() -> NDArray[np.uint8]:
    return np.ascontiguousarray(skimage.data.chelsea()[:192, :256])


def evidence_of(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    planes = Planes.of(np.ascontiguousarray(rgb))
    return extract(planes, facts_of(planes, None))


def test_there_are_190_channels_each_once_in_nine_groups() -> None:
    assert len(CHANNELS) == len(set(CHANNELS)) == len(GROUP_OF) == 190
    assert sorted(set(GROUP_OF)) == list(range(len(GROUPS)))
    counts = {group: GROUP_OF.count(number) for number, group in enumerate(GROUPS)}
    assert counts == {
        "cfa": 20,
        "noise": 27,
        "correlation": 9,
        "co-occurrence": 50,
        "grid": 16,
        "dct": 18,
        "quantisation": 39,
        "ghost": 6,
        "content": 5,
    }


@pytest.mark.parametrize("order", [FLIP_X, FLIP_Y, TRANSPOSED])
def test_turning_over_exchanges_channels_of_one_group_and_twice_is_nothing(
    order: tuple[int, ...],
) -> None:
    assert sorted(order) == list(range(len(CHANNELS)))
    assert all(order[order[place]] == place for place in range(len(order)))
    assert all(GROUP_OF[order[place]] == GROUP_OF[place] for place in range(len(order)))


def test_evidence_is_finite_and_what_it_is_from_the_same_picture(
    photograph: NDArray[np.uint8],
) -> None:
    first, second = evidence_of(photograph), evidence_of(photograph)
    assert first.shape == (190, 24, 32)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("turn", range(1, COUNT))
def test_evidence_of_a_turned_picture_is_turned_evidence(
    photograph: NDArray[np.uint8], turn: int
) -> None:
    of_turned = evidence_of(np.moveaxis(flipped_map(np.moveaxis(photograph, 2, 0), turn), 0, 2))
    turned = flipped(evidence_of(photograph), turn)
    # A sum is not the same to the last bit in another order, and a coefficient halfway between two
    # multiples may be rounded to the other one. JPEG's own tables are not symmetric, so that ghosts
    # of a transposed picture are others.
    apart = np.abs(of_turned - turned) > 0.01 * (1 + np.abs(turned))
    ghosts = np.array(GROUP_OF) == GROUPS.index("ghost")
    assert apart[~ghosts].mean() < 1e-3
    assert np.median(np.abs(of_turned - turned)[ghosts]) < (0.05 if turn & 4 else 1e-3)


def test_orders_of_channels_follow_from_the_order_of_the_turns() -> None:
    np.testing.assert_array_equal(channel_order(0), np.arange(190))
    both = np.array(FLIP_X)[np.array(FLIP_Y)]
    np.testing.assert_array_equal(channel_order(3), both)


def test_identity_follows_from_the_names_of_the_channels() -> None:
    assert set(IDENTITY) == {"evidence_version", "evidence_channels", "evidence_groups"}
    assert IDENTITY["evidence_groups"].split() == list(GROUPS)
    assert len(IDENTITY["evidence_channels"]) == 64
