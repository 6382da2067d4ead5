"""``jpeg-grid`` on real files: crops, splices, patches without a grid, untouched pictures."""

from __future__ import annotations

import io
from collections import deque

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PillowImage

from locard import Image
from locard.outcomes import Outcome
from locard_traces.jpeg_grid import JpegGrid
from locard_traces.zero_regions import close, find_main_grid, group_votes
from locard_traces.zero_votes import NO_VOTE


def encode(pixels, file_format, **options):
    file = io.BytesIO()
    PillowImage.fromarray(pixels).save(file, file_format, **options)
    return file.getvalue()


def compress(pixels, quality, **options):
    return np.asarray(
        PillowImage.open(io.BytesIO(encode(pixels, "JPEG", quality=quality, **options)))
    )


def examine(data, **parameters):
    return JpegGrid(parameters).examine(Image.from_bytes(data))


def examine_png(pixels, **parameters):
    return examine(encode(np.ascontiguousarray(pixels), "PNG"), **parameters)


def resized(pixels, size):
    return np.asarray(PillowImage.fromarray(pixels).resize(size, PillowImage.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def splice():
    """A coffee cup from another JPEG, off its grid by (5, 3), in a photograph compressed at 85."""
    pixels = compress(skimage.data.astronaut(), 85).copy()
    donor = compress(skimage.data.coffee(), 80)
    pixels[200:330, 150:280] = donor[99:229, 103:233]
    placed = np.zeros(pixels.shape[:2], bool)
    placed[200:330, 150:280] = True
    return pixels, placed, ((150 - 103) % 8, (200 - 99) % 8)


@pytest.fixture(scope="module")
def patched():
    """A part that was enlarged and never compressed, in a photograph compressed at 75."""
    pixels = compress(skimage.data.astronaut(), 75).copy()
    pixels[104:404, 150:450] = resized(skimage.data.chelsea(), (700, 466))[150:450, 260:560]
    placed = np.zeros(pixels.shape[:2], bool)
    placed[104:404, 150:450] = True
    return pixels, placed


# --- the whole picture -----------------------------------------------------------------------


@pytest.mark.parametrize("quality", [50, 75, 90, 98])
@pytest.mark.parametrize(
    ("load", "cut"),
    [
        (skimage.data.astronaut, (5, 3)),
        (skimage.data.coffee, (1, 0)),
        (skimage.data.coffee, (18, 31)),
        (skimage.data.astronaut, (0, 7)),
    ],
)
def test_crop_offset_is_exact(load, cut, quality):
    columns, rows = cut
    finding = examine_png(compress(load(), quality)[rows:-9, columns:-4])
    assert finding.outcome is Outcome.DETECTED
    assert finding.reason == "grid-shifted"
    assert finding.measurements["cut_columns"] == columns % 8
    assert finding.measurements["cut_rows"] == rows % 8
    assert finding.measurements["grid_x"] == -columns % 8
    assert finding.measurements["grid_y"] == -rows % 8
    assert finding.measurements["log10_nfa"] < -1000
    assert finding.score == pytest.approx(-finding.measurements["log10_nfa"], abs=0.01)


def test_every_offset_is_told_apart():
    pixels = compress(skimage.data.coffee()[:208, :208], 85)
    for y in range(8):
        for x in range(8):
            measured = examine_png(pixels[y:, x:], missing_grid=False).measurements
            assert (measured["cut_columns"], measured["cut_rows"]) == (x, y)


def test_crop_is_seen_through_a_weaker_compression():
    cropped = compress(skimage.data.astronaut(), 60)[3:, 5:]
    finding = examine(encode(np.ascontiguousarray(cropped), "JPEG", quality=98, subsampling=0))
    assert finding.reason == "grid-shifted"
    assert finding.measurements["cut_columns"] == 5
    assert finding.measurements["cut_rows"] == 3
    assert finding.measurements["compressed_before"] is True


def test_words_name_the_offset_and_the_bound():
    finding = examine_png(compress(skimage.data.coffee(), 85)[3:, 5:])
    assert "begins at (3, 5)" in finding.explanation
    assert "5 columns at the left and 3 rows at the top" in finding.explanation
    assert "10^-" in finding.explanation


@pytest.mark.parametrize("quality", [40, 75, 90, 95, 99])
@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}])
def test_untouched_jpeg_is_not_flagged(quality, options):
    finding = examine(encode(skimage.data.astronaut(), "JPEG", quality=quality, **options))
    assert finding.outcome is Outcome.NOT_DETECTED
    assert finding.score == 0
    assert finding.measurements["traces"] == []
    assert finding.measurements["compressed_before"] is None
    assert not finding.map.values.any()


@pytest.mark.parametrize("name", ["rocket.jpg", "retina.jpg", "hubble_deep_field.jpg"])
def test_photographs_as_shipped_are_not_flagged(name):
    from pathlib import Path

    folder = Path(skimage.data.__file__).parent
    finding = examine((folder / name).read_bytes())
    assert finding.outcome is Outcome.NOT_DETECTED
    assert (finding.measurements["grid_x"], finding.measurements["grid_y"]) == (0, 0)


