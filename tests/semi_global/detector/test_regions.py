"""Regions of a map, and the score of a picture."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import measure, morphology

from locard_semi_global.regions import MOST, REACH, SMALLEST, areas_of
from locard_semi_global.score import image_score


def blocks(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (120, 160)) -> np.ndarray:
    above = np.zeros(shape, np.bool_)
    for top, left, rows, columns in boxes:
        above[top : top + rows, left : left + columns] = True
    return above


def test_regions_come_with_boxes_the_largest_first() -> None:
    found = areas_of(blocks((5, 7, 10, 12), (60, 100, 20, 30)))
    assert [area.box for area in found.listed] == [
        (slice(60, 80), slice(100, 130)),
        (slice(5, 15), slice(7, 19)),
    ]
    assert [area.places for area in found.listed] == [600, 120]
    assert all(area.inside.all() for area in found.listed)


def test_near_fragments_are_one_region_and_what_lies_between_is_not_in_it() -> None:
    above = blocks((10, 10, 10, 10), (10, 20 + 2 * REACH, 10, 10))
    (area,) = areas_of(above).listed
    assert area.places == 200
    np.testing.assert_array_equal(areas_of(above).mask, above)
    apart = blocks((10, 10, 10, 10), (10, 21 + 2 * REACH, 10, 10))
    assert len(areas_of(apart).listed) == 2


def test_specks_are_left_out() -> None:
    speck = blocks((10, 10, 1, SMALLEST - 1))
    assert not areas_of(speck).mask.any()
    assert areas_of(speck).listed == ()
    assert len(areas_of(blocks((10, 10, 1, SMALLEST))).listed) == 1
    # In a larger picture more is a speck.
    assert areas_of(blocks((10, 10, 1, SMALLEST), shape=(400, 400))).listed == ()


def test_no_more_are_listed_than_can_be_looked_at_but_the_mask_has_all() -> None:
    boxes = [(10 * row, 15 * column, 4, 8) for row in range(6) for column in range(10)]
    found = areas_of(blocks(*boxes))
    assert len(found.listed) == MOST
    assert found.mask.sum() == 60 * 32


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(2, 40), st.integers(2, 40))))
def test_regions_are_those_that_another_library_finds(above: np.ndarray) -> None:
    grown = morphology.dilation(above, np.ones((2 * REACH + 1, 2 * REACH + 1)))
    labels = measure.label(grown, connectivity=2) * above
    sizes = np.bincount(labels.ravel())[1:]
    expected = sorted((int(size) for size in sizes if size >= SMALLEST), reverse=True)
    found = areas_of(above)
    assert [area.places for area in found.listed] == expected[:MOST]
    assert found.mask.sum() == sum(expected)


def test_the_score_is_the_mean_of_the_highest_hundredth_of_squares() -> None:
    logits = np.full((400, 400), -3.0, np.float32)
    logits[40:80, 80:120] = 5.0
    assert image_score(logits) == 5.0
    logits[40:80, 100:120] = -3.0  # now half of a hundredth
    assert image_score(logits) == 1.0


def test_a_lone_high_place_does_not_make_a_score() -> None:
    logits = np.full((400, 400), -3.0, np.float32)
    logits[41, 81] = 50.0
    assert image_score(logits) < -2.9


@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(2, 60), st.integers(2, 60)),
        elements=st.floats(-20, 20, width=32),
    )
)
def test_the_score_lies_within_the_map_and_grows_with_it(logits: np.ndarray) -> None:
    score = image_score(logits)
    assert logits.min() - 1e-4 <= score <= logits.max() + 1e-4
    assert image_score(logits + np.float32(1)) > score
