"""The report as one self-contained HTML file.

What comes from outside is made harmless by :mod:`locard.pages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from locard import pages
from locard.engine.records import FindingRecord
from locard.outcomes import Outcome
from locard.report import wording
from locard.report.atomic import write_whole
from locard.report.exporter import Exporter
from locard.report.figures import ExhibitFigures
from locard.report.model import Report
from locard.report.rasters import legend_png
from locard.text import printable
from locard.vault.validations import RELIED_ON

OPEN_UP_TO = 20
"""Sections of exhibits are unfolded in a report of at most so many."""

LISTED = 8
"""Values of a measurement that are printed one by one."""

_BUFFERED_PIECES = 64


class HtmlExporter(Exporter):
    """One file with pictures, styles and script inside, for browsers and for printing."""

    name = "html"
    suffixes = (".html", ".htm")
    summary = "One self-contained HTML file; opens in any browser, prints well."

    def write(self, report: Report, path: Path) -> None:
        """Write the report; see :meth:`Exporter.write`."""
        write_whole(path, (piece.encode() for piece in render(report)))


def render(report: Report, *, static: bool = False) -> Iterator[str]:
    """Yield the report's HTML piece by piece.

    Args:
        report: What it says.
        static: Without script, layers and folded sections, for formats that have none of them.

    Yields:
        Text that can be encoded as UTF-8.
    """
    stream = _environment().get_template("report.html").stream(**_context(report, static))
    stream.enable_buffering(_BUFFERED_PIECES)
    return iter(stream)


def _environment() -> Environment:
    environment = pages.environment("locard.report")
    environment.filters |= {
        "time": _time,
        "bytes": _bytes,
        "figure": _figure,
        "rows": partial(pages.rows, words=_figure),
        "basename": _basename,
        "receipt": _receipt,
        "software": _software,
    }
    environment.globals |= {"Outcome": Outcome, "wording": wording, "count": wording.count}
    return environment


def _context(report: Report, static: bool) -> dict[str, Any]:
    style = _style(report)
    script = "" if static else _resource("report.js")
    return {
        "report": report,
        "static": static,
        "style": Markup(style),  # noqa: S704  our own file; the case's name in it is escaped
        "script": Markup(script),  # noqa: S704  our own file
        "policy": pages.policy(style, script),
        "figures": partial(ExhibitFigures, static=static),
        "legend": legend_png().uri,
        "unfolded": static or len(report.exhibits) <= OPEN_UP_TO,
    }


def _style(report: Report) -> str:
    """Return the style sheet, with what stands in the margins of every printed page."""
    margins = (
        _resource("page.css")
        .replace('"CASE"', _css_string(f"Case {report.case.name}"))
        .replace('"LEDGER"', _css_string(f"Ledger head {report.ledger_head}"))
    )
    return margins + _resource("report.css")


def _css_string(text: str) -> str:
    """Return text as a CSS string in which nothing but letters and digits stands for itself."""
    escaped = "".join(
        character if character.isascii() and character.isalnum() else f"\\{ord(character):x} "
        for character in printable(text)
    )
    return f'"{escaped}"'


def _resource(name: str) -> str:
    return (files("locard.report") / "templates" / name).read_text(encoding="utf-8")


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S UTC")


def _bytes(size: int) -> str:
    """Return a size as people read it, and exactly: ``1.2 MB (1,234,567 bytes)``."""
    exact = f"{size:,} bytes"
    for unit, scale in (("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit} ({exact})"
    return exact


def _figure(value: object) -> str:
    """Return a measurement's value as people read it: five digits are enough for a page."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list | tuple):
        return _figures(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_figure(item)}" for name, item in value.items())
    return str(value)


def _figures(values: Sequence[object]) -> str:
    """Return a list's values, or of a long one what they span; the JSON report has all of them."""
    if table := _columns(values):
        return _figure(table)
    if len(values) <= LISTED:
        separator = "; " if any(isinstance(value, Mapping) for value in values) else ", "
        return separator.join(_figure(value) for value in values) or "none"
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) == len(values):
        return f"{len(values)} values from {_figure(min(numbers))} to {_figure(max(numbers))}"
    return f"{_figures(values[:LISTED])} and {len(values) - LISTED} more"


def _columns(values: Sequence[object]) -> dict[str, list[object]]:
    """Return like records as one list a name, which reads better; nothing for other values."""
    records = [value for value in values if isinstance(value, Mapping)]
    if len(records) < len(values) or any(record.keys() != records[0].keys() for record in records):
        return {}
    return {name: [record[name] for record in records] for name in (records[0] if records else ())}


def _basename(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1] or name


def _receipt(record: FindingRecord, environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a receipt's rows, and the hashes of what the finding left.

    Args:
        record: The finding.
        environment: That of the examination, which is not said again with every finding.
    """
    # Which validation records were relied on is noted with the examination alone.
    noted = {name: value for name, value in environment.items() if name != RELIED_ON}
    receipt = {
        name: "as of the examination" if name == "environment" and value == noted else value
        for name, value in record.receipt.items()
    }
    artifacts = [
        (f"{artifact.kind} {artifact.name}, SHA-256", pages.groups(artifact.sha256))
        for artifact in record.artifacts
    ]
    own = [("seconds", _figure(record.seconds)), ("reused from the cache", _figure(record.reused))]
    return [*pages.rows(receipt, _figure), *own, *artifacts]


def _software(report: Report) -> list[tuple[str, str]]:
    return [(software.name, software.version) for software in report.software]
