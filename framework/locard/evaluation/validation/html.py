"""The validation record as one self-contained HTML page, for reading, printing and signing.

Everything in a record may come from outside (a requirements file, a data set's names, a plugin's
words); :mod:`locard.pages` sees that it does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from locard import pages
from locard.canonical import canonical_json
from locard.evaluation.results import Estimate
from locard.evaluation.validation.record import ValidationRecord
from locard.report.atomic import write_whole


def write_page(record: ValidationRecord, path: Path) -> None:
    """Write the page.

    Args:
        record: What it says.
        path: Where it goes.

    Raises:
        LocardError: It cannot be written.
    """
    write_whole(path, [render(record).encode()])


def render(record: ValidationRecord) -> str:
    """Return the page; it can be encoded as UTF-8."""
    environment = pages.environment("locard.evaluation.validation")
    environment.filters |= {
        "rows": _rows,
        "value": _value,
        "interval": _interval,
        "time": _time,
    }
    style = _style(record)
    return environment.get_template("record.html").render(
        record=record,
        methods=_chain(record),
        style=Markup(style),  # noqa: S704  our own file, and a hash
        policy=pages.policy(style),
    )


def _style(record: ValidationRecord) -> str:
    folder = files("locard.evaluation.validation") / "templates"
    style = (folder / "record.css").read_text(encoding="utf-8")
    return style.replace('"RECORD"', f'"Validation record {record.sha256}"')


def _chain(record: ValidationRecord) -> list[Any]:
    """Return the method and those that it stands on, the validated one first."""
    methods = [record.method]
    while methods[-1].input is not None:
        methods.append(methods[-1].input)
    return methods


def _value(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    if estimate.infinite:
        return "∞"
    return "" if estimate.value is None else f"{estimate.value:.4g}"


def _interval(estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low:.4g} – {estimate.high:.4g}"


def _rows(mapping: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a mapping as rows by name: a record that was read back gives the same page."""
    return pages.rows(json.loads(canonical_json(mapping)))


def _time(text: str) -> str:
    return f"{text[:10]} {text[11:19]} UTC"
