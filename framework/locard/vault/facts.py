"""What the vault hands out: plain facts, detached from the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from locard.engine.records import FindingRecord


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case.

    Attributes:
        id: Identifier that no two cases anywhere share (UUID).
        name: The lab's own number, unique in a vault ("2026-0117").
        title: What it is about.
        examiner: Who answers for it.
        created_at: UTC.
        closed_at: UTC, None while open.
    """

    id: str
    name: str
    title: str
    examiner: str
    created_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExhibitFacts:
    """An exhibit of a case.

    Attributes:
        label: Running number within the case ("E0001").
        sha256: Of the original's bytes.
        size: In bytes.
        names: Every path under which the file was added, in order, exactly as the system gave it
            (undecodable bytes as surrogate escapes).
        path: Where the vault keeps the original.
        format: As the header says ("JPEG"), or None where it is no image that Locard reads.
        width: Stored width in pixels, or None.
        height: Stored height in pixels, or None.
        added_at: UTC.
    """

    label: str
    sha256: str
    size: int
    names: tuple[str, ...]
    path: Path
    format: str | None
    width: int | None
    height: int | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class ExaminationFacts:
    """One run of a pipeline over exhibits of a case.

    Attributes:
        id: Identifier (UUID).
        number: Running number within the case.
        pipeline: The whole pipeline, as validated.
        pipeline_sha256: Hash of its canonical text.
        environment: Software versions, models and hardware.
        actor: Who started it.
        started_at: UTC.
        finished_at: UTC, None where it did not finish.
        planned: How many exhibits it covers.
        done: How many of them have findings.
    """

    id: str
    number: int
    pipeline: Mapping[str, Any]
    pipeline_sha256: str
    environment: Mapping[str, Any]
    actor: str
    started_at: datetime
    finished_at: datetime | None
    planned: int
    done: int


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding with where it belongs; its artifacts' paths point into the store."""

    exhibit: str
    examination: int
    recorded_at: datetime
    finding: FindingRecord


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One row of a case's ledger.

    Attributes:
        number: 1, 2, 3, … within the case.
        at: UTC.
        actor: Who.
        event: What ("case.created", "exhibit.added", "finding.recorded", …).
        subject: About what ("E0001", "examination 2", …).
        details: Everything that the event fixes, hashes of rows and files above all.
        previous: Hash of the row before; of the case's identifier for the first.
        hash: Hash over all of the above.
    """

    number: int
    at: datetime
    actor: str
    event: str
    subject: str
    details: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class AddedExhibit:
    """What became of one path given to ``exhibit add``.

    Attributes:
        path: The path.
        status: ``added``; ``known`` (same bytes under another name, which was noted); ``unchanged``
            (same bytes, same name); ``skipped`` (found in a folder, not an image); ``refused``
            (missing, unreadable, not a file).
        exhibit: The exhibit, where there is one.
        message: Why, where it was skipped or refused.
    """

    path: str
    status: Literal["added", "known", "unchanged", "skipped", "refused"]
    exhibit: ExhibitFacts | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that ``case verify`` found.

    Attributes:
        kind: ``altered``, ``missing``, ``added``, or ``note`` (explained and harmless: does not
            fail the verification).
        what: ``original``, ``artifact``, ``row``, ``ledger``, ``model``, ``file``.
        subject: Which one, by label, number, table and key, or path.
        message: A sentence for people.
    """

    kind: Literal["altered", "missing", "added", "note"]
    what: Literal["original", "artifact", "row", "ledger", "model", "file"]
    subject: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
