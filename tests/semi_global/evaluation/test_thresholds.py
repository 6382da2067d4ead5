"""Thresholds by kind of source: what they promise, and where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from locard.image.file_facts import FileFacts
from locard_semi_global.evaluation.figures import score_results, threshold_results
from locard_semi_global.evaluation.kinds import FILES, SIZES, conditions, file_kind, size_kind
from locard_semi_global.evaluation.rows import Row, Shown
from locard_semi_global.evaluation.statistics import NAMES
from locard_semi_global.evaluation.thresholds import (
    LEAST_OWN,
    RATE,
    Scored,
    crossed,
    cuts,
    thresholds,
)

NEVER, LOSSY = FILES.index("never compressed"), FILES.index("JPEG 90-94")


def scored(
    photographs: int,
    seed: int = 0,
    *,
    copies: int = 1,
    file: int = LOSSY,
    size: int = 0,
    tampered: bool = False,
    shift: float = 0.0,
    origin: int = 0,
) -> Scored:
    """Return scores of photographs whose copies score alike."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(photographs), copies)
    values = random.normal(shift, 1, photographs)[groups] + 0.1 * random.normal(size=groups.size)
    same = np.ones(groups.size, np.intp)
    return Scored(
        values,
        np.full(groups.size, tampered),
        groups + 1000 * seed,
        file * same,
        size * same,
        origin * same,
    )


def joined(*some: Scored) -> Scored:
    return Scored(
        *(
            np.concatenate([getattr(one, name) for one in some])
            for name in ("scores", "tampered", "groups", "files", "sizes", "origins")
        )
    )


def test_new_photographs_are_flagged_as_seldom_as_promised() -> None:
    alarms = []
    for seed in range(200):
        (found,) = thresholds(scored(80, seed, copies=3))
        alarms.append(np.mean(scored(100, 1000 + seed).scores >= found.value))
    assert np.mean(alarms) < RATE
    assert np.mean(alarms) > RATE / 3


def test_crossed_thresholds_rest_on_other_photographs() -> None:
    """A photograph whose copies all stand out would hide itself, had it set its own threshold."""
    ordinary = scored(99, 1, copies=4)
    odd = Scored(
        np.full(40, 50.0),
        np.zeros(40, np.bool_),
        np.full(40, 9999),
        np.full(40, LOSSY),
        np.zeros(40, np.intp),
        np.zeros(40, np.intp),
    )
    both = joined(ordinary, odd)
    limits = crossed(both)
    assert (both.scores >= limits)[-40:].all()
    assert (limits[-40:] < 5).all()
    share = np.mean((both.scores >= limits)[:-40])
    assert 0 < share < 2 * RATE


def test_kinds_with_few_photographs_have_no_threshold() -> None:
    few = scored(LEAST_OWN - 1, 2, copies=50, file=NEVER)
    assert thresholds(few) == ()
    assert np.isnan(crossed(few)).all()
    # Ten are seen, but too few to promise 5 % by themselves or with other sizes.
    assert thresholds(scored(12, 2, file=NEVER)) == ()
    together = joined(few, scored(200, 3))
    assert [one.file for one in thresholds(together)] == ["JPEG 90-94"]
    assert np.isnan(cuts(thresholds(together), together)[: few.scores.size]).all()


def test_sizes_with_few_take_in_others_and_keep_to_their_own_share() -> None:
    large = scored(15, 4, size=2, shift=5.0)
    found = {one.size: one for one in thresholds(joined(scored(200, 5), large))}
    assert set(found) == {SIZES[0], SIZES[2]}
    assert found[SIZES[2]].own == 15
    assert found[SIZES[2]].photographs == 215
    assert found[SIZES[2]].false_alarms <= RATE
    assert found[SIZES[2]].value > found[SIZES[0]].value


