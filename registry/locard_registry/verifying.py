"""Holds models against their cards, and says what receipts are held against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from locard.errors import LocardError
from locard.onnx_file import ModelError
from locard_registry import places
from locard_registry.loading import Entry, read, verified
from locard_registry.places import CARD_FILE, Place


def differences(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with a model, a sentence each; nothing where it can be used.

    Args:
        entry: As the catalogue lists it.
    """
    if entry.error is not None:
        yield entry.error
    if entry.card is None:
        return
    wrong = False
    for listed in entry.card.listed:
        try:
            verified(entry.folder, listed)
        except ModelError as error:
            wrong = True
            yield error.sentences
    if not wrong:
        try:
            read(Place(entry.name, entry.version, entry.folder))
        except LocardError as error:
            yield error.sentences
    names = {CARD_FILE, *(listed.file for listed in entry.card.listed)}
    for path in sorted(entry.folder.rglob("*")):
        if path.relative_to(entry.folder).as_posix() not in names and not path.is_dir():
            yield f"{path} lies in the model's folder, and the card does not name it"


def hashes_of(name: str, version: str, roots: tuple[Path, ...] | None = None) -> Mapping[str, str]:
    """Return the hashes of a model's files as they are now, to hold receipts against.

    Args:
        name: Name of the model.
        version: Its version.
        roots: Folders of models; None for those of this process.

    Returns:
        SHA-256 by file name, of ONNX files and of the card; empty where there is no such model.

    Raises:
        ModelError: A folder or file of models cannot be read.
    """
    within = places.roots() if roots is None else roots
    found: dict[str, str] = {}
    for place in places.find(name, version, within):
        for path in sorted(place.folder.iterdir()):
            if path.name == CARD_FILE or path.suffix == ".onnx":
                found.setdefault(path.name, _sha256(path))
    return found


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from None
