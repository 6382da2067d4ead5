"""Paired differences, held against scipy, brute force, and what is known by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from locard.evaluation.metrics.comparison import (
    COMPARED,
    compare,
    differences,
    expanded_tail,
    gains,
    verdict,
)
from locard.evaluation.metrics.image import roc_auc
from locard.evaluation.metrics.pairs import Pairs, pair
from locard.evaluation.results import Difference
from locard.evaluation.rows import PixelScores, Row
from locard.outcomes import Outcome

NOTHING = "no difference can be shown"


def row(sample: str, value: float | None = None, **changes: object) -> Row:
    """Return a row whose pixel figures are all the value."""
    kind = changes.get("kind", "splice")
    pixels = PixelScores(marked=value)
    if kind != "authentic":
        pixels = PixelScores(
            f1=value, mcc=value, best_f1=value, auc=value, everything_f1=0.4, marked=value
        )
    facts: dict[str, object] = {
        "sample": sample,
        "sha256": sample.rjust(64, "0"),
        "kind": kind,
        "treatment": "none",
        "step": "a",
        "outcome": Outcome.NOT_DETECTED,
        "pixels": pixels,
    }
    return Row(**(facts | changes))  # type: ignore[arg-type]


def rows(
    values: Sequence[float | None], kind: str = "splice", groups: int | None = None
) -> list[Row]:
    return [
        row(
            f"{kind}{at:04}",
            value,
            kind=kind,
            score=value,
            outcome=Outcome.DETECTED if value is not None and value > 0.5 else Outcome.NOT_DETECTED,
            group=None if groups is None else f"g{at % groups}",
        )
        for at, value in enumerate(values)
    ]


def difference(first: list[Row], second: list[Row], metric: str) -> Difference:
    (found,) = differences(pair(first, second).rows, [metric])
    return found


def random_pair(seed: int, images: int, shift: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    first = random.uniform(0, 1, images)
    return first, np.clip(first + random.normal(shift, 0.1, images), 0, 1)


# Against other implementations


@pytest.mark.parametrize("seed", range(4))
def test_the_interval_of_a_mean_is_that_of_scipy(seed: int) -> None:
    first, second = random_pair(seed, 60)
    found = difference(rows(list(first)), rows(list(second)), "f1")
    oracle = scipy.stats.bootstrap(
        (first, second),
        lambda a, b, axis: np.mean(b - a, axis=axis),
        paired=True,
        confidence_level=1 - 2 * expanded_tail(60),
        method="percentile",
        n_resamples=20000,
        random_state=np.random.default_rng(1),
    )
    assert found.difference == pytest.approx(np.mean(second - first))
    # Both are random: bounds differ by some hundredths of the standard error.
    near = pytest.approx(0, abs=0.12 * float(oracle.standard_error))
    assert found.low - oracle.confidence_interval.low == near
    assert found.high - oracle.confidence_interval.high == near


@pytest.mark.parametrize("seed", range(4))
def test_the_interval_of_an_auc_is_that_of_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = np.arange(120) < 60
    first = random.normal(labels * 0.5, 1)
    second = first + random.normal(labels * 0.6, 0.7)

    def gain(which: np.ndarray) -> float:
        one, other = (roc_auc(scores[which], labels[which]) for scores in (first, second))
        assert one is not None
        assert other is not None
        return other - one

    oracle = scipy.stats.bootstrap(
        (np.arange(120),),
        lambda which: gain(which),
        vectorized=False,
        confidence_level=1 - 2 * expanded_tail(60),
        method="percentile",
        n_resamples=4000,
        random_state=np.random.default_rng(1),
    )
    one, other = (
        [
            row(f"{at:03}", kind="splice" if labels[at] else "authentic", score=float(scores[at]))
            for at in range(120)
        ]
        for scores in (first, second)
    )
    found = difference(one, other, "image_auc")
    assert found.difference == pytest.approx(gain(np.arange(120)))
    near = pytest.approx(0, abs=0.2 * float(oracle.standard_error))
    assert found.low - oracle.confidence_interval.low == near
    assert found.high - oracle.confidence_interval.high == near


def test_groups_are_kept_together() -> None:
    """By brute force: resample groups, take all images of each, twelve images in six groups."""
    first, second = random_pair(3, 12, shift=0.15)
    found = difference(rows(list(first), groups=6), rows(list(second), groups=6), "f1")
    random = np.random.default_rng(5)
    members = [np.flatnonzero(np.arange(12) % 6 == group) for group in range(6)]
    drawn = []
    for _ in range(20000):
        images = np.concatenate([members[group] for group in random.integers(0, 6, 6)])
        drawn.append(np.mean(second[images] - first[images]))
    tail = 100 * expanded_tail(6)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    spread = float(np.std(drawn))
    assert found.low == pytest.approx(low, abs=0.15 * spread)
    assert found.high == pytest.approx(high, abs=0.15 * spread)


def test_twins_make_the_interval_wider_than_single_images() -> None:
    first, second = random_pair(0, 20)
    twins = [list(np.repeat(values, 4)) for values in (first, second)]
    names = [f"g{at // 4}" for at in range(80)]
    grouped = [
        [replace(each, group=name) for each, name in zip(rows(values), names, strict=True)]
        for values in twins
    ]
    single = difference(rows(list(first)), rows(list(second)), "f1")
    together = difference(*grouped, "f1")
    apart = difference(rows(twins[0]), rows(twins[1]), "f1")
    assert together.high - together.low > 1.5 * (apart.high - apart.low)
    assert together.high - together.low == pytest.approx(single.high - single.low, rel=0.1)


@pytest.mark.parametrize("images", [8, 12, 25])
def test_on_few_images_the_interval_is_as_wide_as_students(images: int) -> None:
    """Differences that are spread like normal ones, of which Student's interval is exact."""
    spread = scipy.stats.norm.ppf((np.arange(images) + 0.5) / images)
    second = 0.5 + 0.1 * spread
    (found,) = differences(pair(rows([0.4] * images), rows(list(second))).rows, ["f1"], count=20000)
    student = scipy.stats.ttest_1samp(second - 0.4, 0).confidence_interval()
    # Those of plain percentiles are by 22, 15 and 8 % shorter.
    assert found.high - found.low == pytest.approx(student.high - student.low, rel=0.05)


