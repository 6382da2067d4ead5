"""Files of requirements, right and wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from locard.evaluation.metrics import METRICS as METRICS_OF_EVALUATIONS
from locard.evaluation.validation import requirements
from locard.evaluation.validation.requirements import RequirementsError

from .conftest import HEAD, ONE

METRICS = ["auc", "f1", "false_positive_rate"]


def test_defaults_are_the_honest_ones():
    found = requirements.parse(HEAD + ONE, "R.toml", METRICS)
    (requirement,) = found.requirements
    assert requirement.bound == "interval"
    assert str(requirement.subset) == "all images"
    assert requirement.criterion == (
        "lower 95 % bound of f1 at least 0.5, over all images, 10 or more"
    )
    assert found.treatments == ("none",)


def test_treatments_are_those_asked_for_after_the_untreated():
    text = HEAD + ONE + 'treatment = "jpeg-80"\n'
    assert requirements.parse(text, "R.toml", METRICS).treatments == ("none", "jpeg-80")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = ", "R.toml is not valid TOML"),
        (HEAD, "R.toml: key 'requirements': Field required"),
        (HEAD + ONE + "colour = 3", "requirement 'R1': key 'colour': Extra inputs"),
        (HEAD + ONE.replace("f1", "f2"), "requirement 'R1': key 'metric': there is no metric 'f2'"),
        (HEAD + ONE + "at_most = 0.9", "requirement 'R1': one of the keys 'at_least' and"),
        (HEAD + ONE.replace("minimum_images = 10", ""), "'minimum_images' is missing"),
        (HEAD + ONE.replace('metric = "f1"', ""), "requirement 'R1': key 'metric' is missing"),
        (HEAD + ONE.replace("= 0.5", "= nan"), "requirement 'R1': key 'at_least'"),
        (HEAD + ONE + "images = 3", 'goes with check = "repeatability" only'),
        (HEAD + ONE + 'check = "conformance"', "key 'metric' goes with check = \"metric\" only"),
        (HEAD + ONE + ONE, "requirement 'R1': there are two of this id"),
        (HEAD + ONE.replace('id = "R1"', ""), "requirement 1: key 'id': Field required"),
        (HEAD + ONE + '[[risks]]\nrisk = "r"', "risk 1: key 'control': Field required"),
        (HEAD + "requirements = 5", "key 'requirements'"),
        (HEAD + "requirements = [5]", "requirement 1"),
        (HEAD + ONE + "subset = { of = 1 }", "requirement 'R1': key 'subset': key 'of'"),
    ],
)
def test_mistakes_name_file_requirement_and_key(text, words):
    with pytest.raises(RequirementsError) as error:
        requirements.parse(text, "R.toml", METRICS)
    assert words in str(error.value)
    assert "Tuple" not in str(error.value)
    assert error.value.hint or "two of this id" in error.value.message


def test_an_unknown_metric_is_answered_with_those_there_are():
    with pytest.raises(RequirementsError) as error:
        requirements.parse(HEAD + ONE.replace("f1", "false_positives"), "R.toml", METRICS)
    assert (
        error.value.hint
        == "Did you mean false_positive_rate? There are: auc, f1, false_positive_rate."
    )


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_said_in_words(tmp_path, content):
    path = tmp_path / "R.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RequirementsError, match=r"R\.toml"):
        requirements.load(path, METRICS)


def test_the_template_and_the_example_of_the_docs_are_right():
    page = (Path(__file__).parents[2] / "docs" / "validation.md").read_text("utf-8")
    example = re.search(r"```toml\n(title.*?)```", page, re.S)
    for text in (requirements.template(), example[1]):
        found = requirements.parse(text, "R.toml", METRICS_OF_EVALUATIONS)
        assert found.risks
    named = set(re.findall(r"`(\w+)`", page.partition("| Key of a requirement")[2]))
    assert named >= set(requirements.Requirement.model_fields)
