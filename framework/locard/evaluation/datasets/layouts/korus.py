"""Realistic Tampering Dataset of Korus and Huang."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from locard.evaluation.datasets.base import AUTHENTIC, HISTORY, NEVER_COMPRESSED, Layout, Sample
from locard.evaluation.datasets.layouts.files import (
    by_stem,
    folders_below,
    images,
    missing,
    name_in,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TAMPERED = "tampered-realistic"

_NOT_BLACK = 11


class Korus(Layout):
    """220 realistic forgeries made by hand from raw photographs of four cameras.

    ``data-images/<camera>/{pristine,tampered-realistic}/<name>.TIF`` and
    ``<camera>/ground-truth/<name>.PNG``, of which white (changed content) and grey (collateral
    change, as of shadows) both count as tampered, as the data set's own page says for standard
    evaluation. Objects were added and removed; which, no file says, so all are of the kind
    ``tampered``. A photograph and its forgery are one group. Nothing was ever compressed.

    Checked against the data set's own description and public loaders only, not against the files.
    """

    name = "korus"
    summary = "Korus & Huang: <camera>/pristine, <camera>/tampered-realistic, <camera>/ground-truth"
    source = (
        "P. Korus, J. Huang: Multi-scale analysis strategies in PRNU-based tampering localization, "
        "IEEE TIFS 12(4), 2017; pkorus.pl/downloads/dataset-realistic-tampering"
    )

    def recognises(self, folder: Path) -> bool:
        """Return whether a camera's folder is there."""
        return bool(_cameras(folder))

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        cameras = _cameras(folder)
        if not cameras:
            raise missing(self.name, folder, f"camera's folder with {TAMPERED}")
        found = [sample for camera in cameras for sample in _of_camera(folder, camera)]
        yield from sorted(found, key=lambda sample: sample.name)

    def truth(self, sample: Sample) -> NDArray[np.bool_]:
        """Read a mask: what is not black is tampered."""
        from locard.evaluation.datasets.masks import read_bright

        assert sample.mask is not None  # noqa: S101  the caller's part of the contract
        return read_bright(sample.mask, _NOT_BLACK)


def _cameras(folder: Path) -> list[Path]:
    return [here for here in folders_below(folder, 3) if (here / TAMPERED).is_dir()]


def _of_camera(folder: Path, camera: Path) -> Iterator[Sample]:
    masks = by_stem(images(camera / "ground-truth"))
    facts = {HISTORY: NEVER_COMPRESSED, "camera": camera.name}
    for kind, below in ((AUTHENTIC, "pristine"), ("tampered", TAMPERED)):
        for path in images(camera / below):
            stem = path.stem.lower()
            mask = masks.get(stem) if kind != AUTHENTIC else None
            group = f"{camera.name}/{stem}"
            yield Sample(name_in(folder, path), path, kind, mask, group, facts)
