"""From folders to models: every byte that is handed out was held against the card first."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.detectors import ModelReference
from locard.onnx_file import ModelError, check_onnx
from locard_registry import places
from locard_registry.card import MODEL_FILE, CalibrationFile, Card, ModelFile, Threshold
from locard_registry.places import CARD_FILE, Place

if TYPE_CHECKING:
    from locard.calibration import Calibration
    from locard.image.file_facts import FileFacts

LARGEST_CARD = 1 << 20
_INSTALL_AGAIN = (
    "Nothing of this model was used. Get it again from who made it, or export it again; "
    "`locard model verify` checks all."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as the catalogue lists it.

    Attributes:
        name: Name of the model, as its folder has it.
        version: Its version, likewise.
        folder: Where its files are.
        card: What is said of it; None where that cannot be read.
        identity: SHA-256 of the card, which covers all files; None where there is no card.
        error: Why it cannot be used, or None. The files' hashes are not looked at: see
            :func:`locard_registry.verifying.differences`.
    """

    name: str
    version: str
    folder: Path
    card: Card | None = None
    identity: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """A model whose files are what its card says.

    Attributes:
        card: What is said of it.
        identity: SHA-256 of the card, in hexadecimal: it covers thresholds, and, by the hashes in
            the card, weights and calibration.
        calibration: What makes its scores likelihood ratios, where it has one.
        folder: Where the files were read; they are not read again.
    """

    card: Card
    identity: str
    calibration: Calibration | None
    folder: Path
    _content: Mapping[str, bytes]

    def onnx(self, file: str = MODEL_FILE) -> bytes:
        """Return the bytes of one of its ONNX files, for ``onnxruntime.InferenceSession``.

        Args:
            file: Which one.

        Raises:
            ModelError: It has no such file.
        """
        self._listed(file)
        return self._content[file]

    def reference(self, file: str = MODEL_FILE) -> ModelReference:
        """Return what receipts say of the model.

        Args:
            file: Which of its ONNX files is used.

        Raises:
            ModelError: It has no such file.
        """
        listed = self._listed(file)
        return ModelReference(
            self.card.name, self.card.version, listed.sha256, card_sha256=self.identity
        )

    def threshold(
        self, file: FileFacts, measurements: Mapping[str, Any], model_file: str = MODEL_FILE
    ) -> Threshold | None:
        """Return the threshold for an exhibit, see :meth:`locard_registry.Card.threshold`."""
        return self.card.threshold(file, measurements, model_file)

    def _listed(self, file: str) -> ModelFile:
        for listed in self.card.files:
            if listed.file == file:
                return listed
        raise ModelError(
            f"model {self.card.name} {self.card.version} has no file {file}",
            f"It has: {', '.join(listed.file for listed in self.card.files)}.",
        )


def catalogue(roots: tuple[Path, ...] | None = None) -> list[Entry]:
    """Return all models, broken ones with their error.

    Args:
        roots: Folders of models; None for those of this process, see :func:`places.roots`.

    Raises:
        ModelError: A folder of models cannot be looked into.
    """
    found = list(places.places(places.roots() if roots is None else roots))
    counted = Counter((place.name, place.version) for place in found)
    return [_entry(place, counted[place.name, place.version]) for place in found]


def load(
    name: str,
    version: str | None = None,
    *,
    provides: Mapping[str, str] | None = None,
    roots: tuple[Path, ...] | None = None,
) -> Model:
    """Read a model, and hold every file of it against its card.

    Args:
        name: Name of the model.
        version: Its version. None for the newest in the first folder that has the model, which for
            a model of Locard's is Locard's own: a laboratory's is used only where it is named.
        provides: What the calling code makes the model's input with, and in which version: all
            that the card requires must be there.
        roots: Folders of models; None for those of this process, see :func:`places.roots`.

    Raises:
        ModelError: There is no such model, or two; its card is wrong; a file has another hash, is
            no ONNX or keeps weights elsewhere; or the card requires other code.
    """
    within = places.roots() if roots is None else roots
    if version is None:
        version = _newest(name, within)
    found = places.find(name, version, within)
    if not found:
        raise _unknown(name, version, within)
    if len(found) > 1:
        raise ModelError(
            _twice(name, version), _ANOTHER_VERSION, details=[str(p.folder) for p in found]
        )
    model = read(found[0])
    _check_requires(model.card, provides or {})
    return model


