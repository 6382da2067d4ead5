"""The one text form in which rows and ledger entries are hashed.

Canonical JSON here is: keys sorted, no spaces, every character outside ASCII escaped, no NaN or
infinity. Any JSON library can write it, and undecodable bytes of file names survive it as lone
surrogate escapes. ``docs/vault.md`` shows a stand-alone program that recomputes a ledger with it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any


def canonical_json(value: Any) -> str:
    """Return the canonical text of a value that JSON can hold.

    Raises:
        ValueError: It holds NaN or infinity.
        TypeError: It holds something that JSON cannot.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def sha256_of(text: str) -> str:
    """Return the SHA-256 of ASCII or UTF-8 text, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


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
