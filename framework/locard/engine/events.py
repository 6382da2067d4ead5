"""What observers are told while an examination runs."""

from __future__ import annotations

from dataclasses import dataclass

from locard.engine.records import ExhibitResult
from locard.engine.tasks import Subject


@dataclass(frozen=True, slots=True)
class Started:
    """The engine begins.

    Attributes:
        exhibits: How many there are to examine; 0 where that is not known beforehand.
        steps: How many steps the pipeline has.
        workers: How many worker processes.
    """

    exhibits: int
    steps: int
    workers: int


@dataclass(frozen=True, slots=True)
class Examined:
    """All findings of one exhibit are recorded.

    Attributes:
        subject: The exhibit.
        result: Its findings.
    """

    subject: Subject
    result: ExhibitResult


@dataclass(frozen=True, slots=True)
class Finished:
    """The engine is done.

    Attributes:
        exhibits: How many were examined.
        seconds: Wall-clock time of the run.
        interrupted: Whether the user stopped it.
    """

    exhibits: int
    seconds: float
    interrupted: bool = False


Event = Started | Examined | Finished
