"""Plugins that do what no plugin may do, in real worker processes.

One bad step costs one finding: each hostile step stands between two good ones, on two exhibits.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from locard.engine.run import Summary
from locard.outcomes import Outcome

SOFT: dict[str, tuple[str, str]] = {
    "raises": ("error", "ZeroDivisionError: by nought and more"),
    "raises-unprintable": ("error", "<exception str() failed>"),
    "raises-surrogates": ("error", "ValueError: name ? of a file"),
    "raises-image-error": ("truncated", "the scan ends early. Get the whole file."),
    "interrupts": ("error", "KeyboardInterrupt"),
    "exits": ("error", "SystemExit: 3"),
    "allocates": ("memory", "more memory was needed than the limit of 512 MiB"),
    "allocates-bit-by-bit": ("memory", "limit of 512 MiB"),
    "none": ("contract", "returned None, not a locard.Finding"),
    "failed-without-reason": ("contract", "needs a reason"),
    "map-of-nan": ("contract", "not finite"),
    "map-of-other-shape": ("contract", "do not cover"),
    "mask-of-other-shape": ("contract", "the mask's shape"),
    "writes-pixels": ("error", "read-only"),
    "unlocks-luma": ("contract", "it altered the image"),
    "replaces-pixels": ("contract", "it altered the image"),
}
"""What a worker survives: reason, and words in the explanation."""

DEADLY: dict[str, tuple[str, str]] = {
    "exits-hard-with-success": ("crash", "ended itself with status 0"),
    "segfaults": ("crash", "signal 11, segmentation fault"),
    "loops-in-c": ("timeout", "the time limit was reached (1 s)"),
}
"""What a worker dies of."""

MORE_DEADLY: dict[str, tuple[str, str]] = {
    "exits-hard": ("crash", "ended itself with status 3"),
    "aborts": ("crash", "signal 6, aborted"),
    "is-killed": ("crash", "killed from outside (signal 9, killed)"),
    "loops": ("timeout", "the time limit was reached (1 s)"),
    "sleeps": ("timeout", "the time limit was reached (1 s)"),
}
"""The same, for the tests that may take longer: each death costs a new worker."""

Run = Callable[..., Any]


def between_good_ones(hostile: list[dict[str, Any]]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for step in hostile:
        good = {"name": f"before-{step['name']}", "plugin": "acme-mean"}
        steps += [good, step]
    return [*steps, {"name": "last", "plugin": "acme-mean"}]


@pytest.fixture(scope="module")
def soft(run_once: Run, pipeline: Run, act: Run, photographs: Run) -> Any:
    steps = between_good_ones([act(name) for name in SOFT])
    return run_once(pipeline(*steps), photographs(2), workers=1)


@pytest.fixture(scope="module")
def deadly(run_once: Run, pipeline: Run, act: Run, photographs: Run) -> Any:
    steps = between_good_ones([act(name, seconds=1) for name in DEADLY])
    return run_once(pipeline(*steps), photographs(2), workers=2)


@pytest.fixture(scope="module")
def more_deadly(run_once: Run, pipeline: Run, act: Run, photographs: Run) -> Any:
    steps = between_good_ones([act(name, seconds=1) for name in MORE_DEADLY])
    return run_once(pipeline(*steps), photographs(2), workers=2)


def check_bad(results: Any, step: str, reason: str, words: str) -> None:
    assert len(results) == 2
    for name in results:
        finding = results.finding(name, step)
        assert (finding.outcome, finding.reason) == (Outcome.FAILED, reason)
        assert words in finding.explanation
        assert finding.artifacts == ()
        assert finding.cache_key is None


def check_good(results: Any) -> set[int]:
    """Check that every good step has its finding, and return the workers that made them."""
    good = [
        finding
        for result in results.values()
        for finding in result.findings
        if finding.plugin == "acme-mean"
    ]
    scores = {(finding.outcome, round(finding.score, 9)) for finding in good}
    assert len(scores) == len(results)
    assert all(outcome is Outcome.DETECTED for outcome, _ in scores)
    assert all(len(finding.artifacts) == 3 for finding in good)
    return {finding.measurements["pid"] for finding in good}


@pytest.mark.parametrize("step", SOFT)
def test_an_error_is_a_failed_finding(soft: Any, step: str) -> None:
    check_bad(soft, step, *SOFT[step])


def test_the_worker_lives_on_after_errors(soft: Any) -> None:
    assert len(check_good(soft)) == 1


def test_errors_keep_their_traceback_for_the_engineer(soft: Any) -> None:
    name = next(iter(soft))
    assert "acme_hostile.py" in soft.finding(name, "raises").receipt["traceback"]
    assert "traceback" not in soft.finding(name, "raises-image-error").receipt
    assert "traceback" not in soft.finding(name, "before-raises").receipt


def test_a_step_is_loaded_once_in_a_worker(soft: Any) -> None:
    loads = [f.measurements["loads"] for r in soft.values() for f in r.findings if f.artifacts]
    assert set(loads) == {1}


@pytest.mark.parametrize("step", DEADLY)
def test_a_death_costs_one_finding(deadly: Any, step: str) -> None:
    check_bad(deadly, step, *DEADLY[step])


@pytest.mark.slow
@pytest.mark.parametrize("step", MORE_DEADLY)
def test_other_deaths_cost_one_finding(more_deadly: Any, step: str) -> None:
    check_bad(more_deadly, step, *MORE_DEADLY[step])


def test_the_rest_goes_on_in_other_workers(deadly: Any) -> None:
    assert len(check_good(deadly)) > len(DEADLY)


def test_the_summary_counts_every_finding(deadly: Any) -> None:
    summary: Summary = deadly.summary
    assert summary.exhibits == 2
    assert not summary.interrupted
    assert summary.outcomes == {
        Outcome.DETECTED: 2 * (len(DEADLY) + 1),
        Outcome.FAILED: 2 * len(DEADLY),
    }


def test_no_worker_and_no_file_is_left(
    run: Run, pipeline: Run, act: Run, photographs: Run, tmp_path: Any
) -> None:
    results = run(pipeline("acme-mean", act("segfaults")), photographs(2), workers=2)
    for pid in check_good(results):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_refiner_that_changes_the_score_is_refused(
    run: Run, pipeline: Run, photographs: Run
) -> None:
    meddle = {"name": "meddle", "plugin": "acme-meddle", "input": "acme-mean"}
    results = run(pipeline("acme-mean", meddle), photographs(1))
    finding = results.finding("0000-24.png", "meddle")
    assert (finding.outcome, finding.reason) == (Outcome.FAILED, "contract")
    assert "may not change the score" in finding.explanation


def test_an_aid_to_the_eye_that_gives_a_verdict_is_refused(
    run: Run, pipeline: Run, photographs: Run
) -> None:
    results = run(pipeline("acme-deciding-aid"), photographs(1))
    finding = results.finding("0000-24.png", "acme-deciding-aid")
    assert (finding.outcome, finding.reason) == (Outcome.FAILED, "contract")
    assert "declares gives_verdict = False, and said not detected" in finding.explanation


def test_what_hangs_on_a_failed_step_does_not_apply(
    run: Run, pipeline: Run, act: Run, photographs: Run
) -> None:
    steps: list[Any] = []
    for name in ("raises", "segfaults", "nothing"):
        steps += [act(name), {"name": f"of-{name}", "plugin": "acme-invert", "input": name}]
    results = run(pipeline(*steps), photographs(1))
    reasons = [
        (finding.outcome, finding.reason)
        for finding in results["0000-24.png"].findings
        if finding.plugin == "acme-invert"
    ]
    not_applicable = Outcome.NOT_APPLICABLE
    assert reasons == [
        (not_applicable, "input-failed"),
        (not_applicable, "input-failed"),
        (not_applicable, "input-without-map"),
    ]


def test_a_plugin_that_dies_loading_or_cannot_be_made_ends_in_findings(
    run: Run, pipeline: Run, photographs: Run
) -> None:
    made = pipeline("acme-dies-loading", "acme-raises-when-made", "acme-mean")
    results = run(made, photographs(2), workers=2)
    for name in results:
        reasons = [(finding.reason, finding.outcome) for finding in results[name].findings]
        assert reasons == [
            ("crash", Outcome.FAILED),
            ("error", Outcome.FAILED),
            (None, Outcome.DETECTED),
        ]
        made_words = results.finding(name, "acme-raises-when-made").explanation
        assert made_words == "FileNotFoundError: the model file is missing"


def test_what_a_plugin_prints_stays_out_of_standard_output(
    run: Run, pipeline: Run, act: Run, photographs: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    run(pipeline(act("prints")), photographs(1))
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "a plugin speaks" in captured.err


@pytest.mark.slow
def test_a_worker_that_is_deaf_to_its_timer_is_killed_from_outside(
    run: Run, pipeline: Run, act: Run, photographs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locard.engine.local._MARGIN_SECONDS", 2.0)
    monkeypatch.setattr("locard.engine.limits._LOADING_SECONDS", 1.0)
    last = {"name": "last", "plugin": "acme-mean", "limits": {"seconds": 1}}
    made = pipeline(act("ignores-alarm", seconds=1), last)
    results = run(made, photographs(1))
    finding = results.finding("0000-24.png", "ignores-alarm")
    assert (finding.outcome, finding.reason) == (Outcome.FAILED, "timeout")
    check_good(results)
