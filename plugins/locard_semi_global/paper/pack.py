"""Data sets' pictures and masks, decoded once, in files that are mapped into memory.

A pack is a folder: ``pixels.u8`` has the pictures' bytes (row by row, RGB) one after the other,
``masks.u8`` a byte a pixel (1 where spliced), ``wholes.u8`` each picture reduced to 224×224, and
``index.json`` says what is known of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.errors import LocardError
from locard.text import printable
from locard_semi_global.paper.whole import SIDE, whole

if TYPE_CHECKING:
    from locard.evaluation.datasets.base import Sample
    from locard.evaluation.datasets.loading import Dataset

    U8 = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

TRAIN, VALIDATION = "train", "val"
FORMAT: Final = "locard-patch-pack/1"
INDEX: Final = "index.json"
PIXELS, MASKS, WHOLES = "pixels.u8", "masks.u8", "wholes.u8"
SMALLEST: Final = 64
"""Least side of a picture in pixels."""

_HELD_BACK = 10
"""One group in so many is validated on, where nothing says which pictures are."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a picture of the pack.

    Attributes:
        data_set: Name of its data set's folder.
        name: Within the data set.
        split: ``train`` or ``val``.
        tampered: Whether its mask has any spliced pixel.
        height: In pixels.
        width: In pixels.
        start: Number of its first pixel in the files.
    """

    data_set: str
    name: str
    split: str
    tampered: bool
    height: int
    width: int
    start: int


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A pack that was opened.

    Attributes:
        key: Hash of what it was made of.
        pictures: In the order of the data sets and their names.
        left_out: Pictures that could not be used, and why, a sentence each.
        wholes: uint8, (pictures, 224, 224, 3): each picture as the global network sees it.
    """

    key: str
    pictures: tuple[Picture, ...]
    left_out: tuple[str, ...]
    wholes: U8
    _pixels: U8
    _masks: U8

    def pixels(self, number: int) -> U8:
        """Return a picture's pixels: uint8, (height, width, 3), read-only."""
        one = self.pictures[number]
        size = one.height * one.width
        flat = self._pixels[3 * one.start : 3 * (one.start + size)]
        return flat.reshape(one.height, one.width, 3)

    def mask(self, number: int) -> U8:
        """Return a picture's mask: uint8, (height, width), 1 where spliced, read-only."""
        one = self.pictures[number]
        return self._masks[one.start : one.start + one.height * one.width].reshape(
            one.height, one.width
        )


def open_pack(
    data_sets: Sequence[Dataset],
    validation: Sequence[Dataset],
    cache: Path,
    advance: Callable[[int, int], None] | None = None,
) -> Pack:
    """Open the pack of some data sets; make it if it is not there.

    A picture whose data set says ``split`` goes where that says, and is left out where that is
    neither ``train`` nor ``val``. Of data sets that do not say it, all pictures are learnt from;
    but where nothing else is there to validate on, one group of sources in ten is held back.

    Args:
        data_sets: To learn from, and to be validated on as far as they say so.
        validation: To be validated on.
        cache: Where packs are kept.
        advance: Told how many pictures are packed, of how many.

    Raises:
        LocardError: The pack cannot be written or is damaged, or a split has no picture.
    """
    rows = _rows(data_sets, validation)
    known = [(split, one.facts.sha256, sample.name) for split, one, sample in rows]
    key = hashlib.sha256(json.dumps([FORMAT, known]).encode()).hexdigest()
    folder = cache / f"patches-{key[:16]}"
    if not (folder / INDEX).is_file():
        try:
            _make(rows, folder, advance or (lambda done, of: None))
        except OSError as error:
            raise LocardError(
                f"cannot write the pack {printable(str(folder))}: {error.strerror}",
                "Make room, or give another cache.",
            ) from None
    return _open(folder, key)


_Row = tuple[str, "Dataset", "Sample"]


def _rows(data_sets: Sequence[Dataset], validation: Sequence[Dataset]) -> list[_Row]:
    """Return the pictures of both splits, with the split of each."""
    given = [(one, TRAIN) for one in data_sets] + [(one, VALIDATION) for one in validation]
    rows = [
        (sample.facts.get("split", otherwise), one, sample)
        for one, otherwise in given
        for sample in one.samples
        if not sample.tampered or (sample.mask and sample.name not in one.without_truth)
    ]
    rows = [row for row in rows if row[0] in (TRAIN, VALIDATION)]
    if all(split == TRAIN for split, _, _ in rows):
        rows = [(_held_back(sample), one, sample) for _, one, sample in rows]
    for split in (TRAIN, VALIDATION):
        if all(row[0] != split for row in rows):
            raise LocardError(
                f"the data sets have no pictures of the split {split}",
                "Name more data sets, or some with --validation.",
            )
    return rows


def _held_back(sample: Sample) -> str:
    digest = hashlib.sha256((sample.group or sample.name).encode()).digest()
    return VALIDATION if digest[0] % _HELD_BACK == 0 else TRAIN


def _make(rows: Sequence[_Row], folder: Path, advance: Callable[[int, int], None]) -> None:
    """Write a pack; its index comes last, so that what was interrupted is begun anew."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[Picture] = []
    left_out: list[str] = []
    start = 0
    with (
        (folder / PIXELS).open("wb") as pixels_file,
        (folder / MASKS).open("wb") as masks_file,
        (folder / WHOLES).open("wb") as wholes_file,
    ):
        for done, (split, data_set, sample) in enumerate(rows):
            advance(done + 1, len(rows))
            try:
                pixels, mask = _decoded(data_set, sample)
            except LocardError as error:
                left_out.append(f"{printable(sample.name)}: {error.message}")
                continue
            pixels_file.write(pixels.tobytes())
            masks_file.write(mask.tobytes())
            wholes_file.write(whole(pixels).tobytes())
            height, width = mask.shape
            pictures.append(
                Picture(
                    data_set.folder.name, sample.name, split, bool(mask.any()), height, width, start
                )
            )
            start += mask.size
    index = {
        "format": FORMAT,
        "pictures": [asdict(picture) for picture in pictures],
        "left_out": left_out,
    }
    unfinished = folder / f"{INDEX}.part"
    unfinished.write_text(json.dumps(index), "utf-8")
    unfinished.replace(folder / INDEX)


def _decoded(data_set: Dataset, sample: Sample) -> tuple[U8, U8]:
    """Return pixels and mask of a picture, grey ones with three equal channels.

    Raises:
        LocardError: It is too small, cannot be decoded, or its mask is missing or of another size.
    """
    from locard.image import Image

    pixels = Image.from_path(sample.path).pixels
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST:
        raise LocardError(f"it has {width}×{height} pixels; {SMALLEST} a side is the least")
    return pixels, data_set.truth(sample, height, width).astype(np.uint8)


def _open(folder: Path, key: str) -> Pack:
    try:
        index = json.loads((folder / INDEX).read_text("utf-8"))
        pictures = tuple(Picture(**one) for one in index["pictures"])
        left_out = tuple(str(one) for one in index["left_out"])
        pixels, masks, wholes = (
            np.memmap(folder / name, np.uint8, "r") for name in (PIXELS, MASKS, WHOLES)
        )
        last = pictures[-1]
        size = last.start + last.height * last.width
        shown = wholes.reshape(len(pictures), SIDE, SIDE, 3)
        whole_files = pixels.size == 3 * size and masks.size == size
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        whole_files = False
    if not whole_files:
        raise LocardError(
            f"the pack {printable(str(folder))} is damaged, or no picture could be used",
            "Remove it; it is then made again.",
        )
    return Pack(key, pictures, left_out, shown, pixels, masks)
