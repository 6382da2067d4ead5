"""The validation record as one self-contained HTML page, for reading, printing and signing.

Everything in a record may come from outside (a requirements file, a data set's names, a plugin's
words): ``finalize`` makes it printable, autoescaping makes it harmless, and a content security
policy admits nothing but the page's own style sheet.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from locard.evaluation.results import Estimate
from locard.evaluation.validation.record import ValidationRecord
from locard.report.atomic import write_whole
from locard.text import printable


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
    environment = Environment(
        loader=PackageLoader("locard.evaluation.validation"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_showable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "value": _value,
        "interval": _interval,
        "groups": _groups,
        "rows": _rows,
        "time": _time,
    }
    style = _style(record)
    return environment.get_template("record.html").render(
        record=record,
        methods=_chain(record),
        style=Markup(style),  # noqa: S704  our own file, and a hash
        policy=_policy(style),
    )


def _style(record: ValidationRecord) -> str:
    folder = files("locard.evaluation.validation") / "templates"
    style = (folder / "record.css").read_text(encoding="utf-8")
    return style.replace('"RECORD"', f'"Validation record {record.sha256}"')


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _chain(record: ValidationRecord) -> list[Any]:
    """Return the method and those that it stands on, the validated one first."""
    methods = [record.method]
    while methods[-1].input is not None:
        methods.append(methods[-1].input)
    return methods


def _showable(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


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


def _groups(sha256: str) -> str:
    """Return a hash in groups of eight, which two people can compare aloud."""
    return " ".join(sha256[place : place + 8] for place in range(0, len(sha256), 8))


def _rows(mapping: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return a nested mapping as rows of dotted name and value, in the order of names."""
    rows: list[tuple[str, str]] = []
    for name, value in sorted(mapping.items()):
        if isinstance(value, Mapping):
            rows.extend(_rows(value, f"{prefix}{name}."))
        elif isinstance(value, list | tuple):
            rows.append((f"{prefix}{name}", ", ".join(map(str, value)) or "none"))
        else:
            rows.append((f"{prefix}{name}", "none" if value is None else str(value)))
    return rows


def _time(text: str) -> str:
    return f"{text[:10]} {text[11:19]} UTC"
