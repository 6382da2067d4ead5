import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Pillow

from locard import Image, Outcome
from locard_traces.ela import Ela, amplified, cell_levels, error_levels, reduced


def test_error_levels_are_the_absolute_difference(photograph):
    buffer = io.BytesIO()
    Pillow.fromarray(photograph).save(buffer, "JPEG", quality=80, subsampling="4:4:4")
    again = np.asarray(Pillow.open(buffer)).astype(int)
    expected = np.abs(photograph.astype(int) - again)
    np.testing.assert_array_equal(error_levels(photograph, 80), expected)


def test_a_part_that_was_saved_at_this_quality_changes_less(photograph, resave):
    pixels = photograph.copy()
    pixels[160:320, 240:400] = resave(photograph, 80)[160:320, 240:400]
    levels = error_levels(pixels, 80).astype(float)
    untouched = error_levels(photograph, 80).astype(float)
    assert levels[160:320, 240:400].mean() < 0.3 * untouched[160:320, 240:400].mean()
    np.testing.assert_array_equal(levels[:160], untouched[:160])


def test_amplification_is_the_same_everywhere():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(amplified(levels, 15.0), np.minimum(np.arange(256) * 15, 255))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((300, 200), (300, 200)), ((600, 200), (300, 100)), ((1, 601), (1, 201))],
)
def test_reduced_to_the_limit(shape, expected):
    picture = np.full((*shape, 3), 40, np.uint8)
    small = reduced(picture, 300)
    assert small.shape == (*expected, 3)
    assert np.all(small == 40)


def test_gives_neither_verdict_nor_score(photograph):
    finding = Ela().examine(Image.from_array(photograph))
    assert (finding.outcome, finding.reason) == (Outcome.INCONCLUSIVE, "aid-to-the-eye")
    assert finding.score is None
    assert finding.map.values.shape == (50, 75)
    assert finding.pictures["error-level"].shape == photograph.shape
    assert set(finding.measurements) == set(Ela.glossary)


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))),
    st.floats(1, 100),
)
def test_cells_against_a_loop(levels, factor):
    height, width = levels.shape[:2]
    expected = [
        [
            min(levels[y : y + 8, x : x + 8].mean(dtype=np.float64) * factor / 255, 1)
            for x in range(0, width, 8)
        ]
        for y in range(0, height, 8)
    ]
    np.testing.assert_allclose(cell_levels(levels, factor), expected, rtol=1e-6)


def test_degenerate_pictures(degenerate):
    finding = Ela().examine(degenerate)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.pictures["error-level"].shape == degenerate.pixels.shape
