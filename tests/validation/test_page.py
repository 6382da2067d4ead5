"""The record as a page: everything in it is shown, and nothing in it acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from locard.evaluation.results import LeakFinding
from locard.evaluation.validation.html import render
from locard.evaluation.validation.methods import ModelFacts
from locard.evaluation.validation.record import MethodStatement

from .conftest import method

HOSTILE = "<script>alert(1)</script>\u202e\x07"


class Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags = set()
        self.links = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"}]


def test_words_from_outside_are_harmless(make_record):
    record = make_record(
        actor=HOSTILE,
        statement=MethodStatement(
            kind="detector", distribution=HOSTILE, summary=HOSTILE, method=HOSTILE, limits=HOSTILE
        ),
        requirements_text=HOSTILE,
        command={HOSTILE: [HOSTILE]},
        of=method(parameters={HOSTILE: HOSTILE}),
    )
    page = render(record)
    found = Tags(page)
    assert "script" not in found.tags
    assert found.links == []
    assert "\u202e" not in page
    assert "\x07" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x07") >= 8
    assert "script-src &#39;none&#39;" in page
    assert "default-src &#39;none&#39;" in page


def test_everything_that_the_record_rests_on_is_shown(make_record):
    model = ModelFacts(name="net", version="3", sha256="12" * 32)
    leak = LeakFinding(feature="size", balanced_accuracy=0.9, low=0.8, high=0.95, leaks=True)
    record = make_record(
        of=method(models=(model,), calibration="34" * 32, input=method(plugin="noise")),
        leaks=(leak, leak.model_copy(update={"feature": "format", "leaks": False})),
    )
    page = render(record)
    plain = re.sub(r"\s+", " ", page)
    hashes = (record.sha256, record.results_sha256, record.requirements_sha256, model.sha256)
    for sha256 in (*hashes, record.method.calibration, record.dataset.sha256):
        assert " ".join(re.findall("." * 8, sha256)) in plain
    words = ("Questioned Images Unit", "Dr. Lacassagne", "jpeg-grid, version 1", "On the map of")
    for word in (*words, "Parameter window", record.outcome, "Reviewed by", "no accreditation"):
        assert word in plain, word
    assert "19 detected, 1 failed" in plain
    assert "1 of 20 findings failed." in plain
    assert "size (0.90, 0.80 to 0.95)" in plain
    assert "format (0.90" not in plain
    assert "The requirements come without a risk assessment." in plain


def test_what_is_not_validated_says_so(make_record):
    page = render(make_record(status="not assessable"))
    assert "Not validated: 1 of 1 requirements not met or not assessable (R1)." in page
    assert "Validated for the scope stated" not in page
    assert "Validated for the scope stated" in render(make_record())


def test_a_trial_and_a_leak_check_that_was_not_made_are_said(make_record):
    leak = LeakFinding(feature="size", balanced_accuracy=0.5, low=0.4, high=0.6, leaks=False)
    whole = make_record(leaks=(leak,), command={"limit": None}).warnings
    assert not any("limited" in warning or "leak check" in warning for warning in whole)
    trial = make_record(leaks=(), command={"limit": 12}).warnings
    assert any("limited to 12 images" in warning for warning in trial)
    assert any("leak check" in warning and "not made" in warning for warning in trial)
