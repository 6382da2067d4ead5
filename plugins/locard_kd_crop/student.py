"""The model that the detector runs: from the registry, held against its card, in one session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard.errors import LocardError
from locard.inference import open_session
from locard_kd_crop.phase.evidence import IDENTITY, Evidence
from locard_kd_crop.phase.labels import CLASSES
from locard_registry import load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_registry import Model

NAME: Final = "kd-crop"
"""Name of the model in the registry."""

_OUTPUT = "logits"


def find_model(version: str | None = None) -> Model:
    """Return the model, held against its card.

    Args:
        version: Of the model; None for the newest that Locard ships.

    Raises:
        ModelError: It is not there, was altered, or was made for other evidence.
    """
    return load(NAME, version, provides=IDENTITY)


class Student:
    """A phase network in onnxruntime.

    Args:
        model: ONNX file with the inputs ``evidence``, ``table`` and ``windows`` and the output
            ``logits``.

    Raises:
        LocardError: onnxruntime cannot run it, or is not installed.
    """

    def __init__(self, model: bytes) -> None:
        self._session = open_session(model)

    def logits(self, evidence: Evidence, table: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """Return the logits of the 65 classes for a picture, or a part of one.

        Args:
            evidence: Of the picture or part.
            table: int64, (8, 8), luma table of the file; None where it has none.

        Returns:
            float64, (65,), in nats.

        Raises:
            LocardError: They are not 65 finite numbers.
        """
        steps = np.zeros(64) if table is None else table.ravel()
        given = {
            "evidence": evidence.terms[None],
            "table": steps[None].astype(np.float32),
            "windows": evidence.windows[None].astype(np.float32),
        }
        logits = np.asarray(self._session.run([_OUTPUT], given)[0], np.float64).ravel()
        if logits.shape != (CLASSES,) or not np.isfinite(logits).all():
            raise LocardError(
                f"the model {NAME} did not give {CLASSES} finite numbers",
                "Use another version of the model; `locard model list` names them.",
            )
        return logits
