"""The seam for report formats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from locard.report.model import Report


class Exporter(ABC):
    """Writes a report in one format.

    Class attributes:
        name: What ``--format`` calls it.
        suffixes: File endings that choose it.
        summary: One line.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    summary: ClassVar[str]

    @abstractmethod
    def write(self, report: Report, path: Path) -> None:
        """Write the report to ``path``, whole or not at all.

        Raises:
            LocardError: Something that the format needs is not installed, or the path cannot be
                written.
        """
