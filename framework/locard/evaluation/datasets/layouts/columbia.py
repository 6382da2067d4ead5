"""Columbia Uncompressed Image Splicing Detection Evaluation Dataset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from locard.evaluation.datasets.base import AUTHENTIC, HISTORY, NEVER_COMPRESSED, Layout, Sample
from locard.evaluation.datasets.layouts.files import (
    by_stem,
    find_folder,
    folders_below,
    images,
    missing,
    name_in,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Columbia(Layout):
    """183 photographs of four cameras and 180 splices of them, all never compressed.

    ``4cam_auth``, ``4cam_splc``, and in the latter ``edgemask/<name>_edgemask.jpg``: red (bright
    near the seam) for pixels of the camera that is named first, green for those of the second. The
    green part counts as the tampered one, as public evaluations do; which part was pasted into
    which, the colours do not say. Archives that unpack into ``4cam_splc/4cam_splc`` are understood.

    Checked against the data set's page and public loaders only, not against the files.
    """

    name = "columbia"
    summary = "Columbia uncompressed: 4cam_auth/, 4cam_splc/ with edgemask/"
    source = (
        "Y.-F. Hsu, S.-F. Chang: Detecting image splicing using geometry invariants and camera "
        "characteristics consistency, ICME 2006; "
        "www.ee.columbia.edu/ln/dvmm/downloads/authsplcuncmp"
    )

    def recognises(self, folder: Path) -> bool:
        """Return whether both folders are there."""
        return find_folder(folder, "4cam_auth", "4cam_splc") is not None

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        top = find_folder(folder, "4cam_auth", "4cam_splc")
        if top is None:
            raise missing(self.name, folder, "4cam_auth and 4cam_splc")
        masks: dict[str, Path] = {}
        found: list[tuple[str, Path, bool]] = []
        for here in folders_below(top):
            above = [part.lower() for part in here.relative_to(top).parts]
            if "edgemask" in above:
                masks |= by_stem(images(here))
            elif above:
                spliced = above[0] == "4cam_splc"
                found += [(name_in(folder, path), path, spliced) for path in images(here)]
        for name, path, spliced in sorted(found):
            yield Sample(
                name,
                path,
                "splice" if spliced else AUTHENTIC,
                masks.get(f"{path.stem.lower()}_edgemask") if spliced else None,
                facts={HISTORY: NEVER_COMPRESSED, "camera": _cameras(path.stem, spliced)},
            )

    def truth(self, sample: Sample) -> NDArray[np.bool_]:
        """Read a mask: True where it is more green than red (masks are JPEGs: colours bleed)."""
        from locard.evaluation.datasets.masks import read_pixels

        assert sample.mask is not None  # noqa: S101  the caller's part of the contract
        pixels = read_pixels(sample.mask)
        green: NDArray[np.bool_] = pixels[:, :, 1] > pixels[:, :, 0]
        return green


def _cameras(stem: str, spliced: bool) -> str:
    """Return which cameras took an image: ``canong3``, ``canong3+canonxt``."""
    parts = stem.lower().split("_")
    return "+".join(parts[: 2 if spliced else 1])
