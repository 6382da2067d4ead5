"""From a case in a vault to a :class:`~locard.report.model.Report`."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from locard import __version__
from locard.engine.records import FindingRecord
from locard.errors import LocardError, PluginError
from locard.image import Image, JpegStructure, decoder_id
from locard.report.model import (
    Chain,
    ExhibitFindings,
    JpegFacts,
    Measurement,
    Method,
    Model,
    QuantisationTable,
    Report,
    ReportExamination,
    ReportExhibit,
    ReportFinding,
    Software,
    Verification,
)

if TYPE_CHECKING:
    from locard.plugins import Catalogue, PluginEntry
    from locard.vault.case import Case
    from locard.vault.examination import Examination
    from locard.vault.facts import ExhibitFacts, Problem, StoredFinding


def build(
    case: Case,
    catalogue: Catalogue,
    *,
    examination: int | None = None,
    problems: Iterable[Problem] | None = None,
) -> Report:
    """Gather everything that a report on a case says.

    Originals are read for what they say of themselves; pictures and maps are read later, when the
    report is written.

    Args:
        case: The case.
        catalogue: Where plugins are looked up for their own words on methods and figures.
        examination: Number of the one examination to report; None for all.
        problems: What a verification of the case found just now; None where there was none.

    Returns:
        The report.

    Raises:
        LocardError: There is no such examination, or the vault cannot be read.
    """
    now = datetime.now(UTC)
    chosen = case.examinations() if examination is None else [case.examination(examination)]
    examinations = tuple(_examination(case, one, catalogue) for one in chosen)
    records = [finding.record for finding in _findings(examinations)]
    return Report(
        case=case.facts,
        generated_at=now,
        software=_software(catalogue, records),
        exhibits=tuple(describe(exhibit) for exhibit in case.exhibits()),
        examinations=examinations,
        methods=methods(records, catalogue),
        ledger=tuple(case.ledger()),
        ledger_head=case.ledger_head,
        models=models(records),
        verification=None if problems is None else Verification(now, tuple(problems)),
    )


# --- exhibits ----------------------------------------------------------------------------------


def describe(exhibit: ExhibitFacts) -> ReportExhibit:
    """Return an exhibit with what its file says of itself."""
    known: dict[str, Any] = {
        name: getattr(exhibit, name)
        for name in ("label", "sha256", "size", "names", "path", "format", "width", "height")
    }
    known["added_at"] = exhibit.added_at
    try:
        image = Image.from_path(exhibit.path)
    except LocardError as error:
        return ReportExhibit(**known, notes=(error.message,))
    return ReportExhibit(
        **known,
        orientation=image.metadata.orientation,
        jpeg=None if image.jpeg is None else _jpeg(image.jpeg),
        metadata=tuple(_entries(image)),
        notes=(*image.header.notes, *image.metadata.notes),
    )


def _jpeg(structure: JpegStructure) -> JpegFacts:
    estimate = structure.quality
    return JpegFacts(
        quality=estimate.value if estimate else None,
        exact=estimate.exact if estimate else False,
        subsampling=structure.subsampling,
        coding=structure.coding,
        tables=tuple(
            QuantisationTable(number, tuple(entries[row : row + 8] for row in range(0, 64, 8)))
            for number, entries in sorted(structure.quantization_tables.items())
        ),
    )


def _entries(image: Image) -> Iterator[tuple[str, str]]:
    """Yield EXIF, XMP and colour profile as (name, value)."""
    metadata = image.metadata
    for name, value in metadata.exif.items():
        yield name, _text(value)
    for name, value in metadata.xmp_properties.items():
        yield name, _text(value)
    if metadata.icc:
        yield "ICC profile", metadata.icc.description or f"{metadata.icc.size} bytes, unreadable"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- findings ----------------------------------------------------------------------------------


def _examination(case: Case, examination: Examination, catalogue: Catalogue) -> ReportExamination:
    facts = examination.facts
    inputs = {step["name"]: step.get("input") for step in facts.pipeline["steps"]}
    stored = case.findings(examination=facts.number)
    return ReportExamination(
        number=facts.number,
        id=facts.id,
        pipeline=facts.pipeline,
        pipeline_sha256=facts.pipeline_sha256,
        environment=facts.environment,
        actor=facts.actor,
        started_at=facts.started_at,
        finished_at=facts.finished_at,
        planned=facts.planned,
        results=tuple(
            ExhibitFindings(label, chains(list(findings), inputs, catalogue))
            for label, findings in groupby(stored, key=lambda finding: finding.exhibit)
        ),
    )


def chains(
    findings: Sequence[StoredFinding], inputs: Mapping[str, str | None], catalogue: Catalogue
) -> tuple[Chain, ...]:
    """Put every refiner's finding behind the detector's whose map it began with.

    Args:
        findings: Of one exhibit, in pipeline order.
        inputs: For each step, the step that it refines.
        catalogue: Where measurements are explained.
    """
    links: dict[str, list[ReportFinding]] = {}
    for stored in findings:
        finding = ReportFinding(
            record=stored.finding,
            recorded_at=stored.recorded_at,
            measurements=_explained(stored.finding, catalogue),
            input=inputs.get(stored.finding.step),
        )
        links.setdefault(_root(stored.finding.step, inputs), []).append(finding)
    return tuple(Chain(first, tuple(rest)) for first, *rest in links.values())


def _root(step: str, inputs: Mapping[str, str | None]) -> str:
    while (source := inputs.get(step)) is not None:
        step = source
    return step


def _explained(record: FindingRecord, catalogue: Catalogue) -> tuple[Measurement, ...]:
    try:
        glossary = catalogue.step(record.plugin).glossary
    except PluginError:
        glossary = {}
    return tuple(
        Measurement(name, value, glossary.get(name)) for name, value in record.measurements.items()
    )


def _findings(examinations: Iterable[ReportExamination]) -> Iterator[ReportFinding]:
    for examination in examinations:
        for result in examination.results:
            for chain in result.chains:
                yield from chain


# --- methods, software, models -----------------------------------------------------------------


def methods(records: Iterable[FindingRecord], catalogue: Catalogue) -> tuple[Method, ...]:
    """Return how each plugin works that made one of the findings, in order of appearance."""
    versions: dict[str, dict[str, None]] = {}
    for record in records:
        versions.setdefault(record.plugin, {})[record.plugin_version] = None
    return tuple(_method(plugin, tuple(found), catalogue) for plugin, found in versions.items())


def _method(plugin: str, versions: tuple[str, ...], catalogue: Catalogue) -> Method:
    try:
        step = catalogue.step(plugin)
    except PluginError:
        return Method(plugin, versions, installed=None)
    return Method(
        plugin=plugin,
        versions=versions,
        installed=step.version,
        summary=_line(step.summary),
        method=_line(step.method),
        limits=_line(step.limits),
        score_meaning=_line(step.score_meaning),
        glossary=tuple((name, _line(sentence)) for name, sentence in step.glossary.items()),
        gives_verdict=step.gives_verdict,
    )


def _line(text: str) -> str:
    """Return text without the line breaks that it has in source code."""
    return " ".join(text.split())


def models(records: Iterable[FindingRecord]) -> tuple[Model, ...]:
    """Return the models that receipts name, each once."""
    found = {
        Model(model["name"], model["version"], model["sha256"], model.get("card_sha256")): None
        for record in records
        for model in record.receipt.get("models") or ()
    }
    return tuple(found)


def _software(catalogue: Catalogue, records: Iterable[FindingRecord]) -> tuple[Software, ...]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    plugins = dict.fromkeys(
        (entry.distribution, entry.version)
        for record in records
        if (entry := _owner(record.plugin, catalogue)) is not None
    )
    return (
        Software("Locard", __version__),
        Software("Python", python),
        Software("Platform", platform.platform()),
        Software("Decoders", decoder_id()),
        *(Software(f"Plugins of {name}", version) for name, version in plugins),
    )


def _owner(plugin: str, catalogue: Catalogue) -> PluginEntry | None:
    try:
        catalogue.step(plugin)
    except PluginError:
        return None
    return catalogue.owner_of(plugin)
