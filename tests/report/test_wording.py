"""What the report says in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from locard.findings import Finding
from locard.outcomes import Outcome
from locard.report import wording
from locard.report.model import JpegFacts


def test_the_summary_counts_and_names(report):
    first, caution = wording.summary(report)
    assert "over 3 of 3 exhibits" in first
    assert (
        "detected its trace on 2 exhibits: E0001 (grid, history), E0002 (grid, history)." in first
    )
    assert "could not examine, 1 exhibit: E0003." in first
    assert "No step looked at 1 exhibit: E0003." in first
    assert "nothing follows about the history of the picture" in caution


def as_aids(report, *plugins):
    """Return the report with these plugins' detectors as aids to the eye, all inconclusive."""
    methods = [replace(one, gives_verdict=one.plugin not in plugins) for one in report.methods]
    examination = report.examinations[0]
    results = [
        replace(result, chains=tuple(_undecided(chain, plugins) for chain in result.chains))
        for result in examination.results[:2]
    ]
    cut = replace(examination, results=tuple(results), planned=2)
    return replace(report, methods=tuple(methods), examinations=(cut,))


def _undecided(chain, plugins):
    record = chain.finding.record
    if record.plugin not in plugins:
        return chain
    undecided = replace(record, outcome=Outcome.INCONCLUSIVE)
    return replace(chain, finding=replace(chain.finding, record=undecided))


def test_aids_to_the_eye_are_named_once_and_not_among_the_inconclusive(report):
    text = wording.summary(as_aids(report, "jpeg-grid"))[0]
    assert "E0001 (history), E0002 (history)." in text
    assert "inconclusive" not in text
    assert "never give a verdict, are left out of this: grid." in text
    assert "looked at" not in text


def test_where_nothing_but_aids_looked_is_said(report):
    text = wording.summary(as_aids(report, "jpeg-grid", "double-jpeg"))[0]
    assert "Only aids to the eye looked at 2 exhibits: E0001, E0002." in text
    assert "No step looked" not in text


def test_a_step_that_decides_is_among_the_inconclusive(report):
    aids = as_aids(report, "jpeg-grid")
    deciding = replace(aids, methods=report.methods)
    text = wording.summary(deciding)[0]
    assert "At least one step was inconclusive on 2 exhibits: E0001, E0002." in text
    assert "Aids to the eye" not in text


def test_what_was_not_finished_is_said(report):
    examination = report.examinations[0]
    cut = replace(examination, planned=3, results=examination.results[:1])
    assert "2 planned were not run" in wording.summary(replace(report, examinations=(cut,)))[0]


def test_nothing_detected_and_nothing_examined_are_different_sentences(report):
    quiet = replace(report.examinations[0], results=report.examinations[0].results[2:])
    assert (
        "No step detected its trace" in wording.summary(replace(report, examinations=(quiet,)))[0]
    )
    assert wording.summary(replace(report, examinations=())) == [
        "The case holds 3 exhibits. None was examined."
    ]


def test_long_lists_are_cut(report):
    result = report.examinations[0].results[0]
    results = tuple(replace(result, exhibit=f"E{n:04d}") for n in range(1, 31))
    many = replace(report.examinations[0], results=results, planned=30)
    text = wording.summary(replace(report, examinations=(many,)))[0]
    assert "E0012 (grid, history) and 18 more, in the table." in text
    assert "E0013" not in text


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [(1, "entry", "1 entry"), (2, "entry", "2 entries"), (0, "exhibit", "no exhibits")],
)
def test_count(number, noun, words):
    assert wording.count(number, noun) == words


def test_a_reason_without_explanation_is_put_into_words(report):
    record = report.examinations[0].results[0].chains[0].finding.record
    bare = replace(record, explanation=None, reason="too-small")
    assert wording.reason(bare) == "Too small."
    assert wording.reason(replace(bare, explanation="the file ends")) == "The file ends."
    assert wording.reason(replace(bare, reason=None)) == ""
    assert wording.reason(replace(bare, explanation="Why.")) == "Why."
    assert Finding.inconclusive("flat", "Flat.").reason == "flat"


@pytest.mark.parametrize(
    ("quality", "exact", "words"),
    [
        (90, True, "90, tables of the IJG"),
        (90, False, "tables of another encoder, nearest to IJG quality 90"),
        (None, False, "unknown: the file defines no table"),
    ],
)
def test_jpeg_quality(quality, exact, words):
    assert wording.jpeg_quality(JpegFacts(quality, exact, "4:2:0", "baseline")) == words