@pytest.mark.parametrize("images", [10, 20])
def test_methods_that_are_equally_good_are_seldom_told_apart(images: int) -> None:
    """Differences of mean 0, 400 times: of plain percentiles 9 % leave out 0."""
    random = np.random.default_rng(0)
    said = [
        differences(
            pair(rows([0.5] * images), rows(list(random.normal(0.5, 0.1, images)))).rows,
            ["f1"],
        )[0].verdict
        for _ in range(400)
    ]
    assert np.mean([words != NOTHING for words in said]) < 0.08


# Invariants

VALUES = st.lists(
    st.tuples(*[st.sampled_from([None, 0.0, 0.25, 0.5, 0.75, 1.0])] * 2), min_size=1, max_size=12
)


@given(tampered=VALUES, authentic=VALUES, groups=st.sampled_from([None, 2, 7]))
def test_the_other_way_round_everything_is_negated(
    tampered: list[tuple[float | None, float | None]],
    authentic: list[tuple[float | None, float | None]],
    groups: int | None,
) -> None:
    one, other = (
        rows([both[at] for both in tampered], groups=groups)
        + rows([both[at] for both in authentic], "authentic", groups)
        for at in (0, 1)
    )
    swapped = {"better": "worse", "worse": "better", NOTHING: NOTHING}
    there = differences(pair(one, other).rows, count=50)
    back = differences(pair(other, one).rows, count=50)
    assert [found.metric for found in there] == list(COMPARED)
    for a, b in zip(there, back, strict=True):
        assert (a.images, a.equal, a.better, a.worse) == (b.images, b.equal, b.worse, b.better)
        assert (a.first, a.second) == (b.second, b.first)
        assert b.verdict == swapped[a.verdict]
        if a.difference is not None:
            assert a.difference == -b.difference
        if a.low is not None:
            assert (a.low, a.high) == (-b.high, -b.low)


