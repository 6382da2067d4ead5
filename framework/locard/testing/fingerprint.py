"""Compares findings bit for bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from locard.findings import Finding


def fingerprint(finding: Finding) -> dict[str, str]:
    """Return a hash for each part of a finding, so that a difference can be named.

    Args:
        finding: What a step returned.

    Returns:
        Part ("score", "map", …) to SHA-256 in hexadecimal. Two findings have equal fingerprints
        where every figure and every array is equal to the bit.
    """
    heat_map = finding.map
    parts: dict[str, Any] = {
        "outcome": str(finding.outcome),
        "score": _plain(finding.score),
        "reason": finding.reason,
        "explanation": finding.explanation,
        "map": None
        if heat_map is None
        else [_array(heat_map.values), heat_map.cell, list(heat_map.origin)],
        "mask": None if finding.mask is None else _array(finding.mask),
        "regions": [_plain(asdict(region)) for region in finding.regions],
        "measurements": _plain(finding.measurements),
        "pictures": {name: _array(picture) for name, picture in finding.pictures.items()},
    }
    return {name: _sha256(_text(part).encode()) for name, part in parts.items()}


def differing_parts(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the names of the parts in which two fingerprints differ."""
    return [name for name in one if one[name] != other.get(name)]


def array_hash(array: np.ndarray[Any, Any]) -> str:
    """Return a hash of an array's type, shape and values."""
    return _sha256(_array(array).encode())


def _array(array: np.ndarray[Any, Any]) -> str:
    contiguous = np.ascontiguousarray(array)
    return f"{array.dtype} {array.shape} {_sha256(contiguous.tobytes())}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _text(part: Any) -> str:
    return json.dumps(part, sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    """Return figures as JSON has them; floats keep every bit, also where JSON has no word."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value).hex()
    return value
