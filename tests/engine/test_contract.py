"""What plugins return is checked at the door."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from locard.engine.contract import ContractError, check_refined, checked_finding
from locard.findings import Finding, HeatMap, Region
from locard.outcomes import Outcome

WIDTH, HEIGHT = 20, 10


def detected(**rest: Any) -> Finding:
    return Finding.detected(rest.pop("score", 1.0), "seen", **rest)


def a_map(
    shape: tuple[int, ...] = (HEIGHT, WIDTH),
    fill: float = 0.5,
    dtype: Any = np.float32,
    **rest: Any,
) -> HeatMap:
    return HeatMap(np.full(shape, fill, dtype), **rest)


BROKEN: dict[str, tuple[object, str]] = {
    "nothing": (None, "returned None, not a locard.Finding"),
    "a number": (0.5, "of type float"),
    "an array": (np.zeros((2, 2)), "float64 array of shape"),
    "outcome as text": (Finding("detected"), "not a locard.Outcome"),  # type: ignore[arg-type]
    "no reason": (Finding(Outcome.INCONCLUSIVE), "inconclusive needs a reason"),
    "empty reason": (Finding.not_applicable("", "…"), "needs a reason"),
    "reason in words": (Finding.failed("Too small", "…"), "kebab-case"),
    "explanation": (Finding.detected(1.0, 5), "explanation is of type int"),  # type: ignore[arg-type]
    "score NaN": (detected(score=float("nan")), "not finite"),
    "score infinite": (detected(score=np.inf), "not finite"),
    "score bool": (detected(score=True), "of type bool"),
    "score text": (detected(score="1"), "not a number"),
    "map bare": (detected(map=np.zeros((HEIGHT, WIDTH), np.float32)), "not a locard.HeatMap"),
    "map float64": (detected(map=a_map(dtype=np.float64)), "not a float32 array"),
    "map 3-D": (detected(map=a_map((HEIGHT, WIDTH, 1))), "not a float32 array"),
    "map empty": (detected(map=a_map((0, WIDTH))), "no cells"),
    "map NaN": (detected(map=a_map(fill=np.nan)), "not finite"),
    "map infinite": (detected(map=a_map(fill=np.inf)), "not finite"),
    "map above 1": (detected(map=a_map(fill=1.01)), "within 0…1"),
    "map below 0": (detected(map=a_map(fill=-0.01)), "within 0…1"),
    "map transposed": (detected(map=a_map((WIDTH, HEIGHT))), "do not cover"),
    "map short": (detected(map=a_map((HEIGHT - 1, WIDTH))), "do not cover"),
    "cells short": (detected(map=a_map((1, 1), cell=8)), "do not cover"),
    "cells beyond": (detected(map=a_map((2, 4), cell=8)), "do not cover"),
    "cell 0": (detected(map=a_map(cell=0)), "whole number of pixels"),
    "cell float": (detected(map=a_map(cell=8.0)), "whole number of pixels"),  # type: ignore[arg-type]
    "origin None": (detected(map=a_map(origin=None)), "not (x, y) in whole pixels"),
    "mask of numbers": (detected(mask=np.zeros((HEIGHT, WIDTH), np.uint8)), "not a bool array"),
    "mask short": (detected(mask=np.zeros((HEIGHT, WIDTH - 1), bool)), "the mask's shape"),
    "region outside": (detected(regions=(Region(15, 0, 6, 1),)), "not within"),
    "region empty": (detected(regions=(Region(0, 0, 0, 1),)), "not within"),
    "region fraction": (detected(regions=(Region(0.5, 0, 1, 1),)), "whole pixels"),  # type: ignore[arg-type]
    "region score": (detected(regions=(Region(0, 0, 1, 1, score=np.nan),)), "a region's score"),
    "region tuple": (detected(regions=((0, 0, 1, 1),)), "not a locard.Region"),
    "regions None": (detected(regions=None), "regions are None"),
    "measurement NaN": (detected(measurements={"a": float("nan")}), "not plain JSON"),
    "measurement array": (detected(measurements={"a": np.zeros(2)}), "not plain JSON"),
    "measurements list": (detected(measurements=[1]), "not a mapping"),
    "picture grey": (detected(pictures={"a": np.zeros((2, 2), np.uint8)}), "not (h, w, 3)"),
    "picture float": (detected(pictures={"a": np.zeros((2, 2, 3))}), "not a uint8 array"),
    "picture's name": (
        detected(pictures={"../a": np.zeros((2, 2, 3), np.uint8)}),
        "'../a' is not in kebab-case",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_finding_is_refused_in_words(case: str) -> None:
    returned, words = BROKEN[case]
    with pytest.raises(ContractError) as caught:
        checked_finding(returned, WIDTH, HEIGHT)
    assert words in str(caught.value)


def test_a_good_finding_passes_in_plain_types() -> None:
    finding = detected(
        score=np.float32(0.5),
        map=a_map(),
        mask=np.zeros((HEIGHT, WIDTH), bool),
        regions=[Region(np.int64(0), 0, WIDTH, HEIGHT, measurements={"a": (1, 2)})],
        measurements=MappingProxyType({"a": [1, None, "b"], "c": {"d": 1.5}}),
        pictures={"hint": np.zeros((3, 4, 3), np.uint8)},
    )
    checked = checked_finding(finding, WIDTH, HEIGHT)
    assert type(checked.score) is float
    assert checked.score == 0.5
    assert type(checked.regions[0].x) is int
    assert checked.regions[0].measurements == {"a": [1, 2]}
    assert json.loads(json.dumps(checked.measurements)) == {"a": [1, None, "b"], "c": {"d": 1.5}}
    assert checked.map is finding.map


@given(
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    cell=st.integers(1, 20),
    x=st.integers(0, 19),
    y=st.integers(0, 19),
)
def test_a_grid_of_whole_cells_from_its_first_corner_covers_the_picture(
    width: int, height: int, cell: int, x: int, y: int
) -> None:
    """Both ways to lay cells: those that lie wholly inside, and those that touch the picture."""
    x, y = x % cell, y % cell
    outer = HeatMap(
        np.zeros((-(-(height + y) // cell), -(-(width + x) // cell)), np.float32), cell, (-x, -y)
    )
    checked_finding(detected(map=outer), width, height)
    rows, columns = (height - y) // cell, (width - x) // cell
    if rows > 0 and columns > 0:
        inner = HeatMap(np.zeros((rows, columns), np.float32), cell, (x, y))
        checked_finding(detected(map=inner), width, height)


@pytest.mark.parametrize(
    "changes", [{"score": 0.2}, {"score": None}, {"outcome": Outcome.NOT_DETECTED}]
)
def test_a_refiner_leaves_score_and_outcome_alone(changes: dict[str, Any]) -> None:
    original = detected(score=0.1)
    check_refined(original.with_(map=a_map()), original)
    with pytest.raises(ContractError, match=f"may not change the {next(iter(changes))}"):
        check_refined(original.with_(**changes), original)
