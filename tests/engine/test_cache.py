"""A key changes with everything that decides a finding, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from locard.detectors import ModelReference
from locard.engine.cache import finding_key, is_reusable, models_of, reuse, with_keys
from locard.engine.plan import plan_exhibit
from locard.engine.records import ArtifactRecord, FindingRecord
from locard.engine.tasks import Limits, PlannedStep
from locard.image import Header, decoder_id
from locard.outcomes import Outcome
from locard.pipelines import Pipeline
from locard.plugins import Catalogue

STEP = PlannedStep("grid", "jpeg-grid", {"window": 9, "kind": "a"}, Limits(60, 512))
MODEL = ModelReference("net", "1", "ab" * 32)
FACTS: dict[str, Any] = {
    "exhibit": "00" * 32,
    "step": STEP,
    "plugin_version": "1",
    "models": (MODEL,),
    "decoder": "pillow 11",
    "input_key": "cd" * 32,
}
KNOWN_KEY = "03ef253eca64f913c092e86d2a3335c4e92fa446ee4a98200e434531673819cb"
HEADER = Header(format="PNG", width=40, height=30, channels=3, bits=8)


@pytest.mark.parametrize(
    "changes",
    [
        {"exhibit": "01" * 32},
        {"step": replace(STEP, plugin="noise")},
        {"step": replace(STEP, parameters={"window": 8, "kind": "a"})},
        {"plugin_version": "2"},
        {"models": ()},
        {"models": (replace(MODEL, sha256="ac" * 32),)},
        {"decoder": "pillow 12"},
        {"input_key": None},
        {"input_key": "ce" * 32},
    ],
)
def test_another_fact_another_key(changes: dict[str, Any]) -> None:
    assert finding_key(**FACTS) != finding_key(**(FACTS | changes))


@pytest.mark.parametrize(
    "step",
    [
        replace(STEP, name="other"),
        replace(STEP, limits=Limits(1, 1)),
        replace(STEP, parameters={"kind": "a", "window": 9}),
        replace(STEP, cache_key="ef" * 32),
    ],
)
def test_names_limits_and_order_do_not_count(step: PlannedStep) -> None:
    assert finding_key(**FACTS) == finding_key(**(FACTS | {"step": step}))


def test_a_key_is_the_hash_of_canonical_json() -> None:
    """Fixed once and for all: a change would silently throw every lab's cache away.

    The value is what `printf '%s' '{"decoder":"pillow 11","exhibit":"00…` | sha256sum gives.
    """
    assert finding_key(**FACTS) == KNOWN_KEY


def test_keys_run_along_the_chain(pipeline: Callable[..., Pipeline], plugins: Catalogue) -> None:
    refiner = {"name": "refined", "plugin": "acme-invert", "input": "mean"}

    def keys(weight: float, exhibit: str = "00" * 32) -> dict[str, str | None]:
        mean = {"name": "mean", "plugin": "acme-mean", "parameters": {"weight": weight}}
        made = pipeline(mean, "acme-with-model", refiner)
        plan = plan_exhibit(made, HEADER, plugins)
        keyed = with_keys(plan, exhibit, plugins, models_of(made, plugins))
        return {step.name: step.cache_key for step in keyed.planned}

    first, second, third = keys(1), keys(2), keys(1, exhibit="01" * 32)
    assert first["acme-with-model"] == second["acme-with-model"]
    assert first["mean"] != second["mean"]
    assert first["refined"] != second["refined"]
    assert not set(first.values()) & set(third.values())
    assert None not in first.values()
    assert first["acme-with-model"] == finding_key(
        "00" * 32,
        PlannedStep("", "acme-with-model", {"weight": 1.0}, Limits(1, 1)),
        "1",
        (ModelReference("acme", "1", "ab" * 32),),
        decoder_id(),
    )


def test_a_step_that_cannot_be_made_has_no_key(
    pipeline: Callable[..., Pipeline], plugins: Catalogue
) -> None:
    refiner = {"name": "refined", "plugin": "acme-invert", "input": "acme-raises-when-made"}
    made = pipeline("acme-raises-when-made", refiner)
    models = models_of(made, plugins)
    assert models == {"acme-raises-when-made": None, "refined": ()}
    keyed = with_keys(plan_exhibit(made, HEADER, plugins), "00" * 32, plugins, models)
    assert [step.cache_key for step in keyed.planned] == [None, None]


@pytest.mark.parametrize(
    ("outcome", "reason", "reusable"),
    [
        (Outcome.DETECTED, None, True),
        (Outcome.NOT_APPLICABLE, "too-small", True),
        (Outcome.NOT_APPLICABLE, "input-failed", False),
        (Outcome.FAILED, "timeout", False),
    ],
)
def test_failures_are_not_reused(outcome: Outcome, reason: str | None, reusable: bool) -> None:
    assert is_reusable(outcome, reason) is reusable


def test_a_finding_is_reused_only_while_its_files_are_there(tmp_path: Path) -> None:
    path = tmp_path / "map"
    artifact = ArtifactRecord("map", "map", path, "00" * 32, 1, "application/gzip")
    record = FindingRecord("old", "jpeg-grid", "1", Outcome.DETECTED, artifacts=(artifact,))
    step = replace(STEP, cache_key="ab" * 32)
    assert reuse(record, step) is None
    path.write_bytes(b"x")
    assert reuse(record, step) == replace(record, step="grid", cache_key="ab" * 32, reused=True)
