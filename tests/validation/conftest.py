"""Results, requirements and records made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from locard.canonical import sha256_of
from locard.evaluation.results import DatasetFacts, Estimate, Results, StepFacts, SubsetResult
from locard.evaluation.validation import record as records
from locard.evaluation.validation.judging import Verdict
from locard.evaluation.validation.methods import Method
from locard.evaluation.validation.record import MethodStatement, ValidationRecord
from locard.evaluation.validation.requirements import parse
from locard.vault.vault import Vault

HEAD = """
title = "Foreign grids"
laboratory = "Questioned Images Unit"
author = "Dr. Lacassagne"
intended_use = "Point an examiner to parts that were pasted in."
scope = "JPEG photographs."
"""
ONE = """
[[requirements]]
id = "R1"
statement = "It finds what was pasted in."
metric = "f1"
at_least = 0.5
minimum_images = 10
"""


def subset(**changes: Any) -> SubsetResult:
    """Return what was measured of a step on all images: F1 0.6, between 0.4 and 0.8."""
    facts: dict[str, Any] = {
        "step": "grid",
        "treatment": "none",
        "by": "all",
        "value": "all",
        "images": 40,
        "tampered": 20,
        "outcomes": {"detected": 20, "not_detected": 20},
        "metrics": {"f1": Estimate(value=0.6, low=0.4, high=0.8, images=20)},
    }
    return SubsetResult(**(facts | changes))


def results(*subsets: SubsetResult, **changes: Any) -> Results:
    """Return an evaluation of one step."""
    facts: dict[str, Any] = {
        "created": "2026-01-01T00:00:00+00:00",
        "environment": {"locard": "1"},
        "command": {"limit": None},
        "dataset": DatasetFacts(
            name="set", layout="folder", sha256="ab" * 32, images=40, kinds={"splice": 20}
        ),
        "pipeline": {"name": "validation"},
        "pipeline_sha256": "cd" * 32,
        "steps": (
            StepFacts(
                name="grid", plugin="jpeg-grid", version="1", parameters={"window": 9, "step": 2}
            ),
        ),
        "treatments": ("none",),
        "subsets": subsets or (subset(),),
    }
    return Results(**(facts | changes))


def method(**changes: Any) -> Method:
    """Return a method: jpeg-grid at version 1."""
    facts: dict[str, Any] = {"plugin": "jpeg-grid", "version": "1", "parameters": {"window": 9}}
    return Method(**(facts | changes))


RESULTS_TEXT = results().model_dump_json()


@pytest.fixture
def make_record() -> Callable[..., ValidationRecord]:
    """Makes records: of ``jpeg-grid`` at version 1, validated, unless told otherwise."""

    def make(
        vault: str = "another", *, of: Method | None = None, status: Any = "met", **changes: Any
    ) -> ValidationRecord:
        text = HEAD + ONE
        verdict = Verdict(
            id="R1", statement="It finds.", criterion="f1", status=status, sentence="so"
        )
        found = records.make(
            vault=vault,
            actor="examiner",
            method=of or method(),
            statement=MethodStatement(
                kind="detector", distribution="locard 1", summary="s", method="m", limits="l"
            ),
            requirements=parse(text, "R.toml", ["f1"]),
            requirements_text=text,
            results=results(),
            results_sha256=sha256_of(RESULTS_TEXT),
            verdicts=[verdict],
            outcomes={"detected": 19, "failed": 1},
        )
        return ValidationRecord(**(dict(found) | changes))

    return make


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with Vault.open(tmp_path / "vault", create=True) as opened:
        yield opened


def altered(record: ValidationRecord, **changes: Any) -> str:
    """Return a record's text with other values in it, and not its own hash."""
    from locard.canonical import canonical_json

    return canonical_json(json.loads(record.text) | changes)