def test_large_jpeg_files_of_any_quality_raise_the_threshold() -> None:
    """One quality has no photograph of that size, another has some that stand out."""
    small = scored(200, 5)
    large = scored(6, 4, size=2, file=LOSSY - 1, shift=5.0)
    found = {(one.file, one.size): one for one in thresholds(joined(small, large))}
    raised = found["JPEG 90-94", SIZES[2]]
    assert raised.photographs == 200
    assert raised.own == 6
    assert (large.scores < raised.value).mean() > 0.9
    assert raised.value > found["JPEG 90-94", SIZES[0]].value
    # The other quality has too few of any size to promise anything.
    assert ("JPEG 80-89", SIZES[2]) not in found


def test_each_data_set_keeps_to_its_own_share() -> None:
    many, few = scored(200, 5), scored(8, 6, shift=4.0, origin=1)
    (found,) = thresholds(joined(many, few))
    assert np.mean(few.scores >= found.value) <= 1 / 8
    three = scored(3, 6, shift=4.0, origin=1)
    (found,) = thresholds(joined(many, three))
    assert found.value < 4


def test_power_is_the_share_of_tampered_pictures_that_are_found() -> None:
    tampered = scored(50, 7, tampered=True, shift=3.0)
    (found,) = thresholds(joined(scored(100, 6), tampered))
    assert found.power == pytest.approx(np.mean(tampered.scores >= found.value))
    assert found.tampered == 50


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("size", SIZES)
def test_conditions_are_met_by_their_kind_alone(kind: str, size: str) -> None:
    asked = conditions(kind, size)
    sides = {"below 0.5 MP": (499_999, 1), "0.5-3 MP": (1000, 500), "3 MP or more": (2000, 1500)}
    files = {
        "never compressed": [("PNG", None, 1.0), ("TIFF", None, 1.5)],
        "JPEG without its header": [("PNG", None, 1.501), ("BMP", None, 9.0)],
        "JPEG below 80": [("JPEG", 1, 20.0), ("JPEG", 79, 1.0)],
        "JPEG 80-89": [("JPEG", 80, 1.0), ("JPEG", 89, 9.0)],
        "JPEG 90-94": [("JPEG", 90, 9.0), ("JPEG", 94, 1.0)],
        "JPEG 95-100": [("JPEG", 95, 9.0), ("JPEG", 100, 1.0)],
    }
    for other, shapes in files.items():
        for format_, quality, step in shapes:
            for band, (width, height) in sides.items():
                facts = FileFacts(format_, width, height, quality)
                assert file_kind(facts, step) == other
                assert size_kind(facts) == band
                met = not asked.unmet(facts, {"mean_luma_step": step})
                assert met == ((other, band) == (kind, size))


def test_files_of_no_kind_have_none() -> None:
    assert file_kind(FileFacts("WEBP", 100, 100), 1.0) is None
    assert file_kind(FileFacts("JPEG", 100, 100), 1.0) is None


def row(number: int, score: float, *, tampered: bool) -> Row:
    shown = Shown(
        "s",
        f"{number}",
        "splice" if tampered else "authentic",
        f"g{number}",
        "none",
        100,
        100,
        0.1 if tampered else 0.0,
        "JPEG 90-94",
        "below 0.5 MP",
    )
    values = {name: -score if name == "mass" else score for name in NAMES}
    return Row(shown, "semi-global", (), False, score, values, None)


def test_rows_give_thresholds_and_compare_statistics() -> None:
    random = np.random.default_rng(8)
    rows = [row(n, random.normal(), tampered=False) for n in range(120)]
    rows += [row(200 + n, random.normal(4), tampered=True) for n in range(60)]
    (result,) = threshold_results(rows)
    assert result.kind == "JPEG 90-94, below 0.5 MP"
    assert result.photographs == result.pictures == 120
    assert result.tampered == 60
    found = {one.statistic: one for one in score_results(rows)}
    assert found["score"].auc == pytest.approx(found["maximum"].auc)
    assert found["score"].auc == pytest.approx(1 - found["mass"].auc)
    assert found["score"].power > 0.9
    assert found["mass"].power < 0.1
