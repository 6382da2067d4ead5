"""COVERAGE: copy-moves beside similar but genuine objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from locard.evaluation.datasets import AUTHENTIC, Layout, Sample
from locard.evaluation.datasets.layouts.files import (
    by_stem,
    child,
    find_folder,
    images,
    missing,
    name_in,
)

_NAME = re.compile(r"(\d+)(t?)")


class Coverage(Layout):
    """100 photographs and 100 copy-moves in them, in which the copied object has a double anyway.

    ``image/7.tif`` is the photograph, ``image/7t.tif`` the copy-move, ``mask/7forged.tif`` its
    mask, white where the copy was pasted (``7copy.tif`` and ``7paste.tif`` are the object that was
    copied and its double). A photograph and its copy-move are one group. Some published masks have
    not the size of their image: they become problems.

    Checked against descriptions and public loaders only, not against the files.
    """

    name = "coverage"
    summary = "COVERAGE: image/ with 1.tif and 1t.tif, mask/ with 1forged.tif"
    source = (
        "B. Wen, Y. Zhu, R. Subramanian, T.-T. Ng, X. Shen, S. Winkler: COVERAGE, a novel database "
        "for copy-move forgery detection, ICIP 2016; github.com/wenbihan/coverage"
    )

    def recognises(self, folder: Path) -> bool:
        """Return whether ``image`` and ``mask`` are there, and a mask of a forged region."""
        top = find_folder(folder, "image", "mask")
        return top is not None and any(
            path.stem.lower().endswith("forged") for path in images(child(top, "mask"))
        )

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        top = find_folder(folder, "image", "mask")
        if top is None:
            raise missing(self.name, folder, "image and mask")
        masks = by_stem(images(child(top, "mask")))
        for path in images(child(top, "image")):
            parts = _NAME.fullmatch(path.stem.lower())
            if parts:
                number, forged = parts[1], bool(parts[2])
                kind = "copy-move" if forged else AUTHENTIC
                mask = masks.get(f"{number}forged") if forged else None
                yield Sample(name_in(folder, path), path, kind, mask, number)
