"""What travels to a worker process: plain, picklable descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from locard.engine.records import FindingRecord


@dataclass(frozen=True, slots=True)
class Subject:
    """A file to examine.

    Attributes:
        sha256: Of its bytes; the worker refuses a file with another hash.
        path: Where the bytes are.
        name: What people call it.
    """

    sha256: str
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a step may take before it is killed.

    Attributes:
        seconds: Wall-clock time.
        mebibytes: Memory beyond what the worker held when the step began.
    """

    seconds: float
    mebibytes: int


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step that applies to a subject, with everything a worker needs to run it.

    Attributes:
        name: Name of the step in its pipeline.
        plugin: Name of the detector or refiner.
        parameters: Validated parameters, complete with defaults.
        limits: Time and memory.
        input: Name of the step that this one refines.
        cache_key: Key under which the finding may be reused.
        calibration: Content of the calibration that makes its score a likelihood ratio.
    """

    name: str
    plugin: str
    parameters: Mapping[str, Any]
    limits: Limits
    input: str | None = None
    cache_key: str | None = None
    calibration: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Steps to run over one subject, in one worker.

    Attributes:
        subject: The file.
        steps: In order; a step's input comes before it, here or in ``inputs``.
        spool: Folder of this subject's own, where the worker leaves each finding as soon as it has
            it: ``<step>.json`` beside its artifacts. What lies there survives the worker.
        inputs: Findings that steps refine and that this task does not make itself: from the cache,
            or from a worker that died later on. Their artifacts' paths are absolute.
    """

    subject: Subject
    steps: tuple[PlannedStep, ...]
    spool: Path
    inputs: Mapping[str, FindingRecord] = field(default_factory=dict)
