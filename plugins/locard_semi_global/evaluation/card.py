"""Puts what an evaluation found into a model's card: thresholds, figures, and other methods'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal

from locard.errors import LocardError
from locard.evaluation.rows import UNTREATED
from locard_semi_global.evaluation.figures import ALL_TAMPERED, AUTHENTIC, FLAGGED
from locard_semi_global.evaluation.kinds import conditions
from locard_semi_global.evaluation.thresholds import RATE

if TYPE_CHECKING:
    from locard_registry import Card, Comparison, Figure, Threshold
    from locard_semi_global.evaluation.networks import Wanted
    from locard_semi_global.evaluation.results import FigureResult, SpliceResults

_NAMES: Final = {
    "f1": "pixel F1 at 0.5",
    "mcc": "signed pixel MCC at 0.5",
    "auc": "pixel AUC",
    FLAGGED: "share of pictures flagged",
}
_REFINED: Final = ", refined by the CRF"


Part = Literal["figures", "thresholds"]
"""``figures``: of pixels, and other methods'; ``thresholds``: with the shares that they flag."""

PARTS: Final[tuple[Part, ...]] = ("figures", "thresholds")


def into_card(results: SpliceResults, wanted: Wanted, parts: Sequence[Part] = PARTS) -> str:
    """Write what an evaluation found into the card of the model that was measured.

    Thresholds take the place of all that were there, figures that of the same sets'.

    Args:
        results: Of an evaluation of the block-evidence network; of the newest version, or of the
            version that is named.
        wanted: The network.
        parts: What is written.

    Returns:
        The model's new identity: SHA-256 of the card.

    Raises:
        LocardError: There is no such model, it was not measured, it would have no thresholds, or
            the card cannot be written.
    """
    from locard_registry import write_card
    from locard_semi_global.localiser import find_model

    model = find_model(wanted.version)
    if all(method.network != wanted.words for method in results.methods):
        raise LocardError(
            f"{wanted.words} was not measured", "Name it among the networks, and measure again."
        )
    card = card_with(model.card, results, wanted.words, parts)
    if "thresholds" in parts and not card.thresholds:
        raise LocardError(
            "there are too few authentic photographs of any kind of source to set a threshold",
            "Measure on more data sets.",
        )
    return write_card(card, model.folder)


def card_with(
    card: Card, results: SpliceResults, network: str, parts: Sequence[Part] = PARTS
) -> Card:
    """Return a card with what an evaluation found, see :func:`into_card`.

    Args:
        card: Of the model.
        results: Of its evaluation.
        network: What the results call it.
        parts: What is written.
    """
    figures = [one for part in parts for one in _figures(results, network, part)]
    others = [one for part in parts for one in _comparisons(results, network, part)]
    new = {_what(one) for one in figures}
    told = {_what(one) for one in others}
    changed: dict[str, object] = {
        "figures": (*(one for one in card.figures if _what(one) not in new), *figures),
        "comparisons": (*(one for one in card.comparisons if _what(one) not in told), *others),
    }
    if "thresholds" in parts:
        changed["thresholds"] = tuple(_thresholds(results, network))
    return card.model_copy(update=changed)


def _what(one: Figure | Comparison) -> tuple[str, bool]:
    """Return what figures replace one another by: their set, and whether pictures are counted."""
    return one.set, one.figure == _NAMES[FLAGGED]


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


def _figures(results: SpliceResults, network: str, part: Part) -> Iterator[Figure]:
    from locard_registry import Figure

    for one in results.figures:
        if one.method.network != network or one.method.without or not _told(one, part):
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


def _comparisons(results: SpliceResults, network: str, part: Part) -> Iterator[Comparison]:
    from locard_registry import Comparison

    for one in results.figures:
        if one.method.network == network or one.method.without or not _told(one, part):
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


def _told(one: FigureResult, part: Part) -> bool:
    """Return whether a card tells a figure: of kinds of tampering, and false alarms by source."""
    if part == "thresholds":
        return one.figure == FLAGGED and (one.part.startswith(AUTHENTIC) or _of_kind(one.part))
    return one.figure != FLAGGED and one.figure in _NAMES and _of_kind(one.part)


def _of_kind(part: str) -> bool:
    return part not in (ALL_TAMPERED, AUTHENTIC) and "," not in part and "area " not in part


def _stratum(one: FigureResult) -> str:
    return one.part if one.treatment == UNTREATED else f"{one.part}, {one.treatment}"
