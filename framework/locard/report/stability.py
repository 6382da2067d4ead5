"""Brings what ``locard analyze --probe --json`` wrote into a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from locard.errors import LocardError
from locard.report.model import Probe, ProbedCopy, ProbedStep, Report
from locard.stability import Stability, StepStability
from locard.text import printable

Lines = Mapping[str, tuple[tuple[str, Stability], ...]]
"""What was probed, by SHA-256: path and record."""

_LARGEST = 256 << 20


def read_lines(path: Path) -> Lines:
    """Read the lines of JSON that ``locard analyze --probe --json`` printed.

    Raises:
        LocardError: The file cannot be read, a line is no such line, or none holds a probe.
    """
    found: dict[str, tuple[tuple[str, Stability], ...]] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            plain = json.loads(line)
            file, sha256, record = plain["file"], plain["sha256"], plain.get("stability")
            if record is None:
                continue
            stability = Stability.model_validate(record)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _no_probe(f"line {number} of {path} {_why(error)}") from None
        if not isinstance(file, str) or not isinstance(sha256, str):
            raise _no_probe(f"line {number} of {path} names no file")
        found[sha256] = (*found.get(sha256, ()), (file, stability))
    if not found:
        raise _no_probe(f"{path} holds no probe")
    return found


def with_stability(report: Report, lines: Lines) -> tuple[Report, int]:
    """Return a report with the probes of its exhibits, and how many files are none of them."""
    versions = {method.plugin: method.versions for method in report.methods}
    exhibits = tuple(
        replace(
            exhibit,
            probes=tuple(
                _probe(file, stability, versions)
                for file, stability in lines.get(exhibit.sha256, ())
            ),
        )
        for exhibit in report.exhibits
    )
    strange = len(lines.keys() - {exhibit.sha256 for exhibit in exhibits})
    return replace(report, exhibits=exhibits), strange


def _probe(file: str, stability: Stability, versions: Mapping[str, tuple[str, ...]]) -> Probe:
    words = {copy.treatment: copy.words for copy in stability.copies}
    return Probe(
        locard=stability.locard,
        created=stability.created,
        pipeline=f"{stability.pipeline} {stability.pipeline_version}",
        file=file,
        steps=tuple(_step(step, words, versions) for step in stability.steps),
        refused=tuple(
            f"No copy {copy.words}: {copy.refused}"
            for copy in stability.copies
            if copy.refused is not None
        ),
    )


def _step(
    step: StepStability, words: Mapping[str, str], versions: Mapping[str, tuple[str, ...]]
) -> ProbedStep:
    return ProbedStep(
        step=step.step,
        plugin=step.plugin,
        version=step.version,
        summary=step.summary,
        warning=_mismatch(step, versions.get(step.plugin)),
        copies=tuple(
            ProbedCopy(
                treatment=words.get(copy.treatment, copy.treatment),
                outcome=copy.outcome,
                score=copy.score,
                map_correlation=copy.map_correlation,
            )
            for copy in step.copies
        ),
    )


def _mismatch(step: StepStability, known: tuple[str, ...] | None) -> str | None:
    if known is None:
        return f"No finding in this report is by {step.plugin}."
    if known != (step.version,):
        return (
            f"Probed with {step.plugin} {step.version}; the findings in this report are by "
            f"version {', '.join(known)}."
        )
    return None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise _no_probe(f"{path} is larger than {_LARGEST >> 20} MiB")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _no_probe(f"{path} is not UTF-8") from None
    except OSError as error:
        raise LocardError(
            f"{path} cannot be read: {error.strerror or error}", "Name a readable file."
        ) from None


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first: dict[str, Any] = dict(error.errors()[0])
        place = ".".join(str(part) for part in first["loc"])
        return f"is no probe that this version reads: {place}: {first['msg']}"
    if isinstance(error, json.JSONDecodeError):
        return "is not JSON"
    return "is not what `locard analyze --probe --json` prints"


def _no_probe(what: str) -> LocardError:
    return LocardError(
        printable(what), "Make the file with `locard analyze FILES --probe --json > FILE`."
    )
