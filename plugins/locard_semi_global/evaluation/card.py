"""Puts what an evaluation found into a model's card: thresholds, figures, and other methods'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from locard.errors import LocardError
from locard.evaluation.rows import UNTREATED
from locard_semi_global.evaluation.figures import ALL_TAMPERED, AUTHENTIC, FLAGGED
from locard_semi_global.evaluation.kinds import conditions
from locard_semi_global.evaluation.thresholds import RATE

if TYPE_CHECKING:
    from locard_registry import Card, Comparison, Figure, Model, Threshold
    from locard_semi_global.evaluation.networks import Wanted
    from locard_semi_global.evaluation.results import FigureResult, SpliceResults

_NAMES: Final = {
    "f1": "pixel F1 at 0.5",
    "mcc": "signed pixel MCC at 0.5",
    "auc": "pixel AUC",
    FLAGGED: "share of pictures flagged",
}
_REFINED: Final = ", refined by the CRF"


def into_card(results: SpliceResults, wanted: Wanted) -> str:
    """Write thresholds, figures and comparisons into the card of the model that was measured.

    Args:
        results: Of an evaluation of the block-evidence network; of the newest version, or of the
            version that is named.
        wanted: The network.

    Returns:
        The model's new identity: SHA-256 of the card.

    Raises:
        LocardError: There is no such model, it was not measured, or the card cannot be written.
    """
    from locard_registry import write_card
    from locard_semi_global.localiser import find_model

    model = find_model(wanted.version)
    if all(method.network != wanted.words for method in results.methods):
        raise LocardError(
            f"{wanted.words} was not measured", "Name it among the networks, and measure again."
        )
    return write_card(card_with(model, results, wanted.words), model.folder)


def card_with(model: Model, results: SpliceResults, network: str) -> Card:
    """Return a model's card with what an evaluation found in the place of what was there.

    Args:
        model: The model.
        results: Of its evaluation.
        network: What the results call it.
    """
    return model.card.model_copy(
        update={
            "thresholds": tuple(_thresholds(results, network)),
            "figures": tuple(_figures(results, network)),
            "comparisons": tuple(_comparisons(results, network)),
        }
    )


def _thresholds(results: SpliceResults, network: str) -> Iterator[Threshold]:
    from locard_registry import Threshold

    for one in results.thresholds:
        if one.network == network:
            yield Threshold(
                name=one.kind,
                conditions=conditions(one.file, one.size),
                value=one.value,
                false_alarm_rate=RATE,
                images=one.pictures,
                power=one.power,
                positives=one.tampered or None,
            )


def _figures(results: SpliceResults, network: str) -> Iterator[Figure]:
    from locard_registry import Figure

    for one in results.figures:
        if one.method.network != network or one.method.without or not _told(one):
            continue
        value = round(one.value, 4)
        yield Figure(
            set=one.set,
            stratum=_stratum(one),
            n=one.images,
            figure=_NAMES[one.figure] + (_REFINED if one.method.refined else ""),
            value=value,
            low=None if one.low is None else min(round(one.low, 4), value),
            high=None if one.high is None else max(round(one.high, 4), value),
        )


def _comparisons(results: SpliceResults, network: str) -> Iterator[Comparison]:
    from locard_registry import Comparison

    for one in results.figures:
        if one.method.network == network or one.method.without or not _told(one):
            continue
        yield Comparison(
            method=one.method.words,
            set=one.set,
            stratum=_stratum(one),
            n=one.images,
            figure=_NAMES[one.figure],
            value=round(one.value, 4),
            low=None if one.low is None else round(one.low, 4),
            high=None if one.high is None else round(one.high, 4),
        )


def _told(one: FigureResult) -> bool:
    """Return whether a card tells a figure: of kinds of tampering, and false alarms by source."""
    if one.figure == FLAGGED:
        return one.part.startswith(AUTHENTIC) or one.part == ALL_TAMPERED
    plain = one.part.isascii() and "," not in one.part and not one.part.startswith("area ")
    return one.figure in _NAMES and plain and one.part != ALL_TAMPERED


def _stratum(one: FigureResult) -> str:
    return one.part if one.treatment == UNTREATED else f"{one.part}, {one.treatment}"
