"""Plain folders of images and masks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from locard.evaluation.datasets import AUTHENTIC, Layout, Sample
from locard.evaluation.datasets.layouts.files import (
    child,
    images,
    images_below,
    missing,
    name_in,
)

_MASK_SUFFIX = re.compile(r"[_-](gt|mask)$")
_NOT_KEBAB = re.compile(r"[^a-z0-9]+")


class Folder(Layout):
    """Images and masks in folders that say what they are. Masks are white where it was tampered.

    Three orders:

    * ``authentic``, ``tampered``, ``masks``: one of the first two may be missing. Folders in
      ``tampered`` name kinds: ``tampered/splice/a.jpg`` is of the kind ``splice``, what lies in
      ``tampered`` itself of the kind ``tampered``.
    * ``images``, ``masks``: what has a mask is tampered, what has none is authentic. Where a mask
      may be missing, take the first order or a manifest.
    * images in the folder itself and no such folders: all authentic. This order is not recognised:
      ``--layout folder`` must say so.

    A mask has the name of its image, with any image's ending, and may have ``_gt`` or ``_mask``
    after it. Checked against real files in the first and third order.
    """

    name = "folder"
    summary = "authentic/, tampered/, masks/; or images/, masks/; or photographs alone (authentic)"
    general = True

    def recognises(self, folder: Path) -> bool:
        """Return whether the folders of the first or second order are there."""
        return any(
            child(folder, first).is_dir() and child(folder, second).is_dir()
            for first, second in (("tampered", "masks"), ("images", "masks"))
        )

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        masks = _masks(folder)
        found = [*_by_class(folder, masks), *_by_mask(folder, masks)]
        if not found:
            found = [Sample(name_in(folder, p), p, AUTHENTIC) for p in images(folder)]
        if not found:
            raise missing(
                self.name, folder, "images, nor tampered/, authentic/ or images/ with any"
            )
        yield from sorted(found, key=lambda sample: sample.name)


def _masks(folder: Path) -> dict[str, Path]:
    """Return masks by what the path of their image below its folder is, without ending."""
    top = child(folder, "masks")
    paths = {
        path.relative_to(top).with_suffix("").as_posix().lower(): path for path in images_below(top)
    }
    without_suffix = {_MASK_SUFFIX.sub("", name): path for name, path in paths.items()}
    return {**without_suffix, **paths}


def _with_masks(top: Path, masks: dict[str, Path]) -> Iterator[tuple[Path, Path | None]]:
    """Yield the images below a folder, each with its mask.

    A mask lies at the same place below ``masks``, or straight in it where no other image has that
    name.
    """
    found = list(images_below(top))
    once = Counter(path.stem.lower() for path in found)
    for path in found:
        mask = masks.get(path.relative_to(top).with_suffix("").as_posix().lower())
        stem = path.stem.lower()
        yield path, mask or (masks.get(stem) if once[stem] == 1 else None)


def _by_class(folder: Path, masks: dict[str, Path]) -> Iterator[Sample]:
    for path in images_below(child(folder, "authentic")):
        yield Sample(name_in(folder, path), path, AUTHENTIC)
    top = child(folder, "tampered")
    for path, mask in _with_masks(top, masks):
        below = path.relative_to(top).parts[:-1]
        kind = _NOT_KEBAB.sub("-", below[0].lower()).strip("-") if below else ""
        if kind in ("", AUTHENTIC):
            kind = "tampered"
        yield Sample(name_in(folder, path), path, kind, mask)


def _by_mask(folder: Path, masks: dict[str, Path]) -> Iterator[Sample]:
    for path, mask in _with_masks(child(folder, "images"), masks):
        yield Sample(name_in(folder, path), path, "tampered" if mask else AUTHENTIC, mask)
