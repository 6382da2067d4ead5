"""Keys under which findings may be used again.

A key covers everything that decides a finding: the exhibit's bytes, the plugin and its version, its
models, its parameters, its calibration, the decoder that turns bytes into pixels, and the key of
the finding that is refined. Change one of them, and just the steps that depend on it run again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from locard.canonical import canonical_json, sha256_of
from locard.engine.plan import ExhibitPlan, Skip
from locard.engine.tasks import PlannedStep
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from locard.detectors import ModelReference
    from locard.engine.records import FindingRecord
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue

Models = Mapping[str, "tuple[ModelReference, ...] | None"]
"""Model references by step; None where the plugin could not say."""


def models_of(pipeline: Pipeline, plugins: Catalogue) -> Models:
    """Ask each step of a pipeline, once, which models it uses.

    A plugin that cannot be made, or cannot say, gets None here and no cache key; the worker meets
    the same error and records it in the finding.
    """
    models: dict[str, tuple[ModelReference, ...] | None] = {}
    for step in pipeline.steps:
        try:
            models[step.name] = plugins.step(step.plugin)(step.parameters).models()
        except Exception:  # noqa: BLE001  whatever a plugin raises, it is the worker's to report
            models[step.name] = None
    return models


def finding_key(
    exhibit: str,
    step: PlannedStep,
    plugin_version: str,
    models: Sequence[ModelReference],
    decoder: str,
    input_key: str | None = None,
) -> str:
    """Return the key of the finding that a step will make.

    Args:
        exhibit: SHA-256 of the file.
        step: The step; its plugin, parameters and calibration count, not its name or limits.
        plugin_version: Version of the detector or refiner.
        models: Models that it uses.
        decoder: What turns bytes into pixels, see :func:`locard.image.decoder_id`.
        input_key: Key of the finding that the step refines.

    Returns:
        SHA-256 of the canonical JSON of all this, in hexadecimal.
    """
    facts = {
        "exhibit": exhibit,
        "plugin": step.plugin,
        "version": plugin_version,
        "models": sorted(_model_identity(model) for model in models),
        "parameters": dict(step.parameters),
        "decoder": decoder,
        "input": input_key,
    }
    if step.calibration is not None:
        facts["calibration"] = step.calibration["sha256"]
    return sha256_of(canonical_json(facts))


def _model_identity(model: ModelReference) -> str:
    """Return what tells a model from others: its file's hash and, where it has one, its card's."""
    return model.sha256 if model.card_sha256 is None else f"{model.sha256} {model.card_sha256}"


def with_keys(plan: ExhibitPlan, exhibit: str, plugins: Catalogue, models: Models) -> ExhibitPlan:
    """Return an exhibit's plan with cache keys.

    A step has none where its models are unknown or its input has none.

    Args:
        plan: The plan.
        exhibit: SHA-256 of the file.
        plugins: For the versions of the plugins.
        models: What :func:`models_of` returned.
    """
    from locard.image import decoder_id

    keys: dict[str | None, str | None] = {}
    steps: list[PlannedStep | Skip] = []
    for step in plan.steps:
        references = models[step.name]
        has_input_key = step.input is None or keys.get(step.input) is not None
        if isinstance(step, PlannedStep) and references is not None and has_input_key:
            version = plugins.step(step.plugin).version
            key = finding_key(
                exhibit, step, version, references, decoder_id(), keys.get(step.input)
            )
            keys[step.name] = key
            step = replace(step, cache_key=key)
        steps.append(step)
    return ExhibitPlan(tuple(steps))


def is_reusable(outcome: Outcome, reason: str | None) -> bool:
    """Return whether a finding may be used again: it neither failed nor hangs on one that did."""
    return outcome is not Outcome.FAILED and reason != "input-failed"


def reuse(record: FindingRecord, step: PlannedStep) -> FindingRecord | None:
    """Return a cached record as the finding of ``step``, or None where its files are gone."""
    if all(artifact.path.is_file() for artifact in record.artifacts):
        return replace(record, step=step.name, cache_key=step.cache_key, reused=True)
    return None
