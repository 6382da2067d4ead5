"""Areas of the refined map stand if the map before speaks for them."""

from __future__ import annotations

import numpy as np
import pytest

from locard_dense_crf.support import MOST_REGIONS, find_support


def pair(height=40, width=60):
    return np.full((height, width), 0.1, np.float32), np.full((height, width), 0.3, np.float32)


def test_area_that_rises_stands_and_one_that_does_not_is_dropped():
    refined, before = pair()
    refined[5:15, 5:15] = 0.9
    before[5:15, 5:15] = 0.8
    refined[20:30, 30:50] = 0.9
    support = find_support(refined, before, margin=0.1, smallest=1)
    expected = np.zeros_like(refined, bool)
    expected[5:15, 5:15] = True
    assert np.array_equal(support.mask, expected)
    assert support.boxes == ((slice(5, 15), slice(5, 15)),)
    assert support.areas == (100,)
    assert support.means == (pytest.approx(0.8),)
    assert support.dropped == pytest.approx(200 / 2400)
    assert support.agreement == pytest.approx(np.corrcoef(expected.ravel(), before.ravel())[0, 1])


def test_an_area_without_surroundings_is_not_supported():
    support = find_support(*[np.full((5, 5), 0.9, np.float32)] * 2, margin=0.1, smallest=1)
    assert not support.mask.any()
    assert support.dropped == 1
    assert support.agreement == 0


def test_small_areas_are_in_the_mask_but_not_listed():
    refined, before = pair()
    for area in (np.s_[0:2, 0:2], np.s_[10:20, 10:20]):
        refined[area] = before[area] = 0.9
    support = find_support(refined, before, margin=0.1, smallest=5)
    assert support.mask.sum() == 104
    assert support.areas == (100,)


def test_the_largest_are_listed():
    refined, before = pair(200, 200)
    for i in range(70):
        area = np.s_[10 * (i // 18) : 10 * (i // 18) + 2, 10 * (i % 18) : 10 * (i % 18) + 1 + i % 7]
        refined[area] = before[area] = 0.9
    support = find_support(refined, before, margin=0.1, smallest=1)
    assert len(support.boxes) == MOST_REGIONS
    assert list(support.areas) == sorted(support.areas, reverse=True)
    assert support.areas[0] == 14


def test_nothing_positive():
    support = find_support(*pair(), margin=0.1, smallest=1)
    assert not support.mask.any()
    assert support.boxes == ()


def test_an_area_that_was_nowhere_called_so_is_dropped():
    before = np.full((40, 40), 0.1, np.float32)
    before[5:15, 5:15] = 0.45
    before[25:35, 25:35] = 0.45
    before[30, 30] = 0.6
    refined = np.where(before > 0.4, np.float32(0.9), np.float32(0.05))
    support = find_support(refined, before, 0.1, 1)
    assert support.mask[25:35, 25:35].all()
    assert not support.mask[:20].any()
    assert support.dropped == 100 / 1600
