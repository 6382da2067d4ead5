"""Subsets: every image is in one part of each division, and bands meet without a gap."""

from __future__ import annotations

from pathlib import Path

import pytest

from locard.evaluation.datasets import Sample
from locard.evaluation.datasets.strata import (
    WAYS,
    dividing_facts,
    in_order,
    size_of,
    source_of,
    subsets_of,
)
from locard.image import Header, read_header
from locard.testing import encode, jpeg, photograph

SCENE = photograph(24, 32)
AUTHENTIC = Sample("a", Path("a"), "authentic", facts={"camera": "D90"})
SPLICE = Sample("b", Path("b"), "splice", facts={"camera": "D90", "program": "GIMP"})
PNG = Header("PNG", 1000, 1000, 3, 8)


@pytest.mark.parametrize(
    ("quality", "source"),
    [
        (100, "JPEG 95-100"),
        (95, "JPEG 95-100"),
        (94, "JPEG 90-94"),
        (90, "JPEG 90-94"),
        (89, "JPEG 80-89"),
        (80, "JPEG 80-89"),
        (79, "JPEG 70-79"),
        (70, "JPEG 70-79"),
        (69, "JPEG below 70"),
        (10, "JPEG below 70"),
    ],
)
def test_jpegs_are_divided_by_quality(quality: int, source: str) -> None:
    assert source_of(AUTHENTIC, read_header(jpeg(SCENE, quality))) == source


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_a_lossless_file_is_not_taken_for_never_compressed(kind: str) -> None:
    header = read_header(encode(SCENE, kind))
    assert source_of(AUTHENTIC, header) == "lossless file"
    never = Sample("a", Path("a"), "authentic", facts={"history": "never compressed"})
    assert source_of(never, header) == "never compressed"
    other = Sample("a", Path("a"), "authentic", facts={"history": "jpeg-80"})
    assert source_of(other, header) == "lossless file"


def test_webp_says_nothing_of_its_coding() -> None:
    assert source_of(AUTHENTIC, read_header(encode(SCENE, "WEBP"))) == "WebP"


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (999, 500, "below 0.5 MP"),
        (1000, 500, "0.5-2 MP"),
        (1999, 1000, "0.5-2 MP"),
        (2000, 1000, "2-8 MP"),
        (3999, 2000, "2-8 MP"),
        (4000, 2000, "8 MP and more"),
    ],
)
def test_sizes(width: int, height: int, size: str) -> None:
    assert size_of(Header("PNG", width, height, 3, 8)) == size


@pytest.mark.parametrize(
    ("share", "band"),
    [
        (0.0, "below 2 %"),
        (0.0199, "below 2 %"),
        (0.02, "2-10 %"),
        (0.1, "10-30 %"),
        (0.2999, "10-30 %"),
        (0.3, "30 % and more"),
        (1.0, "30 % and more"),
    ],
)
def test_shares(share: float, band: str) -> None:
    assert subsets_of(SPLICE, PNG, share)["share"] == band


def test_a_share_needs_a_tampered_image_and_its_truth() -> None:
    assert "share" not in subsets_of(SPLICE, PNG, None)
    assert "share" not in subsets_of(AUTHENTIC, PNG, 0.0)


def test_facts_are_divisions_of_their_own() -> None:
    found = subsets_of(SPLICE, PNG, 0.05)
    assert found == {
        "kind": "splice",
        "source": "lossless file",
        "size": "0.5-2 MP",
        "share": "2-10 %",
        "camera": "D90",
        "program": "GIMP",
    }
    assert found.keys() - SPLICE.facts.keys() < WAYS
    assert "camera" not in subsets_of(SPLICE, PNG, 0.05, dividing=["program"])


def test_a_fact_divides_with_two_to_twelve_values() -> None:
    def facts(index: int) -> dict[str, str]:
        return {
            "same": "x",
            "few": str(index % 12),
            "many": str(index % 13),
            "own": str(index),
            **({"rare": str(index)} if index < 7 else {}),
        }

    samples = [Sample(str(i), Path(), "authentic", facts=facts(i)) for i in range(52)]
    assert dividing_facts(samples) == {"few"}
    assert dividing_facts(samples[:47]) == frozenset()  # fewer than four images a value
    assert dividing_facts([AUTHENTIC]) == frozenset()


def test_bands_stand_from_low_to_high_and_the_rest_by_name() -> None:
    assert sorted(["2-10 %", "30 % and more", "below 2 %", "10-30 %"], key=in_order) == [
        "below 2 %",
        "2-10 %",
        "10-30 %",
        "30 % and more",
    ]
    assert sorted(["never compressed", "JPEG 95-100", "JPEG below 70"], key=in_order) == [
        "JPEG below 70",
        "JPEG 95-100",
        "never compressed",
    ]
