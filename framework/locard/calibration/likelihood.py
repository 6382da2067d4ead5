"""A likelihood ratio, or why there is none, in figures and words.

The words claim what a likelihood ratio says and nothing more: how much more probable a score is
under one hypothesis than under another. How probable a hypothesis is depends on everything else
that is known of a case, and is not for a method to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

SCALE = (
    (1_000_000, "extremely strong support"),
    (10_000, "very strong support"),
    (1_000, "strong support"),
    (100, "moderately strong support"),
    (10, "moderate support"),
    (2, "weak support"),
)
"""Lowest likelihood ratio, and the words for it. Source: ENFSI Guideline for Evaluative Reporting
in Forensic Science (2015), verbal scale with six steps."""

Bound = Literal["lower", "upper"]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A calibrated log-likelihood ratio.

    Attributes:
        log10_lr: To base 10, of H1 over H2; bounded.
        bound: Which bound was reached: the data support no ratio farther from 1.
        stratum: Name of the stratum of the calibration whose conditions the exhibit meets.
        calibration: SHA-256 of the calibration.
        explanation: What the ratio says, in words.
    """

    log10_lr: float
    bound: Bound | None
    stratum: str
    calibration: str
    explanation: str

    def plain(self) -> dict[str, Any]:
        """Return what a finding carries."""
        return {**asdict(self), "refused": None}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a calibration gives no likelihood ratio.

    Attributes:
        reason: ``outside-conditions``, ``other-method`` or ``no-score``.
        explanation: In words.
        calibration: SHA-256 of the calibration.
    """

    reason: Literal["outside-conditions", "other-method", "no-score"]
    explanation: str
    calibration: str

    def plain(self) -> dict[str, Any]:
        """Return what a finding carries."""
        return {
            "log10_lr": None,
            "bound": None,
            "stratum": None,
            "refused": self.reason,
            "explanation": self.explanation,
            "calibration": self.calibration,
        }


def in_words(log10_lr: float, bound: Bound | None, h1: str, h2: str) -> str:
    """Say what a likelihood ratio says.

    Args:
        log10_lr: To base 10.
        bound: Which bound was reached.
        h1: "the image is …", to follow "if".
        h2: The same, of the other hypothesis.
    """
    ratio = 10.0 ** abs(log10_lr)
    more, less = (h1, h2) if log10_lr > 0 else (h2, h1)
    if _rounded(ratio) == "1.0":
        said = f"The score is about as probable if {h1} as if {h2}"
    else:
        said = f"The score is about {_rounded(ratio)} times more probable if {more} than if {less}"
    reached = "; the data support no ratio farther from 1" if bound else ""
    return f"{said}{reached}. That is {support(ratio)} (ENFSI 2015)."


def likelihood_words(plain: Mapping[str, Any]) -> str:
    """Return what a finding's likelihood says, as terminals and reports print it.

    Args:
        plain: As findings carry it.
    """
    if plain["refused"]:
        return f"No likelihood ratio. {plain['explanation']}"
    return f"log10 LR {plain['log10_lr']:.2f} ({plain['stratum']}). {plain['explanation']}"


def support(ratio: float) -> str:
    """Return the ENFSI words for a ratio of at least 1."""
    for least, words in SCALE:
        if ratio >= least:
            return f"{words} for the former over the latter"
    return "no support for one over the other"


def _rounded(ratio: float) -> str:
    """Return a ratio of at least 1 with two significant digits; more would claim too much."""
    if ratio < 9.95:
        return f"{ratio:.1f}"
    return f"{float(f'{ratio:.2g}'):,.0f}"