@given(tampered=VALUES, authentic=VALUES)
def test_a_method_differs_from_itself_by_nothing(
    tampered: list[tuple[float | None, float | None]],
    authentic: list[tuple[float | None, float | None]],
) -> None:
    series = rows([one for one, _ in tampered]) + rows([one for one, _ in authentic], "authentic")
    for found in differences(pair(series, series).rows, count=50):
        assert found.verdict == NOTHING
        assert (found.better, found.worse, found.equal) == (0, 0, found.images)
        assert found.difference in (0, None)
        assert found.low in (0, None)
        assert found.high in (0, None)


@given(values=VALUES)
def test_better_equal_and_worse_are_counted_as_one_counts(
    values: list[tuple[float | None, float | None]],
) -> None:
    both = [(a, b) for a, b in values if a is not None and b is not None]
    one, other = (rows([pair[at] for pair in values]) for at in (0, 1))
    found = difference(one, other, "mcc")
    assert found.images == len(both)
    assert found.better == sum(b > a for a, b in both)
    assert found.equal == sum(b == a for a, b in both)
    assert found.worse == sum(b < a for a, b in both)
    if both:
        assert found.first == pytest.approx(sum(a for a, _ in both) / len(both))
        assert found.second == pytest.approx(sum(b for _, b in both) / len(both))


# What is said


@pytest.mark.parametrize(
    ("low", "high", "metric", "said"),
    [
        (0.1, 0.2, "f1", "better"),
        (-0.2, -0.1, "f1", "worse"),
        (0.1, 0.2, "false_positive_rate", "worse"),
        (-0.2, -0.1, "marked", "better"),
        (0.0, 0.2, "f1", NOTHING),
        (-0.1, 0.0, "f1", NOTHING),
        (-0.1, 0.1, "f1", NOTHING),
        (None, None, "f1", NOTHING),
    ],
)
def test_the_sentence_follows_from_the_interval(
    low: float | None, high: float | None, metric: str, said: str
) -> None:
    assert verdict(low, high, metric) == said


@pytest.mark.parametrize("metric", ["f1", "sensitivity"])
@pytest.mark.parametrize(("differing", "said"), [(5, NOTHING), (6, "better")])
def test_fewer_than_six_images_that_differ_show_nothing(
    metric: str, differing: int, said: str
) -> None:
    first = [0.4] * 20
    second = [0.6] * differing + first[differing:]
    found = difference(rows(first), rows(second), metric)
    assert found.better == differing
    assert found.verdict == said
    assert (found.low <= 0) == (said == NOTHING)


def test_fewer_than_six_groups_that_differ_show_nothing() -> None:
    first, second = [0.4] * 40, [0.6] * 40
    assert difference(rows(first, groups=5), rows(second, groups=5), "f1").verdict == NOTHING
    assert difference(rows(first, groups=6), rows(second, groups=6), "f1").verdict == "better"


def test_an_auc_needs_enough_of_both_classes() -> None:
    """Five tampered images rise above forty authentic ones: five coins may fall on one side."""
    authentic = rows([0.5] * 40, "authentic")
    for tampered, said in ((5, NOTHING), (6, "better")):
        first = rows([0.4] * tampered) + authentic
        second = rows([0.6] * tampered) + authentic
        found = difference(first, second, "image_auc")
        assert (found.first, found.second) == (0, 1)
        assert found.better == tampered + 40
        assert found.verdict == said


