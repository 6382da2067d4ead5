"""What a report says in sentences. The wording is part of the method: it claims nothing more.

A step that does not find its trace says nothing of how a picture came about, so no sentence here
calls a picture genuine, original or unaltered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from locard.engine.records import FindingRecord
from locard.outcomes import Outcome
from locard.report.model import ExhibitFindings, JpegFacts, Report, ReportExamination, Verification

SYMBOLS = {
    Outcome.DETECTED: "▲",
    Outcome.NOT_DETECTED: "○",
    Outcome.INCONCLUSIVE: "◐",
    Outcome.NOT_APPLICABLE: "–",
    Outcome.FAILED: "✕",
}
"""Shapes that differ, so that no outcome depends on colour to be told from another."""

MEANINGS = {
    Outcome.DETECTED: "The trace that the method looks for is there. What made the trace, and "
    "whether it matters, is for the examiner to judge.",
    Outcome.NOT_DETECTED: "The method could look, and did not find its trace. This is no evidence "
    "that the picture is unaltered: it may have been altered in a way that leaves no such trace, "
    "or the trace may have been lost since.",
    Outcome.INCONCLUSIVE: "The method looked, and what it saw supports neither answer.",
    Outcome.NOT_APPLICABLE: "The method has nothing to say of a file of this kind, and did not "
    "look.",
    Outcome.FAILED: "The method should have looked and could not. The exhibit remains unexamined "
    "by it.",
}

GLOSSARY = (
    ("Exhibit", "An image file under custody, known by the SHA-256 of its bytes."),
    ("Examination", "One run of a pipeline over exhibits of the case."),
    ("Pipeline", "Named and versioned steps that are run in order, each a detector or a refiner."),
    ("Finding", "What one step says of one exhibit: an outcome, with figures and maps."),
    (
        "Score",
        "A figure on the method's own scale; higher is stronger evidence of the trace it looks "
        "for. Scores of different methods cannot be compared.",
    ),
    (
        "Likelihood ratio",
        "How many times more probable a score is under one hypothesis than under another, measured "
        "on a data set that is named with it. log10 LR 2 stands for 100 times, -2 for 100 times "
        "the other way. It says nothing of how probable the hypotheses are: that depends on "
        "everything else that is known of the case.",
    ),
    (
        "Map",
        "Evidence over the picture, from 0 to 1 in cells of equal size. It shows where the method "
        "sees something, not what or why.",
    ),
    (
        "Refined map",
        "The same evidence after a refiner drew it to the edges of the picture. It is easier to "
        "read and adds no evidence; the score stays that of the detector.",
    ),
    ("Mask", "Where the method's own decision places the trace."),
    (
        "Receipt",
        "What it takes to run a step again: versions, model hashes, parameters, limits, hardware.",
    ),
    (
        "Ledger",
        "The log of the case. Each entry holds the hash of the one before, so that the newest "
        "hash, the ledger head, fixes all of them.",
    ),
    (
        "SHA-256",
        "A fingerprint of a file's bytes. Any change of the file gives another fingerprint.",
    ),
)

NAMED = 12
"""How many exhibits a sentence names before it only counts the rest."""


def reason(record: FindingRecord) -> str:
    """Return why a finding is what it is, as a sentence; errors are no sentences by themselves."""
    words = record.explanation or (record.reason or "").replace("-", " ").capitalize()
    if not words:
        return ""
    return words[0].upper() + words[1:] + ("" if words.endswith((".", "!", "?", "…")) else ".")


def likelihood(record: FindingRecord) -> str:
    """Return what a finding's calibrated likelihood ratio says, or why there is none."""
    from locard.calibration.likelihood import likelihood_words

    return "" if record.likelihood is None else likelihood_words(record.likelihood)


@dataclass(frozen=True, slots=True)
class CalibrationWords:
    """What a report says of one step's calibration: sentences, and a table of its strata."""

    examination: int
    step: str
    lines: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()


def calibrations(report: Report) -> Iterator[CalibrationWords]:
    """Yield what is behind the likelihood ratios of each examination, from its pipeline."""
    for examination in report.examinations:
        for step in examination.pipeline["steps"]:
            if step.get("calibration") is not None:
                lines, rows = _calibration(step["calibration"])
                yield CalibrationWords(examination.number, step["name"], lines, rows)


def _calibration(plain: object) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    from locard.calibration import Calibration, CalibrationError
    from locard.calibration.words import description

    try:
        calibration = Calibration.from_plain(plain, "the recorded calibration")
    except CalibrationError as error:
        return (f"WARNING: {error.message}",), ()
    rows = tuple(
        (
            stratum.name,
            "; ".join(stratum.conditions.words),
            f"{stratum.tampered}, {stratum.authentic}",
            f"{stratum.bounds.lower:.2f} to {stratum.bounds.upper:.2f}",
            f"{stratum.performance.cllr:.3f}, {stratum.performance.cllr_min:.3f}",
        )
        for stratum in calibration.strata
    )
    return tuple(description(calibration)), rows


