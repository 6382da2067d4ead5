"""What a report says, whatever its format: plain, frozen facts without a trace of layout."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from locard.engine.records import FindingRecord
from locard.outcomes import Outcome
from locard.vault.facts import CaseFacts, LedgerEntry, Problem
from locard.vault.validations import RELIED_ON


@dataclass(frozen=True, slots=True)
class Software:
    """A program, library or plugin whose version matters for what was found."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Model:
    """A model file that findings relied on, and the hash of the model's card where it has one."""

    name: str
    version: str
    sha256: str
    card_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class QuantisationTable:
    """A JPEG quantisation table: its number in the file, and its 8 rows of 8 steps."""

    number: int
    rows: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """What a JPEG file says of its own making.

    Attributes:
        quality: The IJG quality, 1 to 100, whose tables are nearest; None without tables.
        exact: Whether the tables are those of that quality, entry by entry.
        subsampling: For example ``4:2:0``.
        coding: For example ``baseline`` or ``progressive``.
        tables: As stored in the file.
    """

    quality: int | None
    exact: bool
    subsampling: str
    coding: str
    tables: tuple[QuantisationTable, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbedCopy:
    """What one step says of a treated copy of an exhibit.

    Attributes:
        treatment: What was done, in words.
        outcome: One of five.
        score: Or None.
        map_correlation: Of its map with the exhibit's; None where one has no map to compare.
    """

    treatment: str
    outcome: Outcome
    score: float | None = None
    map_correlation: float | None = None


@dataclass(frozen=True, slots=True)
class ProbedStep:
    """What one step says of an exhibit and of treated copies of it.

    Attributes:
        step: Name of the step.
        plugin: Name of the detector or refiner.
        version: Its version then.
        summary: How outcome and score move, in a sentence.
        warning: How the version differs from that of this report's findings; None where it does
            not.
        copies: One a copy that was examined.
    """

    step: str
    plugin: str
    version: str
    summary: str
    warning: str | None
    copies: tuple[ProbedCopy, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """How findings on an exhibit move on treated copies; made outside of custody.

    Attributes:
        locard: Version of Locard that made it.
        created: When, UTC.
        pipeline: Name and version of the pipeline.
        file: The path that was probed, as its record says.
        steps: In the order of the pipeline.
        refused: What was done to copies that could not be made, and why, one sentence each.
    """

    locard: str
    created: str
    pipeline: str
    file: str
    steps: tuple[ProbedStep, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportExhibit:
    """An exhibit with what its file says of itself.

    Attributes:
        label: Running number within the case ("E0001").
        sha256: Of the original's bytes.
        size: In bytes.
        names: Every path under which it was added.
        path: Where the original lies; None shows no picture.
        format: As the header says, None where it is no image that Locard reads.
        width: Stored width in pixels, or None.
        height: Stored height in pixels, or None.
        added_at: UTC.
        orientation: EXIF orientation, 1 to 8: how the report turns pictures and maps for display.
        jpeg: For a JPEG.
        metadata: EXIF and XMP entries as (name, value), in the file's order.
        notes: What a reader must know about the file, one sentence each.
        probes: How findings move on treated copies, where the report was given that.
    """

    label: str
    sha256: str
    size: int
    names: tuple[str, ...]
    path: Path | None
    format: str | None
    width: int | None
    height: int | None
    added_at: datetime
    orientation: int = 1
    jpeg: JpegFacts | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()

    @property
    def turned(self) -> bool:
        """Whether the picture is displayed otherwise than its pixels are stored."""
        return self.orientation != 1


@dataclass(frozen=True, slots=True)
class Measurement:
    """A named figure of a finding, with the sentence that its plugin gives for it.

    Attributes:
        name: As the plugin calls it.
        value: Anything that JSON can hold.
        meaning: None where the plugin says nothing or is not installed.
    """

    name: str
    value: Any
    meaning: str | None = None


@dataclass(frozen=True, slots=True)
class ReportFinding:
    """What one step said of one exhibit.

    Attributes:
        record: The finding as the vault keeps it.
        recorded_at: UTC.
        measurements: Explained.
        input: Name of the step that this one refined; None for a detector.
    """

    record: FindingRecord
    recorded_at: datetime
    measurements: tuple[Measurement, ...] = ()
    input: str | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """A detector's finding and, in pipeline order, what refiners made of its map."""

    finding: ReportFinding
    refinements: tuple[ReportFinding, ...] = ()

    def __iter__(self) -> Iterator[ReportFinding]:
        yield self.finding
        yield from self.refinements


@dataclass(frozen=True, slots=True)
class ExhibitFindings:
    """All that one examination says of one exhibit."""

    exhibit: str
    chains: tuple[Chain, ...]

    @property
    def findings(self) -> dict[str, ReportFinding]:
        """Findings by the name of their step."""
        return {finding.record.step: finding for chain in self.chains for finding in chain}

    def detectors(
        self, *outcomes: Outcome, leaving_out: Collection[str] = frozenset()
    ) -> tuple[str, ...]:
        """Return the steps that ended in an outcome; refiners, which add no evidence, left out.

        Args:
            *outcomes: One of these.
            leaving_out: Plugins whose steps do not count.
        """
        return tuple(
            record.step
            for record in (chain.finding.record for chain in self.chains)
            if record.outcome in outcomes and record.plugin not in leaving_out
        )


@dataclass(frozen=True, slots=True)
class ReportExamination:
    """One run of a pipeline.

    Attributes:
        number: Running number within the case.
        id: UUID.
        pipeline: The whole pipeline, as validated.
        pipeline_sha256: Hash of its canonical text.
        environment: Software versions, models and hardware.
        actor: Who started it.
        started_at: UTC.
        finished_at: UTC, None where it did not finish.
        planned: How many exhibits it covers.
        results: One an exhibit that has findings.
    """

    number: int
    id: str
    pipeline: Mapping[str, Any]
    pipeline_sha256: str
    environment: Mapping[str, Any]
    actor: str
    started_at: datetime
    finished_at: datetime | None
    planned: int
    results: tuple[ExhibitFindings, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the pipeline's steps, in order."""
        return tuple(step["name"] for step in self.pipeline["steps"])

    @property
    def validations(self) -> Mapping[str, str]:
        """Step to hash of the validation record that it relied on; empty where none was."""
        noted = self.environment.get(RELIED_ON)
        return noted if isinstance(noted, Mapping) else {}

    def of(self, exhibit: str) -> ExhibitFindings | None:
        """Return what the examination says of an exhibit, or None where it says nothing."""
        return next((result for result in self.results if result.exhibit == exhibit), None)


@dataclass(frozen=True, slots=True)
class Method:
    """How a plugin works, in its author's words.

    Attributes:
        plugin: Name of the detector or refiner.
        versions: Versions that made the findings in this report.
        installed: Version whose words these are; None where the plugin is not installed any more,
            and there are no words.
        summary: One line.
        method: How it works, and where it was published.
        limits: What it cannot see, and when it is wrong.
        score_meaning: The scale of its score.
        glossary: A sentence for each measurement.
        gives_verdict: False for an aid to the eye, which shows where to look and decides nothing.
    """

    plugin: str
    versions: tuple[str, ...]
    installed: str | None
    summary: str = ""
    method: str = ""
    limits: str = ""
    score_meaning: str = ""
    glossary: tuple[tuple[str, str], ...] = ()
    gives_verdict: bool = True


@dataclass(frozen=True, slots=True)
class Verification:
    """What ``case verify`` said, and when.

    Attributes:
        at: UTC.
        problems: Everything that it found; notes are harmless.
    """

    at: datetime
    problems: tuple[Problem, ...]

    @property
    def failures(self) -> tuple[Problem, ...]:
        """What is altered, missing or added."""
        return tuple(problem for problem in self.problems if problem.kind != "note")


@dataclass(frozen=True, slots=True)
class Report:
    """A case as it stood when the report was written.

    Attributes:
        case: The case.
        generated_at: UTC.
        software: What wrote the report.
        exhibits: In order of their labels.
        examinations: In order of their numbers.
        methods: One a plugin that made a finding, in order of appearance.
        models: Model files that findings relied on.
        ledger: Oldest entry first.
        ledger_head: Hash of the newest entry.
        verification: None where the case was not verified for this report.
    """

    case: CaseFacts
    generated_at: datetime
    software: tuple[Software, ...]
    exhibits: tuple[ReportExhibit, ...]
    examinations: tuple[ReportExamination, ...]
    methods: tuple[Method, ...]
    ledger: tuple[LedgerEntry, ...]
    ledger_head: str
    models: tuple[Model, ...] = ()
    verification: Verification | None = None

    @property
    def aids(self) -> frozenset[str]:
        """Plugins that are aids to the eye: they show where to look, and give no verdict."""
        return frozenset(method.plugin for method in self.methods if not method.gives_verdict)

    def method(self, plugin: str) -> Method:
        """Return how a plugin works.

        Raises:
            KeyError: No finding of this report is by that plugin.
        """
        for method in self.methods:
            if method.plugin == plugin:
                return method
        raise KeyError(plugin)
