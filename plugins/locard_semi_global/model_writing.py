"""From a run to a model of the registry: what all networks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard.errors import LocardError
from locard.report.atomic import write_whole
from locard.text import printable
from locard_registry import Training, describe_file, write_card

if TYPE_CHECKING:
    from locard_registry import Card, ModelFile


@dataclass(frozen=True, slots=True)
class Exported:
    """A model that was written.

    Attributes:
        folder: Where.
        identity: SHA-256 of its card.
    """

    folder: Path
    identity: str


def write_model(
    folder: Path,
    contents: Mapping[str, bytes],
    card_of: Callable[[tuple[ModelFile, ...]], Card],
) -> Exported:
    """Write a model's files and its card.

    Args:
        folder: ``…/NAME/VERSION``; must not exist.
        contents: ONNX by name of file.
        card_of: Returns the card, given what it says of the files.

    Raises:
        LocardError: There is such a model, or the folder cannot be written.
    """
    if folder.exists():
        raise LocardError(
            f"there is a {folder.parent.name} {folder.name} in "
            f"{printable(str(folder.parent.parent))} already",
            "A model is never changed: choose another version, or remove the folder.",
        )
    try:
        folder.mkdir(parents=True)
        for file, content in contents.items():
            write_whole(folder / file, [content])
    except OSError as error:
        raise LocardError(
            f"cannot write the model into {printable(str(folder))}: {error.strerror}",
            "Give another folder of models.",
        ) from None
    files = tuple(describe_file(folder / file, "fp32") for file in contents)
    return Exported(folder, write_card(card_of(files), folder))


def training_of(run: Path) -> Training:
    """Return what a card says of a finished training.

    Raises:
        LocardError: The folder holds no finished run.
    """
    from locard.training.run_folder import RunFolder

    folder = RunFolder(run)
    facts = folder.read_facts()
    on = facts["hardware"]
    hardware = on["gpu"] or f"{on['processor']}, {on['threads']} of {on['cores']} cores"
    return Training(
        seconds=float(facts["seconds"]), epochs=len(folder.read_log()), hardware=hardware
    )