def test_grid_at_the_corner_of_a_png_says_compressed_before():
    finding = examine_png(compress(skimage.data.coffee(), 85))
    assert finding.outcome is Outcome.NOT_DETECTED
    assert finding.measurements["compressed_before"] is True


@pytest.mark.parametrize("load", [skimage.data.astronaut, skimage.data.coffee])
def test_never_compressed_is_inconclusive(load):
    finding = examine_png(load())
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.reason == "no-grid"
    assert finding.measurements["grid_x"] is None


def test_jpeg_without_zeros_is_inconclusive():
    finding = examine(encode(skimage.data.coffee(), "JPEG", quality=100, subsampling=0))
    assert finding.reason == "no-grid"
    assert "not even this file's own" in finding.explanation


@pytest.mark.parametrize("quality", [40, 75, 90, 100])
@pytest.mark.parametrize(
    "load", [skimage.data.astronaut, skimage.data.coffee, skimage.data.chelsea]
)
def test_the_blocks_of_webp_are_not_taken_for_a_grid(load, quality):
    finding = examine(encode(load(), "WEBP", quality=quality))
    assert finding.reason == "no-grid"


def test_a_crop_is_seen_in_webp():
    cropped = np.ascontiguousarray(compress(skimage.data.coffee(), 75)[3:, 5:])
    finding = examine(encode(cropped, "WEBP", lossless=True))
    assert finding.reason == "grid-shifted"
    assert finding.measurements["missing_regions"] is None


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((64, 80, 3), 255, np.uint8),
        np.zeros((38, 38, 3), np.uint8),
        np.broadcast_to(np.arange(100, dtype=np.uint8)[:, None, None], (100, 120, 3)).copy(),
    ],
    ids=["white", "smallest", "gradient"],
)
def test_flat_is_inconclusive(pixels):
    finding = examine_png(pixels)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.reason == "flat"


def test_grey_picture_is_examined():
    grey = np.ascontiguousarray(skimage.data.coffee()[..., 1])
    assert examine_png(compress(grey, 80)[2:, 6:]).measurements["cut_columns"] == 6


# --- regions ---------------------------------------------------------------------------------


def overlap(mask, placed):
    return (mask & placed).sum() / (mask | placed).sum()


def test_foreign_grid_is_found_and_placed(splice):
    pixels, placed, origin = splice
    finding = examine_png(pixels)
    assert finding.outcome is Outcome.DETECTED
    assert finding.reason == "foreign-grid"
    assert finding.measurements["foreign_regions"] >= 1
    strongest = finding.regions[0]
    assert (strongest.measurements["grid_x"], strongest.measurements["grid_y"]) == origin
    assert strongest.score == finding.score > 50
    assert overlap(finding.mask, placed) > 0.6
    assert finding.map.values[placed].mean() > 0.6
    assert finding.map.values[~placed].mean() < 0.1


def test_all_evidence_of_a_cropped_splice_is_named(splice):
    pixels, _, _ = splice
    finding = examine_png(pixels[4:, 2:])
    assert finding.reason == "grid-shifted"
    assert finding.measurements["traces"] == ["grid-shifted", "foreign-grid"]
    assert "begins at (6, 4)" in finding.explanation


def test_map_and_mask_agree(splice):
    finding = examine_png(splice[0])
    np.testing.assert_array_equal(finding.map.values > 0, finding.mask)
    assert finding.map.values.dtype == np.float32
    strongest = finding.score / (finding.score + 10)
    assert finding.map.values.max() == pytest.approx(strongest, rel=1e-6)


def test_a_grid_at_the_corner_that_shows_in_one_part_only_is_no_foreign_grid():
    pixels = skimage.data.astronaut().copy()
    pixels[200:360, 152:328] = compress(skimage.data.coffee(), 80)[96:256, 104:280]
    finding = examine_png(pixels)
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.reason == "partial-grid"
    assert finding.measurements["log10_nfa"] < -50
    assert "part of the picture only" in finding.explanation


def test_noise_over_part_of_a_jpeg_makes_no_foreign_grid():
    pixels = compress(skimage.data.astronaut(), 85).astype(np.float64)
    noise = np.random.default_rng(5).normal(0, 6, pixels.shape)
    noise[150:350, 150:350] = 0
    finding = examine_png(np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8))
    assert finding.outcome is not Outcome.DETECTED
    assert finding.reason == "partial-grid"


def test_a_region_has_a_grid_where_the_picture_has_none():
    pixels = skimage.data.astronaut().copy()
    pixels[200:360, 150:330] = compress(skimage.data.coffee(), 80)[99:259, 103:283]
    finding = examine_png(pixels)
    assert finding.reason == "foreign-grid"
    assert finding.measurements["grid_x"] is None
    assert "that the rest does not have" in finding.explanation
    assert "or the whole picture was cut" in finding.explanation


