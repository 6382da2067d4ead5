"""Findings in the form in which they leave a worker process: plain data beside artifact files.

Nothing here needs numpy: the parent process moves records and files, and never opens a map.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from locard.outcomes import Outcome

ArtifactKind = Literal["map", "mask", "picture"]


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """A file that belongs to a finding.

    Attributes:
        kind: ``map`` (float32 ``.npy``, gzip), ``mask`` (1-bit PNG) or ``picture`` (PNG).
        name: ``map``, ``mask``, or the picture's own name.
        path: Where the file lies.
        sha256: Of the file's bytes.
        size: In bytes.
        media_type: For example ``image/png``.
        geometry: For a map ``cell``, ``origin``, ``rows``, ``columns``; for the others ``width``,
            ``height``.
    """

    kind: ArtifactKind
    name: str
    path: Path
    sha256: str
    size: int
    media_type: str
    geometry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """One finding, without arrays.

    Attributes:
        step: Name of the step in its pipeline.
        plugin: Name of the detector or refiner.
        plugin_version: Its version.
        outcome: One of five.
        score: Or None.
        reason: Machine-readable.
        explanation: In words.
        regions: Boxes as plain dictionaries.
        measurements: Named figures.
        artifacts: Files.
        seconds: The step's own time; decoding that steps share is left out.
        receipt: What it takes to run the step again: versions, model hashes, parameters, limits,
            input, hardware, times.
        cache_key: See :mod:`locard.engine.cache`; None where the finding must not be reused.
        reused: Whether the finding came out of the cache.
        likelihood: The calibrated log-likelihood ratio (``log10_lr``, ``bound``, ``stratum``,
            ``refused``, ``explanation``, ``calibration``: see :mod:`locard.calibration`); None
            where the step is not calibrated, or did not look.
    """

    step: str
    plugin: str
    plugin_version: str
    outcome: Outcome
    score: float | None = None
    reason: str | None = None
    explanation: str | None = None
    regions: tuple[Mapping[str, Any], ...] = ()
    measurements: Mapping[str, Any] = field(default_factory=dict)
    artifacts: tuple[ArtifactRecord, ...] = ()
    seconds: float = 0.0
    receipt: Mapping[str, Any] = field(default_factory=dict)
    cache_key: str | None = None
    reused: bool = False
    likelihood: Mapping[str, Any] | None = None

    def artifact(self, kind: ArtifactKind, name: str | None = None) -> ArtifactRecord | None:
        """Return the first artifact of a kind (and name), or None."""
        for artifact in self.artifacts:
            if artifact.kind == kind and name in (None, artifact.name):
                return artifact
        return None

    def to_json(self) -> str:
        """Return the record as one line of JSON; paths of artifacts are bare file names."""
        plain = asdict(self)
        for artifact in plain["artifacts"]:
            artifact["path"] = artifact["path"].name
        return json.dumps(plain, ensure_ascii=False, allow_nan=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, folder: Path) -> Self:
        """Read a record whose artifacts lie in ``folder``."""
        plain = json.loads(text)
        plain["outcome"] = Outcome(plain["outcome"])
        plain["regions"] = tuple(plain["regions"])
        plain["artifacts"] = tuple(
            ArtifactRecord(**{**artifact, "path": folder / artifact["path"]})
            for artifact in plain["artifacts"]
        )
        return cls(**plain)


@dataclass(frozen=True, slots=True)
class ExhibitResult:
    """Everything an examination says of one exhibit: one finding a step, in pipeline order.

    Attributes:
        sha256: The exhibit.
        width: Stored width in pixels, None where the header cannot be read.
        height: Stored height.
        findings: One a step.
    """

    sha256: str
    width: int | None
    height: int | None
    findings: tuple[FindingRecord, ...]
