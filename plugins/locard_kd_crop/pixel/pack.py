"""Data sets' pictures, decoded once, in a file that is mapped into memory.

A pack is a folder: ``pixels.u8`` has the pictures' bytes (row by row, RGB) one after the other, and
``index.json`` says where each begins and what is known of it.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from locard.errors import LocardError
from locard.image import Image
from locard.text import printable
from locard_kd_crop.datasets.divisions import check_divisions
from locard_kd_crop.datasets.splits import TRAIN, VALIDATION
from locard_kd_crop.pixel.phases import NO_GRID, NOT_CROPPED, phase_class

FORMAT = "locard-pixel-pack/1"
INDEX = "index.json"
PIXELS = "pixels.u8"
MANIFEST = "manifest.csv"
SPLITS = (TRAIN, VALIDATION)
"""The test's pictures are never read here."""

_COLUMNS = ("path", "sha256", "split", "stratum", "grid", "last_tables", "ratio")


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a picture of the pack.

    Attributes:
        data_set: Name of its data set's folder.
        path: Within the data set.
        sha256: Of the file.
        split: ``train`` or ``val``.
        stratum: A to E.
        ratio: Band of table steps, in stratum D.
        phase: Class of its old grid, see :mod:`locard_kd_crop.pixel.phases`.
        height: In pixels.
        width: In pixels.
        start: Its first byte in the file of pixels.
    """

    data_set: str
    path: str
    sha256: str
    split: str
    stratum: str
    ratio: str
    phase: int
    height: int
    width: int
    start: int


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was opened.

    Attributes:
        key: Hash of the data sets' manifests.
        pictures: In the order of the data sets and their manifests.
        pixels: uint8, all pictures' bytes; mapped, read-only.
    """

    key: str
    pictures: tuple[Picture, ...]
    pixels: NDArray[np.uint8]

    def picture(self, number: int) -> NDArray[np.uint8]:
        """Return a picture's pixels: uint8, shape (height, width, 3), read-only."""
        known = self.pictures[number]
        end = known.start + known.height * known.width * 3
        return self.pixels[known.start : end].reshape(known.height, known.width, 3)


def open_pack(
    data_sets: Sequence[Path], cache: Path, advance: Callable[[int, int], None] | None = None
) -> Pack:
    """Open the pack of some data sets; make it if it is not there.

    Args:
        data_sets: Folders that ``locard crop dataset build`` made.
        cache: Where packs are kept. The manifests' hash names a pack: a data set that changed gets
            a new one.
        advance: Told how many pictures are packed, of how many.

    Raises:
        LocardError: A manifest cannot be read, a picture is missing or is not the manifest's, or
            the data sets have a photograph in different splits.
    """
    manifests = [_manifest(folder) for folder in data_sets]
    key = hashlib.sha256(json.dumps([FORMAT, *manifests]).encode()).hexdigest()
    folder = cache / f"pixels-{key[:16]}"
    if not (folder / INDEX).is_file():
        try:
            _make(data_sets, folder, advance or (lambda done, of: None))
        except OSError as error:
            raise LocardError(
                f"cannot write the pack {printable(str(folder))}: {error.strerror}",
                "Make room, or give another cache.",
            ) from None
    return _open(folder, key)


def _manifest(folder: Path) -> str:
    path = folder / MANIFEST
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise LocardError(
            f"the data set {printable(str(folder))} has no manifest that can be read: "
            f"{error.strerror}",
            "Build it with: locard crop dataset build",
        ) from None


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / MANIFEST).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, restval="")
        if absent := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
            raise LocardError(
                f"{printable(str(folder / MANIFEST))} has no column {', '.join(absent)}",
                "It must be a data set that locard crop dataset build made.",
            )
        return list(reader)


def _make(data_sets: Sequence[Path], folder: Path, advance: Callable[[int, int], None]) -> None:
    """Write a pack; its index comes last, so that what was interrupted is begun anew."""
    everything = [(data_set, row) for data_set in data_sets for row in _rows(data_set)]
    check_divisions(data_sets)
    rows = [(data_set, row) for data_set, row in everything if row["split"] in SPLITS]
    folder.mkdir(parents=True, exist_ok=True)
    pictures, start = [], 0
    with (folder / PIXELS).open("wb") as file:
        for done, (data_set, row) in enumerate(rows):
            pixels = _decoded(data_set / row["path"], row["sha256"])
            file.write(pixels.tobytes())
            pictures.append(_known(data_set, row, pixels.shape, start))
            start += pixels.size
            advance(done + 1, len(rows))
    index = {"format": FORMAT, "pictures": [asdict(picture) for picture in pictures]}
    unfinished = folder / f"{INDEX}.part"
    unfinished.write_text(json.dumps(index), "utf-8")
    unfinished.replace(folder / INDEX)


def _decoded(path: Path, sha256: str) -> NDArray[np.uint8]:
    shown = printable(str(path))
    advice = "Run the data set's build again, which makes missing and damaged pictures anew."
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LocardError(f"cannot read {shown}: {error.strerror}", advice) from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise LocardError(f"{shown} is not the picture of the manifest: it was changed", advice)
    try:
        return Image.from_bytes(data).pixels
    except LocardError as error:
        raise LocardError(f"cannot decode {shown}: {error.message}", advice) from None


def _known(data_set: Path, row: dict[str, str], shape: tuple[int, ...], start: int) -> Picture:
    return Picture(
        data_set=data_set.name, path=row["path"], sha256=row["sha256"], split=row["split"],
        stratum=row["stratum"], ratio=row["ratio"], phase=phase_of(row),
        height=shape[0], width=shape[1], start=start,
    )  # fmt: skip


def phase_of(row: dict[str, str]) -> int:
    """Return the class of a manifest's row.

    A picture without an old grid that was stored as JPEG has its last encoder's grid alone, at
    (0, 0); only one that was never stored with loss has none.

    Raises:
        LocardError: The column ``grid`` has something else than two numbers.
    """
    if not row["grid"]:
        return NOT_CROPPED if row["last_tables"] else NO_GRID
    try:
        x, y = (int(value) for value in row["grid"].split(","))
    except ValueError:
        raise LocardError(
            f"the manifest has the grid {printable(row['grid'])}, which is not x,y",
            "It must be a data set that locard crop dataset build made.",
        ) from None
    return phase_class(x, y)


def _open(folder: Path, key: str) -> Pack:
    try:
        index = json.loads((folder / INDEX).read_text("utf-8"))
        pictures = tuple(Picture(**one) for one in index["pictures"])
        pixels = np.memmap(folder / PIXELS, np.uint8, "r")
        last = pictures[-1]
        whole = last.start + last.height * last.width * 3 == pixels.size
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        whole = False
    if not whole:
        raise LocardError(
            f"the pack {printable(str(folder))} is damaged", "Remove it; it is then made again."
        )
    return Pack(key, pictures, pixels)
