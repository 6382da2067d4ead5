"""The block-evidence network, as the detector runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from locard.errors import LocardError
from locard_semi_global.evaluation.networks import REFINER, Look
from locard_semi_global.evidence.cells import SIDE
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.localiser import Localiser, find_model
from locard_semi_global.marking import marked
from locard_semi_global.score import image_score
from locard_semi_global.tiles import FINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locard_semi_global.evaluation.networks import Parameters, Picture

CELL: Final = SIDE // FINE
"""Side in pixels of what a value of the map stands for."""


class SemiGlobal:
    """The block-evidence network of the registry.

    Args:
        version: Of the model; None for the newest.

    Raises:
        LocardError: It is not there, was altered, or cannot be run.
    """

    def __init__(self, version: str | None = None) -> None:
        model = find_model(version)
        self.refinement: Parameters = model.card.refinement.get(REFINER, {})
        self._localiser = Localiser(model.onnx())

    def looks(self, picture: Picture, without: Sequence[tuple[str, ...]]) -> list[Look]:
        """See :meth:`locard_semi_global.evaluation.networks.Network.looks`."""
        unknown = sorted({group for some in without for group in some} - set(GROUPS))
        if unknown:
            raise LocardError(
                f"there is no group of traces {', '.join(unknown)}",
                f"There are: {', '.join(GROUPS)}.",
            )
        maps = (self._localiser.logits(picture.evidence, some) for some in without)
        return [Look(marked(logits), CELL, image_score(logits)) for logits in maps]
