"""An explanation in words that an examiner understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from locard_semi_global.explanation import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from locard_semi_global.explanation import Explanation

WORDS: Final = {
    "cfa": "traces of the colour filter",
    "noise": "noise",
    "correlation": "correlation of neighbouring pixels",
    "co-occurrence": "fine texture of the noise",
    "grid": "block grid",
    "dct": "spectrum of its blocks",
    "quantisation": "quantisation history",
    "ghost": "JPEG ghosts",
    "content": "brightness, colour and contrast",
}
"""What each group of traces is called."""

FAMILY_WORDS: Final = {
    "compression": "traces of JPEG compression",
    "camera": "traces of the camera",
}

CARRIES: Final = 0.2
"""Share of the contrast that is lost without a group, from which on the group is named."""

IDLE: Final = 0.05
"""Share below which a group is said to carry nothing, or to speak against."""

LEAST_CONTRAST: Final = 0.5
"""Contrast in nats below which there is nothing to explain."""

_MOST = 3


def shares(explanation: Explanation) -> dict[str, float]:
    """Return which share of a region's contrast is lost without each group, with two decimals."""
    return _shares(explanation.lost, explanation.contrast)


def family_shares(explanation: Explanation) -> dict[str, float]:
    """Return the same for each family of groups."""
    return _shares(explanation.families, explanation.contrast)


def carriers(explanation: Explanation) -> tuple[str, ...]:
    """Return the groups without which a fifth of the contrast is lost, the strongest first."""
    if explanation.contrast < LEAST_CONTRAST:
        return ()
    found = shares(explanation)
    strong = [group for group in found if found[group] >= CARRIES]
    return tuple(sorted(strong, key=lambda group: -found[group]))


def sentence(explanation: Explanation) -> str:
    """Return what a region stands out by, and what it does not, without a full stop."""
    if explanation.contrast < LEAST_CONTRAST:
        return "stands out by no trace that could be told apart"
    carrying = carriers(explanation)
    said = f"stands out by {_positive(explanation, carrying)}"
    idle = _idle(explanation, carrying)
    return f"{said}, not by {_joined(idle, 'or')}" if idle else said


def _positive(explanation: Explanation, carrying: Sequence[str]) -> str:
    found = shares(explanation)
    if carrying:
        named = [f"its {WORDS[group]} ({found[group]:.0%})" for group in carrying[:_MOST]]
        return _joined(named, "and")
    families = family_shares(explanation)
    strongest = max(families, key=lambda family: families[family])
    if families[strongest] >= CARRIES:
        return (
            f"its {FAMILY_WORDS[strongest]} together ({families[strongest]:.0%}), none of which "
            "carries it alone"
        )
    return "several traces together, none of which carries it alone"


def _idle(explanation: Explanation, carrying: Sequence[str]) -> list[str]:
    """Return what carries nothing: a whole family where it does not matter, else single groups."""
    found, families = shares(explanation), family_shares(explanation)
    named = []
    for family, groups in FAMILIES.items():
        if set(groups) & set(carrying):
            continue
        if families[family] < IDLE:
            named.append(FAMILY_WORDS[family])
        elif families[family] < CARRIES:
            named += [WORDS[group] for group in groups if found[group] < IDLE]
    return named[:_MOST]


def _shares(lost: Mapping[str, float], contrast: float) -> dict[str, float]:
    if contrast < LEAST_CONTRAST:
        return dict.fromkeys(lost, 0.0)
    # Adding 0 makes a minus zero a zero.
    return {name: round(value / contrast, 2) + 0.0 for name, value in lost.items()}


def _joined(parts: Sequence[str], word: str) -> str:
    *first, last = parts
    return f"{', '.join(first)} {word} {last}" if first else last