def summary(report: Report) -> list[str]:
    """Return the summary's paragraphs: one an examination, and what to make of them."""
    if not report.examinations:
        return [f"The case holds {count(len(report.exhibits), 'exhibit')}. None was examined."]
    paragraphs = [_examination(report, examination) for examination in report.examinations]
    return [*paragraphs, _caution()]


def verification(result: Verification | None) -> str:
    """Return what the verification of the case came to, in a sentence."""
    if result is None:
        return "The case was not verified when this report was written."
    if result.failures:
        return (
            f"Verification of the case found {count(len(result.failures), 'discrepancy')}. They "
            "are listed under “Custody”; what they concern must not be relied on before they are "
            "explained."
        )
    return (
        "Originals, artifacts, findings and ledger of the case were verified when this report was "
        "written. Nothing was altered, missing or added."
    )


def jpeg_quality(jpeg: JpegFacts) -> str:
    """Return what is known of the quality at which a JPEG was last saved."""
    if jpeg.quality is None:
        return "unknown: the file defines no table"
    if jpeg.exact:
        return f"{jpeg.quality}, tables of the IJG"
    return f"tables of another encoder, nearest to IJG quality {jpeg.quality}"


def count(number: int, noun: str) -> str:
    """Return "1 exhibit", "2 exhibits", "no discrepancies"."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number if number else 'no'} {noun}"


def _examination(report: Report, examination: ReportExamination) -> str:
    done = len(examination.results)
    pipeline = examination.pipeline
    sentences = [
        f"Examination {examination.number} ran the pipeline {pipeline['name']} "
        f"(version {pipeline['version']}) over {done} of {count(len(report.exhibits), 'exhibit')}."
    ]
    if done < examination.planned:
        sentences.append(f"It did not finish: {examination.planned - done} planned were not run.")
    sentences.append(_detected(examination.results))
    sentences.extend(_undecided(examination.results, report.aids))
    sentences.extend(_unexamined(examination.results, report.aids))
    return " ".join(sentences)


def _detected(results: Iterable[ExhibitFindings]) -> str:
    named = [
        f"{result.exhibit} ({', '.join(steps)})"
        for result in results
        if (steps := result.detectors(Outcome.DETECTED))
    ]
    if not named:
        return "No step detected its trace on any exhibit."
    return (
        f"At least one step detected its trace on {count(len(named), 'exhibit')}: {_list(named)}."
    )


def _undecided(results: Sequence[ExhibitFindings], aids: frozenset[str]) -> Iterator[str]:
    """Say what was inconclusive; of an aid to the eye, which always is, only that it was run."""
    undecided = [
        result.exhibit
        for result in results
        if result.detectors(Outcome.INCONCLUSIVE, leaving_out=aids)
    ]
    if undecided:
        exhibits = count(len(undecided), "exhibit")
        yield f"At least one step was inconclusive on {exhibits}: {_list(undecided)}."
    shown = dict.fromkeys(
        chain.finding.record.step
        for result in results
        for chain in result.chains
        if chain.finding.record.plugin in aids
    )
    if shown:
        yield (
            "Aids to the eye, which show where to look and never give a verdict, are left out of "
            f"this: {', '.join(shown)}."
        )


def _unexamined(results: Sequence[ExhibitFindings], aids: frozenset[str]) -> Iterator[str]:
    """Say what failed, and at which exhibits no step looked, or none that gives a verdict."""
    blind = [result for result in results if _is_blind(result, aids)]
    unseen = [result for result in blind if _is_blind(result, frozenset())]
    for said, those in (
        (
            "At least one step failed, and could not examine,",
            [result for result in results if result.detectors(Outcome.FAILED)],
        ),
        ("No step looked at", unseen),
        ("Only aids to the eye looked at", [result for result in blind if result not in unseen]),
    ):
        if those:
            named = _list([result.exhibit for result in those])
            yield f"{said} {count(len(those), 'exhibit')}: {named}."


def _is_blind(result: ExhibitFindings, leaving_out: frozenset[str]) -> bool:
    """Say whether no step applied, or none could run."""
    looked = (Outcome.DETECTED, Outcome.NOT_DETECTED, Outcome.INCONCLUSIVE)
    return not result.detectors(*looked, leaving_out=leaving_out)


def _list(names: list[str]) -> str:
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more, in the table" if rest > 0 else "")


def _caution() -> str:
    return (
        "A detected trace shows that a file has the property that the method looks for; it does "
        "not say who caused it, or to what end. Where nothing was detected, nothing follows about "
        "the history of the picture."
    )
