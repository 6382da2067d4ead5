"""The report as JSON, for other programs; the schema is ``schemas/report.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from locard.engine.records import ArtifactRecord, FindingRecord
from locard.report.atomic import write_whole
from locard.report.exporter import Exporter
from locard.report.model import Chain, Report, ReportExhibit

FORMAT = "locard-report"
VERSION = 1
"""Changes when a reader of the format must change: a field is renamed, removed or redefined."""

# Where files lie on this machine, and keys of its cache, mean nothing to a reader elsewhere.
_LEFT_OUT = {
    ReportExhibit: {"path"},
    ArtifactRecord: {"path"},
    FindingRecord: {"cache_key"},
}


class JsonExporter(Exporter):
    """Everything that the report says, without the pictures."""

    name = "json"
    suffixes = (".json",)
    summary = "The same facts for other programs, without pictures."

    def write(self, report: Report, path: Path) -> None:
        """Write the report; see :meth:`Exporter.write`."""
        write_whole(path, _pieces(report))


def to_plain(report: Report) -> dict[str, Any]:
    """Return the report as what JSON can hold.

    Times are ISO 8601 in UTC; undecodable bytes of file names are lone surrogates (Python's
    ``surrogateescape``).
    """
    return {"format": FORMAT, "version": VERSION, **_plain(report)}


def _pieces(report: Report) -> Iterator[bytes]:
    encoder = json.JSONEncoder(ensure_ascii=True, allow_nan=False, indent=1)
    for piece in encoder.iterencode(to_plain(report)):
        yield piece.encode("ascii")
    yield b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Chain):
        return [_plain(finding) for finding in value]
    if is_dataclass(value):
        left_out = _LEFT_OUT.get(type(value), set())
        return {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if field.name not in left_out
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "items"):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
