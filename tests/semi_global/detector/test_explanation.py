"""What carries a region: constructed cases in which that is known, and the words for it."""

from __future__ import annotations

import numpy as np
import pytest

from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.explanation import (
    FAMILIES,
    LARGEST,
    SMALLEST,
    Explanation,
    explained,
    window_of,
)
from locard_semi_global.explanation_words import WORDS, carriers, family_shares, sentence, shares
from locard_semi_global.localiser import Localiser
from locard_semi_global.regions import areas_of
from locard_semi_global.tiles import Box

from .linear_models import linear_model
from .made_evidence import with_channels

NOISE, CFA, DOUBLE = "noise-kv-log-median", "cfa-green-wide-00", "double-quantization-pooled-7"
EVERYWHERE = Box(0, 8, 0, 8)
BOXES = [(0, 0, 6, 6), (100, 3, 30, 30), (40, 40, 100, 100), (0, 0, 200, 90)]


def plane(shape: tuple[int, int], box: tuple[int, int, int, int], value: float = 4.0) -> np.ndarray:
    top, left, rows, columns = box
    values = np.zeros(shape)
    values[top : top + rows, left : left + columns] = value
    return values


def explain(weights: dict[str, float], shape=(80, 100), box=(20, 30, 12, 16)) -> Explanation:
    """Explain a region that all channels of a model show alike."""
    channels = {name.replace("-", "_"): plane(shape, box) for name in weights}
    evidence = with_channels(*shape, **channels)
    localiser = Localiser(linear_model(weights))
    found = areas_of(localiser.logits(evidence) > 0)
    (area,) = found.listed
    return explained(localiser, evidence, area, found.mask)


@pytest.mark.parametrize(
    ("channel", "group"), [(NOISE, "noise"), (CFA, "cfa"), (DOUBLE, "quantisation")]
)
def test_the_only_group_that_a_model_uses_carries_all(channel: str, group: str) -> None:
    found = explain({channel: 2.0})
    assert found.contrast == pytest.approx(8.0)
    assert shares(found) == {name: float(name == group) for name in GROUPS}
    assert carriers(found) == (group,)
    family = next(name for name, groups in FAMILIES.items() if group in groups)
    assert family_shares(found) == {name: float(name == family) for name in FAMILIES}
    assert sentence(found).startswith(f"stands out by its {WORDS[group]} (100%), not by ")


def test_groups_carry_what_they_weigh() -> None:
    found = explain({NOISE: 0.5, DOUBLE: 1.5})
    assert shares(found)["noise"] == 0.25
    assert shares(found)["quantisation"] == 0.75
    assert carriers(found) == ("quantisation", "noise")
    assert sentence(found) == "stands out by its quantisation history (75%) and its noise (25%)"


def test_a_group_that_speaks_against_has_less_than_nothing() -> None:
    found = explain({DOUBLE: 2.0, CFA: -0.5})
    assert found.contrast == pytest.approx(6.0)
    assert shares(found)["cfa"] == pytest.approx(-2 / 6, abs=0.01)
    assert carriers(found) == ("quantisation",)
    assert WORDS["cfa"] not in sentence(found)


@pytest.mark.parametrize(
    "box",
    [(2, 3, 6, 6), (20, 30, 12, 16), (10, 10, 60, 70), (0, 0, 80, 50)],
    ids=["small", "middle", "larger than the window", "half of the picture"],
)
def test_the_contrast_is_that_of_the_region_whatever_its_size(box: tuple[int, ...]) -> None:
    found = explain({DOUBLE: 2.0}, box=box)  # type: ignore[arg-type]
    assert found.contrast == pytest.approx(8.0)
    assert found.lost["quantisation"] == pytest.approx(8.0)


def test_other_regions_are_not_what_is_around() -> None:
    shape = 40, 60
    both = plane(shape, (10, 10, 8, 8)) + plane(shape, (10, 24, 8, 8))
    evidence = with_channels(*shape, **{DOUBLE.replace("-", "_"): both})
    localiser = Localiser(linear_model({DOUBLE: 2.0}))
    found = areas_of(localiser.logits(evidence) > 0)
    for area in found.listed:
        assert explained(localiser, evidence, area, found.mask).contrast == pytest.approx(8.0)


def test_a_region_without_anything_around_is_explained_by_itself() -> None:
    shape = 16, 24
    evidence = with_channels(*shape, **{DOUBLE.replace("-", "_"): np.full(shape, 4.0)})
    localiser = Localiser(linear_model({DOUBLE: 2.0}))
    found = areas_of(localiser.logits(evidence) > 0)
    explanation = explained(localiser, evidence, found.listed[0], found.mask)
    assert explanation.contrast == pytest.approx(6.0)
    assert carriers(explanation) == ("quantisation",)


@pytest.mark.parametrize("box", BOXES)
def test_a_window_has_both_sides_of_a_region_and_lies_within_the_picture(
    box: tuple[int, int, int, int],
) -> None:
    top, left, rows, columns = (2 * side for side in box)
    above = np.zeros((400, 500), np.bool_)
    above[top : top + rows, left : left + columns] = True
    found = areas_of(above)
    window = window_of(found.listed[0], found.mask)
    high, wide = window.bottom - window.top, window.right - window.left
    assert 0 <= window.top < window.bottom <= 200
    assert 0 <= window.left < window.right <= 250
    assert min(high, wide) >= SMALLEST
    assert max(high, wide) <= LARGEST
    inside = above[window.fine]
    assert min(inside.sum(), (~inside).sum()) >= min(inside.size // 4, found.listed[0].places)


def explanation(contrast: float = 10.0, families: tuple[float, float] = (0, 0), **lost: float):
    return Explanation(
        contrast,
        {group: lost.get(group.replace("-", "_"), 0.0) for group in GROUPS},
        dict(zip(FAMILIES, families, strict=True)),
        EVERYWHERE,
    )


def test_what_carries_nothing_by_itself_may_carry_as_a_family() -> None:
    found = explanation(families=(6.0, 0.1), quantisation=1.0, dct=0.8, ghost=0.7)
    assert carriers(found) == ()
    assert sentence(found) == (
        "stands out by its traces of JPEG compression together (60%), none of which carries it "
        "alone, not by traces of the camera"
    )


def test_traces_that_all_replace_each_other_are_said_to() -> None:
    found = explanation(families=(1.0, 1.0), noise=1.0, ghost=1.0, cfa=1.0, correlation=1.0)
    assert sentence(found).startswith("stands out by several traces together, none of which")


def test_a_region_that_hardly_stands_out_is_not_explained() -> None:
    found = explanation(contrast=0.1, noise=0.1)
    assert set(shares(found).values()) == {0.0}
    assert sentence(found) == "stands out by no trace that could be told apart"


def test_every_group_has_words_and_at_most_one_family() -> None:
    assert set(WORDS) == set(GROUPS)
    members = [group for groups in FAMILIES.values() for group in groups]
    assert len(members) == len(set(members))
    assert set(GROUPS) - set(members) == {"content"}
