"""Calibration files: what they hold, what they refuse, and that nobody alters them unseen."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest
from calibrating import calibration, header, rewrite, stratum
from hypothesis import given, settings
from hypothesis import strategies as st

from locard.calibration import Calibration, CalibrationError, Likelihood, Range, Refusal
from locard.calibration.likelihood import in_words, likelihood_words, support
from locard.calibration.schema import schema_text

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)


def saved(found: Calibration, path) -> Calibration:
    path.write_text(found.to_json(), encoding="ascii")
    return Calibration.load(path)


def test_the_published_schema_is_that_of_the_model():
    published = files("locard").joinpath("schemas/calibration.schema.json").read_text()
    assert published == schema_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(published))


def test_a_file_keeps_to_the_schema():
    measured = stratum(conditions={"formats": ["lossless"], "measurements": {"q2": {"low": 3}}})
    steps = {"method": "pav", "thresholds": [1.0], "values": [-0.5, 0.5]}
    found = calibration("double-jpeg", measured, stratum("other", mapping=steps))
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(json.loads(found.to_json()))


@given(st.floats(0, 1e12), finite, st.floats(-300, 0), st.floats(0, 300))
@settings(max_examples=100, deadline=None)
def test_a_file_read_again_has_the_same_hash(slope, intercept, lower, upper):
    mapping = {"method": "logistic", "slope": slope, "intercept": intercept}
    found = calibration(
        "double-jpeg", stratum(mapping=mapping, bounds={"lower": lower, "upper": upper})
    )
    assert Calibration.from_plain(json.loads(found.to_json()), "it") == found


@given(finite, finite)
@settings(max_examples=100, deadline=None)
def test_ratios_are_bounded_and_never_fall(one, other):
    part = calibration().strata[0]
    low, high = part.log10_lrs(sorted([one, other]))
    assert -1 <= low <= high <= 1


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain["strata"][0]["bounds"].update(upper=9.0),
        lambda plain: plain["detector"].update(version="9"),
        lambda plain: plain["strata"][0]["conditions"].update(formats=["JPEG", "lossless"]),
        lambda plain: plain.update(sha256="0" * 64),
        lambda plain: plain["dataset"].update(leaks=None),
    ],
)
def test_an_altered_file_is_refused(tmp_path, change):
    path = tmp_path / "cal.json"
    saved(calibration(), path)
    rewrite(path, change)
    with pytest.raises(CalibrationError, match="altered since it was made"):
        Calibration.load(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("\ufeff", "not valid JSON"),
        ("[]", "is no calibration"),
        ('{"format": 3}', "is no calibration"),
        ('{"format": "locard-report"}', "is no calibration"),
        ('{"format": "locard-calibration/2"}', "this Locard reads locard-calibration/1"),
        ('{"format": "locard-calibration/1"}', "strata: Field required"),
    ],
)
def test_what_is_no_calibration_is_refused_in_words(tmp_path, text, words):
    path = tmp_path / "cal.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CalibrationError, match=words):
        Calibration.load(path)


def test_a_missing_file_is_refused_in_words(tmp_path):
    with pytest.raises(CalibrationError, match="No such file"):
        Calibration.load(tmp_path / "none.json")


def test_it_loads_from_a_package(tmp_path, monkeypatch):
    package = tmp_path / "shipped"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "cal.json").write_text(calibration().to_json())
    monkeypatch.syspath_prepend(tmp_path)
    assert Calibration.load(files("shipped").joinpath("cal.json")) == calibration()


def test_an_exhibit_that_meets_the_conditions_gets_a_ratio():
    found = calibration().for_finding(0.5, header(), {})
    assert isinstance(found, Likelihood)
    assert (found.log10_lr, found.bound, found.stratum) == (0.5, None, "all images")
    assert "about 3.2 times more probable if it was made up than if it was not" in found.explanation


@pytest.mark.parametrize(("score", "ratio", "bound"), [(7.0, 1.0, "upper"), (-7.0, -1.0, "lower")])
def test_a_ratio_at_a_bound_says_so(score, ratio, bound):
    found = calibration().for_finding(score, header(), {})
    assert isinstance(found, Likelihood)
    assert (found.log10_lr, found.bound) == (ratio, bound)
    assert "the data support no ratio farther from 1" in found.explanation


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"formats": ["lossless"]}, "The file is JPEG; the calibration is for lossless files."),
        (
            {"formats": ["JPEG"], "jpeg_quality": {"low": 70, "high": 80}},
            "The JPEG quality is 90; the calibration holds for 70 to 80.",
        ),
        ({"formats": ["JPEG"], "width": {"low": 97}}, "width is 96; the calibration holds for at"),
        ({"formats": ["JPEG"], "height": {"high": 79}}, "height is 80; the calibration holds for"),
        ({"formats": ["JPEG"], "megapixels": {"low": 0.5}}, "megapixels is 0.00768"),
        ({"formats": ["JPEG"], "measurements": {"q2": {"low": 1}}}, "figure q2, which"),
        ({"formats": ["JPEG"], "measurements": {"q": {"low": 2}}}, "figure q is 1; the"),
        ({"formats": ["JPEG"], "measurements": {"yes": {"low": 0}}}, "figure yes, which"),
    ],
)
def test_an_exhibit_outside_the_conditions_is_refused_in_words(conditions, words):
    found = calibration("double-jpeg", stratum(conditions=conditions))
    refused = found.for_finding(0.5, header(), {"q": 1, "yes": True})
    assert isinstance(refused, Refusal)
    assert refused.reason == "outside-conditions"
    assert words in refused.explanation
    assert likelihood_words(refused.plain()).startswith("No likelihood ratio. ")


def test_a_jpeg_without_tables_is_refused_where_quality_counts():
    from locard.calibration.conditions import Conditions
    from locard.image.file_facts import FileFacts

    conditions = Conditions(formats=("JPEG",), jpeg_quality=Range(low=1))
    assert "unknown" in conditions.unmet(FileFacts("JPEG", 8, 8), {})[0]
    assert not conditions.unmet(FileFacts("JPEG", 8, 8, 50), {})


def test_an_exhibit_takes_the_first_stratum_that_fits():
    def part(name: str, low: int, high: int, slope: float):
        quality = {"low": low, "high": high}
        mapping = {"method": "logistic", "slope": slope, "intercept": 0.0}
        conditions = {"formats": ["JPEG"], "jpeg_quality": quality}
        return stratum(name, conditions=conditions, mapping=mapping)

    found = calibration("double-jpeg", part("low", 50, 79, 0.5), part("high", 80, 95, 0.25))
    assert found.for_finding(1.0, header(70), {}).plain()["log10_lr"] == 0.5
    assert found.for_finding(1.0, header(90), {}).plain()["log10_lr"] == 0.25
    refused = found.for_finding(1.0, header(99), {})
    assert isinstance(refused, Refusal)
    assert "No stratum of the calibration fits" in refused.explanation
    assert "low: The JPEG quality is 99" in refused.explanation
    assert "high: The JPEG quality is 99" in refused.explanation


def test_a_finding_without_a_score_is_refused():
    assert calibration().for_finding(None, header(), {}).plain()["refused"] == "no-score"


def test_data_that_leak_are_named_with_every_ratio():
    plain = calibration().model_dump()
    dataset = {**plain["dataset"], "leaks": ("quantisation tables",)}
    found = calibration(dataset=dataset).for_finding(0.5, header(), {})
    assert isinstance(found, Likelihood)
    assert "It may mean nothing" in found.explanation
    assert "quantisation tables" in found.explanation


def test_another_method_is_named():
    found = calibration()
    own = found.detector
    same = (own.plugin, own.version, own.parameters, ())
    assert not found.differences(*same)
    assert found.differences("noise", *same[1:]) == ("it is for double-jpeg, not for noise",)
    assert "version" in found.differences(own.plugin, "9", own.parameters, ())[0]
    name = next(iter(own.parameters))
    changed = {**own.parameters, name: "other"}
    assert found.differences(own.plugin, own.version, changed, ()) == (
        f"it is for {name} = {own.parameters[name]!r}, and here {name} = 'other'",
    )
    assert "model" in found.differences(own.plugin, own.version, own.parameters, ("ab",))[0]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (1.9, "no support"),
        (2, "weak support"),
        (10, "moderate support"),
        (100, "moderately strong support"),
        (1000, "strong support"),
        (10_000, "very strong support"),
        (1_000_000, "extremely strong support"),
    ],
)
def test_words_are_those_of_enfsi(ratio, words):
    assert support(ratio).startswith(words)


def test_words_name_the_hypothesis_that_the_score_speaks_for():
    assert "100 times more probable if A than if B" in in_words(2.0, None, "A", "B")
    assert "100 times more probable if B than if A" in in_words(-2.0, None, "A", "B")
    assert "about as probable if A as if B" in in_words(0.0, None, "A", "B")
    assert "about 1.1 times" in in_words(0.03, None, "A", "B")
    assert "about 12,000 times" in in_words(4.08, None, "A", "B")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"low": None, "high": None}, "needs a lower or an upper end"),
        ({"low": 2.0, "high": 1.0}, "above the upper end"),
    ],
)
def test_a_range_has_ends_in_order(changes, words):
    with pytest.raises(ValueError, match=words):
        Range(**changes)


@pytest.mark.parametrize(
    "mapping",
    [
        {"method": "pav", "thresholds": [1.0], "values": [0.0]},
        {"method": "pav", "thresholds": [2.0, 1.0], "values": [0.0, 1.0, 2.0]},
        {"method": "pav", "thresholds": [1.0], "values": [1.0, 0.0]},
        {"method": "logistic", "slope": -1.0, "intercept": 0.0},
        {"method": "logistic", "slope": float("nan"), "intercept": 0.0},
    ],
)
def test_a_mapping_that_could_fall_is_refused(mapping):
    with pytest.raises(ValueError, match="validation error"):
        calibration("double-jpeg", stratum(mapping=mapping))


def test_strata_have_names_of_their_own():
    with pytest.raises(ValueError, match="two strata have one name"):
        calibration("double-jpeg", stratum(), stratum())
