"""The paper's networks as their models run them: in onnxruntime, on whole pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard.errors import LocardError
from locard.inference import open_session
from locard_semi_global.paper.blending import PatchMap, Stride, look
from locard_semi_global.paper.whole import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_registry import Model

GLOBAL_FILE: Final = "global.onnx"
"""The file of the network that sees the whole picture, in the model of ``sgn-paper``."""

IDENTITY: Final = {"semi-global-patches": "1"}
"""How patches and whole pictures are made: what a model requires of this code."""

NAMES: Final = ("sgn-paper", "jcs")

_TOP_SHARE = 0.01
_SPLICED = 1


class PatchLocaliser:
    """A patch network, opened.

    Args:
        model: ONNX file with the input ``patches``, for ``sgn-paper`` also ``features``, and the
            outputs ``mask`` and ``label``.
        global_model: ONNX file from ``picture`` to ``features``; None for ``jcs``.

    Raises:
        LocardError: onnxruntime cannot run them, or is not installed.
    """

    def __init__(self, model: bytes, global_model: bytes | None) -> None:
        self._session = open_session(model)
        self._global = None if global_model is None else open_session(global_model)

    @classmethod
    def of(cls, model: Model) -> PatchLocaliser:
        """Open a model of the registry."""
        has_global = any(listed.file == GLOBAL_FILE for listed in model.card.files)
        return cls(model.onnx(), model.onnx(GLOBAL_FILE) if has_global else None)

    def look(self, pixels: NDArray[np.uint8], stride: Stride = 32) -> PatchMap:
        """Judge a whole picture.

        Args:
            pixels: uint8, (height, width, 3), 64 pixels a side at least.
            stride: Pixels from patch to patch; 64 as published.

        Raises:
            LocardError: The picture is too small, or the model does not give finite numbers.
        """
        features = self.features(pixels)
        return look(pixels, lambda patches: self.judge(patches, features), stride)

    def features(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Return what the global network says of a picture, float32, (1, features), or None."""
        if self._global is None:
            return None
        picture = whole(pixels).transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        found = self._global.run(["features"], {"picture": picture})[0]
        return np.asarray(found, np.float32)

    def judge(
        self, patches: NDArray[np.uint8], features: NDArray[np.float32] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the probabilities of being spliced of patches' pixels, and of the patches.

        Args:
            patches: uint8, (n, 64, 64, 3).
            features: Of their picture, float32, (1, features); None for ``jcs``.

        Raises:
            LocardError: The model does not give finite numbers.
        """
        given = {"patches": patches.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)}
        if features is not None:
            given["features"] = np.repeat(features, len(patches), axis=0)
        mask, label = self._session.run(["mask", "label"], given)
        spliced = np.exp(mask[:, _SPLICED]), np.exp(label[:, _SPLICED])
        if not all(np.isfinite(one).all() for one in spliced):
            raise LocardError(
                "the model did not give finite numbers",
                "Use another version of the model; `locard model list` names them.",
            )
        return spliced


def score_of(values: NDArray[np.float32]) -> float:
    """Return a picture's score: log odds of the mean over its most suspicious hundredth.

    Args:
        values: Probabilities, float32, (height, width): the map as the network gave it.
    """
    count = max(1, round(values.size * _TOP_SHARE))
    flat = values.ravel()
    top = np.partition(flat, flat.size - count)[flat.size - count :].astype(np.float64)
    mean = float(np.clip(top.mean(), 1e-6, 1 - 1e-6))
    return float(np.log(mean / (1 - mean)))
