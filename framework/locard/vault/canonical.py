"""How the vault writes facts down: canonical JSON, and moments as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from locard.canonical import canonical_json as canonical_json
from locard.canonical import sha256_of as sha256_of


def moment(text: str) -> datetime:
    """Return the moment that :func:`now` wrote.

    Raises:
        TypeError: It is no text.
        ValueError: It is another text, or not in UTC.
    """
    found = datetime.fromisoformat(text)
    if found.utcoffset() != timedelta(0):
        raise ValueError(f"{text!r} is not a time in UTC")
    return found


def now() -> str:
    """Return the present moment: UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