def read(place: Place) -> Model:
    """Read a model from its folder, and hold every file against the card.

    Raises:
        ModelError: As for :func:`load`.
    """
    card, identity = read_card(place)
    content = {listed.file: verified(place.folder, listed) for listed in card.listed}
    for listed in card.files:
        path = place.folder / listed.file
        opset = check_onnx(content[listed.file], str(path))
        if opset != listed.opset:
            raise ModelError(
                f"{path} is for opset {opset}, and the card says {listed.opset}", _INSTALL_AGAIN
            )
    calibration = _calibration(card, place.folder, content)
    return Model(card, identity, calibration, place.folder, content)


def read_card(place: Place) -> tuple[Card, str]:
    """Return a model's card and identity; its files are not looked at.

    Raises:
        ModelError: The card cannot be read, is wrong, or is another model's.
    """
    path = place.folder / CARD_FILE
    text = _bytes(path, LARGEST_CARD)
    if len(text) > LARGEST_CARD:
        raise ModelError(f"{path} is larger than any card: over {LARGEST_CARD} bytes")
    card = Card.from_toml(text, str(path))
    if (card.name, card.version) != (place.name, place.version):
        raise ModelError(
            f"{path} is the card of {card.name} {card.version}, and lies in the folder of "
            f"{place.name} {place.version}",
            "Put the model into NAME/VERSION as its card says.",
        )
    return card, hashlib.sha256(text).hexdigest()


def verified(folder: Path, listed: ModelFile | CalibrationFile) -> bytes:
    """Return a file's bytes, where they are those that the card names.

    Raises:
        ModelError: The file cannot be read, or is another.
    """
    path = folder / listed.file
    data = _bytes(path, listed.bytes)
    found = hashlib.sha256(data).hexdigest()
    if found != listed.sha256:
        raise ModelError(
            f"{path} is not the file that the model's card names:",
            _INSTALL_AGAIN,
            details=[f"expected SHA-256 {listed.sha256}", f"found    SHA-256 {found}"],
        )
    return data


def _entry(place: Place, how_often: int) -> Entry:
    try:
        card, identity = read_card(place)
    except ModelError as error:
        return Entry(place.name, place.version, place.folder, error=error.sentences)
    twice = f"{_twice(place.name, place.version)}. {_ANOTHER_VERSION}" if how_often > 1 else None
    return Entry(place.name, place.version, place.folder, card, identity, twice)


def _bytes(path: Path, largest: int) -> bytes:
    """Return a file's bytes, of a file that is longer one byte too many."""
    if path.exists() and not path.is_file():
        raise ModelError(f"{path} is not a regular file", _INSTALL_AGAIN)
    try:
        with path.open("rb") as file:
            return file.read(largest + 1)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}", _INSTALL_AGAIN) from None


def _calibration(card: Card, folder: Path, content: Mapping[str, bytes]) -> Calibration | None:
    if card.calibration is None:
        return None
    from locard.calibration import Calibration

    path = folder / card.calibration.file
    calibration = Calibration.from_json(content[card.calibration.file], str(path))
    named = {model.sha256 for model in calibration.detector.models}
    if not named or not named <= {listed.sha256 for listed in card.files}:
        raise ModelError(
            f"{path} is the calibration of another model file",
            "Calibrate the model again, and put the new file's hash into the card.",
        )
    return calibration


def _check_requires(card: Card, provides: Mapping[str, str]) -> None:
    wrong = [
        f"{what}: it requires {wanted}, and here is {provides.get(what, 'none')}"
        for what, wanted in card.requires.items()
        if provides.get(what) != wanted
    ]
    if wrong:
        raise ModelError(
            f"model {card.name} {card.version} was trained with other code than this is:",
            "Use a version of the model that was made for this Locard, or the Locard that it was "
            "made with.",
            details=wrong,
        )


def _newest(name: str, within: Iterable[Path]) -> str:
    for root in within:
        versions = [place.version for place in places.places((root,)) if place.name == name]
        if versions:
            return places.newest(versions)
    raise _unknown(name, None, tuple(within))


def _unknown(name: str, version: str | None, within: tuple[Path, ...]) -> ModelError:
    known = [f"{place.name} {place.version}" for place in places.places(within)]
    return ModelError(
        f"there is no model {name}{f' {version}' if version else ''}",
        f"There are: {', '.join(known) or 'none'}. {places.MODELS_VARIABLE} can name a folder with "
        "more.",
    )


def _twice(name: str, version: str) -> str:
    return f"there are two models {name} {version}"


_ANOTHER_VERSION = "Give your own another version, in its card and as its folder's name."