def test_missing_grid_is_found_and_placed(patched):
    pixels, placed = patched
    finding = examine_png(pixels)
    assert finding.outcome is Outcome.DETECTED
    assert finding.reason == "missing-grid"
    assert finding.measurements["missing_regions"] >= 1
    assert (finding.mask & placed).sum() > 0.8 * finding.mask.sum()
    assert (finding.mask & placed).sum() > 0.4 * placed.sum()


def test_missing_grids_can_be_left_out(patched):
    finding = examine_png(patched[0], missing_grid=False)
    assert finding.measurements["missing_regions"] is None
    assert "missing-grid" not in finding.measurements["traces"]


def test_weak_grid_is_not_taken_for_a_missing_one():
    """The published test alone finds a region in this photograph, which nobody patched (10^-9)."""
    finding = examine_png(skimage.data.chelsea())
    assert finding.outcome is Outcome.NOT_DETECTED
    assert finding.measurements["missing_regions"] == 0


def test_a_grid_that_is_weak_everywhere_is_missing_nowhere():
    """This photograph of the moon has a faint grid at (4, 2) all over."""
    finding = examine_png(np.dstack([skimage.data.moon()] * 3))
    assert finding.reason == "grid-shifted"
    assert finding.measurements["missing_regions"] == 0


def test_stricter_epsilon_finds_less(splice):
    score = examine_png(splice[0]).score
    finding = examine_png(splice[0], epsilon=10.0 ** -(score + 1))
    assert finding.measurements["foreign_regions"] == 0


def test_examining_twice_gives_the_same(splice):
    first, second = examine_png(splice[0]), examine_png(splice[0])
    assert first.measurements == second.measurements
    np.testing.assert_array_equal(first.mask, second.mask)


def test_every_measurement_is_in_the_glossary(splice, patched):
    for pixels in (splice[0], patched[0]):
        finding = examine_png(pixels)
        named = set(finding.measurements)
        for region in finding.regions:
            named |= set(region.measurements)
        assert named <= set(JpegGrid.glossary)


# --- numerical parts -------------------------------------------------------------------------


def grown(votes, admitted, reach):
    """Region growing as published: a queue of pixels, and the square around each."""
    groups = np.zeros(votes.shape, int)
    count = 0
    for seed in np.ndindex(votes.shape):
        if groups[seed] or votes[seed] == NO_VOTE or not admitted[votes[seed]]:
            continue
        count += 1
        groups[seed] = count
        queue = deque([seed])
        while queue:
            y, x = queue.popleft()
            near = (
                slice(max(0, y - reach), y + reach + 1),
                slice(max(0, x - reach), x + reach + 1),
            )
            new = np.argwhere((votes[near] == votes[seed]) & (groups[near] == 0))
            for row, column in np.add(new, (near[0].start, near[1].start)):
                groups[row, column] = count
                queue.append((row, column))
    return groups


@settings(max_examples=60, deadline=None)
@given(
    votes=hnp.arrays(
        np.int8, st.tuples(st.integers(1, 25), st.integers(1, 25)), elements=st.integers(-1, 2),
        fill=st.just(np.int8(NO_VOTE)),
    ),
    reach=st.integers(1, 9),
)  # fmt: skip
def test_groups_are_those_of_region_growing(votes, reach):
    admitted = np.ones(64, bool)
    admitted[1] = False
    groups = group_votes(votes, admitted, reach)
    expected = grown(votes, admitted, reach)
    pairs = set(zip(groups.ravel().tolist(), expected.ravel().tolist(), strict=True))
    assert len(pairs) == len(np.unique(groups)) == len(np.unique(expected))
    assert all((ours == 0) == (theirs == 0) for ours, theirs in pairs)


def test_groups_join_at_reach_and_not_beyond():
    votes = np.full((1, 40), NO_VOTE, np.int8)
    votes[0, [3, 12, 22]] = 5
    groups = group_votes(votes, np.ones(64, bool), 9)
    assert groups[0, 3] == groups[0, 12] != groups[0, 22]


@settings(max_examples=30, deadline=None)
@given(
    mask=hnp.arrays(np.bool_, st.tuples(st.integers(1, 20), st.integers(1, 20))),
    reach=st.integers(1, 5),
)
def test_closing_is_that_of_scipy_on_an_endless_plane(mask, reach):
    from scipy.ndimage import binary_closing

    square = np.ones((2 * reach + 1,) * 2)
    expected = binary_closing(np.pad(mask, 3 * reach), square)
    inside = (slice(3 * reach, -3 * reach),) * 2
    np.testing.assert_array_equal(close(mask, reach), expected[inside])
    assert (close(mask, reach) >= mask).all()


def test_main_grid_is_counted():
    votes = np.full((64, 96), NO_VOTE, np.int8)
    votes[7:-7, 7:-7] = 3 + 8 * 5
    grid = find_main_grid(votes)
    assert grid.origin == (3, 5)
    assert grid.missing == (5, 3)
    assert grid.votes == 50 * 82
