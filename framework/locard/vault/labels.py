"""Labels of exhibits: "E0001" for the first of a case."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[Ee](\d{1,15})")


def label(number: int) -> str:
    """Return the label of a running number."""
    return f"E{number!s:0>4}"


def number(text: str) -> int | None:
    """Return the running number of a label, or None where the text is no label."""
    match = _LABEL.fullmatch(text)
    return int(match[1]) if match else None
