"""What a worker process does: run a task's steps over one shared image, come what may.

Whatever goes wrong in Python becomes a failed finding here. What kills the process is for the
parent, which finds in the spool how far the task had come.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from locard.detectors import Detector, Refiner, Step
from locard.engine.artifacts import read_finding, write_artifacts
from locard.engine.cache import is_reusable
from locard.engine.contract import (
    ContractError,
    check_refined,
    check_unaltered,
    check_verdict,
    checked_finding,
)
from locard.engine.likelihoods import likelihood
from locard.engine.limits import Usage, limited, loading_limits
from locard.engine.plan import unusable_input
from locard.engine.receipts import THREADS_VARIABLE, receipt
from locard.engine.records import FindingRecord
from locard.engine.spool import Spool
from locard.engine.tasks import Limits, PlannedStep, Subject, Task
from locard.errors import ImageError, LocardError
from locard.findings import Finding
from locard.image import Image, decoder_id
from locard.plugins import catalogue

_MOST_WORDS = 1000


def run_task(task: Task) -> None:
    """Run a task's steps, and leave a finding of each in the spool.

    Raises:
        OSError: The spool cannot be written; nothing else is let out.
    """
    spool = Spool(task.spool)
    session = _Session(task)
    for step in task.steps:
        spool.begin(step.name)
        finding, facts = session.examine(step)
        spool.keep(_record(step, finding, facts, spool))


@dataclass(slots=True)
class _Facts:
    """What a receipt says beside the plan: of one step's run."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)
    models: tuple[Mapping[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    likelihood: Mapping[str, Any] | None = None
    traceback: str | None = None


class _Session:
    """One task under way: the image that its steps share, and their findings so far."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._image: Image | None = None
        self._findings: dict[str, Finding] = {}

    def examine(self, step: PlannedStep) -> tuple[Finding, _Facts]:
        """Run one step; an error of any kind comes back as a failed finding."""
        facts = _Facts()
        try:
            finding = self._input_unusable(step) or self._run(step, facts)
            if step.calibration is not None and self._image is not None:
                facts.likelihood = likelihood(step, finding, self._image.header, facts.models)
        except BaseException as error:  # noqa: BLE001  SystemExit and the like are a plugin's, too
            finding = _failure(error, step.limits)
            facts.traceback = _traceback(error)
        if self._image is not None:
            facts.notes = tuple(self._image.notes)
        self._findings[step.name] = finding
        return finding, facts

    def _run(self, step: PlannedStep, facts: _Facts) -> Finding:
        image = self._open(step.limits)
        instance = _instance(step)
        facts.models = tuple(model.plain() for model in instance.models())
        given = self._given(step)
        held = dict(vars(image))
        decoding, began = image.decoding_seconds, time.perf_counter()
        try:
            with limited(step.limits) as facts.usage:
                returned = _call(instance, image, given)
        finally:
            elapsed = time.perf_counter() - began
            facts.seconds = max(0.0, elapsed - (image.decoding_seconds - decoding))
            self._check_image(image, held)
        finding = checked_finding(returned, image.width, image.height)
        check_verdict(type(instance), finding)
        if given is not None:
            check_refined(finding, given)
        return finding

    def _check_image(self, image: Image, held: Mapping[str, object]) -> None:
        try:
            check_unaltered(image, held)
        except ContractError:
            self._image = None  # the steps to come get a fresh one
            raise

    def _open(self, limits: Limits) -> Image:
        if self._image is None:
            with limited(limits):
                self._image = _open(self._task.subject)
        return self._image

    def _given(self, step: PlannedStep) -> Finding | None:
        """Return the finding that a step refines: from memory, or from files."""
        if step.input is None:
            return None
        if step.input not in self._findings:
            self._findings[step.input] = read_finding(self._task.inputs[step.input])
        return self._findings[step.input]

    def _input_unusable(self, step: PlannedStep) -> Finding | None:
        given = self._given(step)
        if given is None or step.input is None:
            return None
        unmet = unusable_input(step.input, given.outcome, has_map=given.map is not None)
        return Finding.not_applicable(unmet.reason, unmet.explanation) if unmet else None


class _AlteredError(Exception):
    """The file is not the one that was taken in."""


def _open(subject: Subject) -> Image:
    data = subject.path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != subject.sha256:
        raise _AlteredError(
            f"the file has SHA-256 {found}, not {subject.sha256}: it was altered or replaced"
        )
    return Image.from_bytes(data, name=subject.name)


_instances: dict[tuple[str, str], Step] = {}
"""This process's steps by plugin and parameters, with their models loaded."""


def _instance(step: PlannedStep) -> Step:
    key = (step.plugin, json.dumps(dict(step.parameters), sort_keys=True))
    if key not in _instances:
        instance = catalogue().step(step.plugin)(step.parameters)
        with limited(loading_limits(step.limits)):
            instance.load()
        _instances[key] = instance
    return _instances[key]


def _call(instance: Step, image: Image, given: Finding | None) -> object:
    if isinstance(instance, Detector):
        return instance.examine(image)
    if isinstance(instance, Refiner) and given is not None:
        return instance.refine(image, given)
    raise ContractError(f"{type(instance).__name__} is no detector, and no refiner with an input")


def _failure(error: BaseException, limits: Limits) -> Finding:
    """Return the failed finding that says what went wrong."""
    match error:
        case ImageError():
            return Finding.failed(error.reason, error.sentences)
        case LocardError():
            return Finding.failed("error", error.sentences)
        case ContractError():
            return Finding.failed("contract", f"the plugin breaks the contract: {error}")
        case _AlteredError():
            return Finding.failed("altered", str(error))
        case MemoryError():
            return Finding.failed(
                "memory", f"more memory was needed than the limit of {limits.mebibytes} MiB"
            )
        case _:
            return Finding.failed("error", _words(error))


def _words(error: BaseException) -> str:
    """Return type and message on one line, also of an exception that cannot be printed."""
    return " ".join("".join(traceback.format_exception_only(error)).split())[:_MOST_WORDS]


def _traceback(error: BaseException) -> str | None:
    """Return the traceback for the lab's engineer; errors that explain themselves have none."""
    if isinstance(error, (LocardError, ContractError, _AlteredError)):
        return None
    return "".join(traceback.format_exception(error))


def _record(step: PlannedStep, finding: Finding, facts: _Facts, spool: Spool) -> FindingRecord:
    plugins = catalogue()
    reusable = is_reusable(finding.outcome, finding.reason)
    return FindingRecord(
        step=step.name,
        plugin=step.plugin,
        plugin_version=plugins.step(step.plugin).version,
        outcome=finding.outcome,
        score=finding.score,
        reason=finding.reason,
        explanation=finding.explanation,
        regions=tuple(asdict(region) for region in finding.regions),
        measurements=finding.measurements,
        artifacts=write_artifacts(finding, step.name, spool.folder),
        seconds=facts.seconds,
        receipt=receipt(step, plugins, **_receipt_facts(facts)),
        cache_key=step.cache_key if reusable else None,
        likelihood=facts.likelihood,
    )


def _receipt_facts(facts: _Facts) -> dict[str, Any]:
    said: dict[str, Any] = {
        "models": list(facts.models),
        "started": facts.started.isoformat(),
        "ended": datetime.now(UTC).isoformat(),
        "seconds": facts.seconds,
        "peak_mebibytes": facts.usage.peak_mebibytes,
        "threads": os.environ.get(THREADS_VARIABLE),
        "decoder": decoder_id(),
        "image_notes": list(facts.notes),
    }
    return said | ({"traceback": facts.traceback} if facts.traceback else {})
