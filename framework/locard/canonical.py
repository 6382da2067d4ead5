"""The one text form in which facts are hashed: rows, ledger entries, cache keys.

Canonical JSON here is: keys sorted, no spaces, every character outside ASCII escaped, no NaN or
infinity. Any JSON library can write it, and undecodable bytes of file names survive it as lone
surrogate escapes. ``docs/vault.md`` shows a stand-alone program that recomputes a ledger with it.
"""

from __future__ import annotations

import hashlib
import json
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
