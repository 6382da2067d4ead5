"""The order in which these data sets keep their images, for ``locard evaluate``."""

from __future__ import annotations

from pathlib import Path

from locard.evaluation.datasets.layouts.manifest import Manifest

NOTE = "crop-dataset.json"
"""The file that says what the data set was made of."""


class CropPairs(Manifest):
    """A manifest of pairs, as ``locard crop dataset build`` writes it; there are no masks."""

    name = "crop-pairs"
    summary = "pairs of a cropped and an uncropped picture (locard crop dataset build)"
    image_level = True

    def recognises(self, folder: Path) -> bool:
        """Return whether the folder says that it is such a data set."""
        return super().recognises(folder) and (folder / NOTE).is_file()
