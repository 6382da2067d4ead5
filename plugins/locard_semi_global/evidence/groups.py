"""The groups of traces that are judged, dropped and explained as one."""

from __future__ import annotations

from typing import Final

GROUPS: Final = (
    "cfa",
    "noise",
    "correlation",
    "co-occurrence",
    "grid",
    "dct",
    "quantisation",
    "ghost",
    "content",
)
"""In the order in which the network's input ``groups`` has them."""
