"""The paper's networks, as their models run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_registry import load
from locard_semi_global.evaluation.networks import REFINER, Look
from locard_semi_global.paper.localising import IDENTITY, PatchLocaliser, score_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locard_semi_global.evaluation.networks import Parameters, Picture

_LEAST: Final = np.float32(1e-6)  # probability that a logit is taken of


class PatchNetwork:
    """A network of the paper, from the registry.

    Args:
        name: ``sgn-paper`` or ``jcs``.
        version: Of the model; None for the newest.

    Raises:
        LocardError: It is not there, was altered, or cannot be run.
    """

    def __init__(self, name: str, version: str | None = None) -> None:
        model = load(name, version, provides=IDENTITY)
        self.refinement: Parameters = model.card.refinement.get(REFINER, {})
        self._localiser = PatchLocaliser.of(model)

    def looks(self, picture: Picture, without: Sequence[tuple[str, ...]]) -> list[Look]:
        """See :meth:`locard_semi_global.evaluation.networks.Network.looks`."""
        values = self._localiser.look(picture.image.pixels).values
        bounded = np.clip(values, _LEAST, 1 - _LEAST)
        logits = np.log(bounded) - np.log1p(-bounded)
        return [Look(logits, 1, score_of(values)) for _ in without]