def test_one_group_has_no_interval() -> None:
    found = difference(rows([0.1, 0.2], groups=1), rows([0.3, 0.4], groups=1), "f1")
    assert found.difference == pytest.approx(0.2)
    assert (found.low, found.high, found.verdict) == (None, None, NOTHING)


def test_no_images_have_no_figures() -> None:
    for found in differences(()):
        assert found == Difference(metric=found.metric, images=0)


def test_classes_have_their_own_metrics() -> None:
    first = rows([0.2] * 3) + rows([0.4] * 5, "authentic")
    second = rows([0.6] * 3) + rows([0.3] * 5, "authentic")
    found = {each.metric: each for each in differences(pair(first, second).rows)}
    assert found["f1"].images == found["sensitivity"].images == 3
    assert found["marked"].images == found["false_positive_rate"].images == 5
    assert found["marked"].better == 5  # it marks less
    assert found["image_auc"].images == 8
    assert (found["image_auc"].first, found["image_auc"].second) == (0, 1)


# What is paired


def test_only_the_same_files_are_paired() -> None:
    first = [row(name, 0.5) for name in ("both", "file", "kind", "truth", "first")]
    other_truth = replace(first[3].pixels, everything_f1=0.5)  # type: ignore[type-var]
    second = [
        replace(first[3], pixels=other_truth),
        row("kind", 0.5, kind="copy-move"),
        row("file", 0.5, sha256="1" * 64),
        row("both", 0.75),
        row("second", 0.5),
        row("both", 0.5, treatment="png"),
    ]
    pairs = pair(first, second)
    assert [(one.sample, other.pixels.f1) for one, other in pairs.rows] == [("both", 0.75)]  # type: ignore[union-attr]
    assert (pairs.alone, pairs.other_file) == (3, 3)


def test_a_map_that_could_not_be_measured_is_left_out_of_pixel_figures_alone() -> None:
    first = rows([0.2] * 8)
    second = [*rows([0.4] * 7), replace(rows([0.4] * 8)[7], pixels=None)]
    pairs = pair(first, second)
    found = {each.metric: each for each in differences(pairs.rows)}
    assert len(pairs.rows) == 8
    assert found["f1"].images == 7
    assert found["sensitivity"].images == 8


def test_two_rows_of_one_image_are_refused() -> None:
    with pytest.raises(ValueError, match="two rows"):
        pair([row("a"), row("a")], [])


def test_treatments_and_kinds_are_parts() -> None:
    first = [
        row(name, 0.5, kind=kind, treatment=treatment, score=0.5)
        for treatment in ("none", "jpeg-80")
        for name, kind in (("a", "splice"), ("b", "copy-move"), ("c", "authentic"))
    ]
    parts = compare(pair(first, first), count=20)
    assert [(part.treatment, part.part) for part in parts] == [
        (treatment, part)
        for treatment in ("none", "jpeg-80")
        for part in ("all", "copy-move", "splice")
    ]
    assert "marked" in parts[0].differences
    assert not {"marked", "false_positive_rate"} & parts[1].differences.keys()
    assert parts[1].differences["f1"].images == 1
    assert parts[1].differences["image_auc"].images == 2
    one_kind = Pairs(tuple(both for both in pair(first, first).rows if both[0].kind != "splice"))
    assert [part.part for part in compare(one_kind, count=20)] == ["all", "all"]


def test_a_refiner_is_held_against_its_input() -> None:
    source = rows([0.2] * 10) + rows([0.3] * 10, "authentic")
    refined = rows([0.5] * 10) + rows([0.6] * 10, "authentic")
    series = [*source, *(replace(each, step="crf") for each in refined)]
    (gain,) = gains(series, {"crf": "a"})
    assert (gain.step, gain.input) == ("crf", "a")
    (part,) = gain.parts
    assert part.differences["f1"].difference == pytest.approx(0.3)
    assert part.differences["f1"].verdict == "better"
    assert part.differences["marked"].verdict == "worse"
    assert "sensitivity" not in part.differences
