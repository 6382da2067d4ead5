"""The network in onnxruntime: from block evidence to a map, tile by tile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard.errors import LocardError
from locard.inference import open_session
from locard.onnx_file import ModelError
from locard_registry import load
from locard_semi_global.evidence.channels import IDENTITY
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.tiles import FINE, MULTIPLE, Box, tiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from locard_registry import Model
    from locard_semi_global.extraction import Evidence

NAME: Final = "semi-global"
"""Name of the model in the registry."""

_OUTPUT: Final = "logits"
_AT_ONCE: Final = 4
"""Rows of groups in one run of the network: bounds its memory."""


def find_model(version: str | None = None) -> Model:
    """Return the model, held against its card.

    Args:
        version: Of the model; None for the newest that Locard ships.

    Raises:
        ModelError: It is not there, was altered, or was made for other evidence.
    """
    return load(NAME, version, provides=IDENTITY)


class Localiser:
    """A block-evidence network.

    Args:
        model: ONNX file with the inputs ``evidence``, ``medians``, ``spreads`` and ``groups`` and
            the output ``logits``.

    Raises:
        LocardError: It was made for other evidence, onnxruntime cannot run it, or is not
            installed.
    """

    def __init__(self, model: bytes) -> None:
        self._session = open_session(model)
        _check_identity(self._session.get_modelmeta().custom_metadata_map)

    def logits(self, evidence: Evidence, without: Sequence[str] = ()) -> NDArray[np.float32]:
        """Return the map of a whole picture.

        It is made of tiles, so that the memory is bounded; all are judged by the statistics of
        the whole picture.

        Args:
            evidence: Of the picture.
            without: Groups of traces to take out.

        Returns:
            float32, (2 h, 2 w): log odds of being foreign, of 4×4 pixels each.

        Raises:
            LocardError: The model does not give finite numbers of that shape.
        """
        height, width = evidence.values.shape[1:]
        total = np.zeros((FINE * height, FINE * width), np.float32)
        kept = kept_without([without])
        for box, weights in tiles(height, width):
            total[box.fine] += weights * self.within(evidence, box, kept)[0]
        return total

    def within(
        self, evidence: Evidence, box: Box, kept: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return what the network says of a part of a picture, for several sets of groups.

        Args:
            evidence: Of the whole picture, whose statistics hold.
            box: The part.
            kept: float32, (n, groups): 1 where a group is to be seen.

        Returns:
            float32, (n, 2 rows, 2 columns) of the box.

        Raises:
            LocardError: As for :meth:`logits`.
        """
        part = evidence.values[:, *box.cells].astype(np.float32)
        rows, columns = part.shape[1:]
        padding = (0, 0), (0, -rows % MULTIPLE), (0, -columns % MULTIPLE)
        given = {
            "evidence": np.pad(part, padding, mode="edge")[None],
            "medians": evidence.medians[None],
            "spreads": evidence.spreads[None],
        }
        said = [
            self._run({**given, "groups": kept[first : first + _AT_ONCE]})
            for first in range(0, len(kept), _AT_ONCE)
        ]
        return np.concatenate(said)[:, : FINE * rows, : FINE * columns]

    def _run(self, given: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        logits = np.asarray(self._session.run([_OUTPUT], given)[0], np.float32)
        rows, columns = given["evidence"].shape[2:]
        wanted = len(given["groups"]), FINE * rows, FINE * columns
        if logits.shape != wanted or not np.isfinite(logits).all():
            raise LocardError(
                f"the model {NAME} did not give finite numbers of shape {wanted}",
                "Use another version of the model; `locard model list` names them.",
            )
        return logits


def kept_without(taken: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Return the network's input ``groups``: float32, (n, groups), a row for each set taken out."""
    return np.array([[float(group not in some) for group in GROUPS] for some in taken], np.float32)


def _check_identity(metadata: Mapping[str, str]) -> None:
    """Refuse a model that was made for other evidence than this code computes.

    Raises:
        ModelError: Version, channels or groups differ, or the file does not say.
    """
    wrong = [
        f"{name}: {metadata.get(name, 'none')} in the model, {here} here"
        for name, here in IDENTITY.items()
        if metadata.get(name) != here
    ]
    if wrong:
        raise ModelError(
            f"the model {NAME} was made for other evidence than this Locard computes:",
            "Use a version of the model that was made for this Locard, or the Locard that it was "
            "made with.",
            details=wrong,
        )
