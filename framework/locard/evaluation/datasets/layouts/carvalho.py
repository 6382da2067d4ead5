"""DSO-1 and DSI-1 of Carvalho et al."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from locard.evaluation.datasets import AUTHENTIC, Layout, Sample
from locard.evaluation.datasets.layouts.files import (
    by_stem,
    child,
    find_folder,
    images,
    missing,
    name_in,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SETS = ("DSO-1", "DSI-1")


class Carvalho(Layout):
    """100 photographs of people and 100 with a person added (DSO-1); 25 and 25 of the web (DSI-1).

    ``DSO-1/normal-01.png``, ``DSO-1/splicing-01.png``, ``DSO-1-Fake-Images-Masks/splicing-01.png``;
    masks are **black** where the image is tampered. The PNG files were JPEGs before, so they are
    lossless files with a lossy past. DSI-1 is taken where it lies beside, in the same order; other
    files are not looked at.

    DSO-1 is checked against descriptions and public loaders only, not against the files; that DSI-1
    has the same order is an assumption.
    """

    name = "carvalho"
    summary = "DSO-1 (and DSI-1): DSO-1/ and DSO-1-Fake-Images-Masks/, as in tifs-database"
    source = (
        "T. J. de Carvalho, C. Riess, E. Angelopoulou, H. Pedrini, A. Rocha: Exposing digital "
        "image forgeries by illumination color classification, IEEE TIFS 8(7), 2013"
    )

    def recognises(self, folder: Path) -> bool:
        """Return whether a folder of images and one of masks are there."""
        return bool(_tops(folder))

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        tops = _tops(folder)
        if not tops:
            raise missing(self.name, folder, "DSO-1 with DSO-1-Fake-Images-Masks")
        found: list[Sample] = []
        for name, top in tops.items():
            masks = by_stem(images(child(top, f"{name}-Fake-Images-Masks")))
            for path in images(child(top, name)):
                stem = path.stem.lower()
                if stem.startswith(("normal", "splicing")):
                    spliced = stem.startswith("splicing")
                    kind, mask = ("splice", masks.get(stem)) if spliced else (AUTHENTIC, None)
                    facts = {"part": name}
                    found.append(Sample(name_in(folder, path), path, kind, mask, facts=facts))
        yield from sorted(found, key=lambda sample: sample.name)

    def truth(self, sample: Sample) -> NDArray[np.bool_]:
        """Read a mask: black is tampered."""
        from locard.evaluation.datasets.masks import read_dark

        assert sample.mask is not None  # noqa: S101  the caller's part of the contract
        return read_dark(sample.mask)


def _tops(folder: Path) -> dict[str, Path]:
    """Return where each of the two sets lies."""
    found = {name: find_folder(folder, name, f"{name}-Fake-Images-Masks") for name in _SETS}
    return {name: top for name, top in found.items() if top is not None}
