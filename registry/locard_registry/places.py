"""Where models lie: the registry's own folder, and a laboratory's."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from locard.onnx_file import ModelError

MODELS_VARIABLE = "LOCARD_MODELS"
OWN = Path(__file__).parent / "models"
"""Models that Locard ships."""

CARD_FILE = "card.toml"
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that is meant to hold one version of a model.

    Attributes:
        name: Of the model.
        version: Of the model.
        folder: Where its files are.
    """

    name: str
    version: str
    folder: Path


def roots(folder: Path | None = None) -> tuple[Path, ...]:
    """Return the folders of models: Locard's own, then those of laboratories and other packages.

    Args:
        folder: The one further folder; None for those in ``LOCARD_MODELS``, which are separated as
            those in ``PATH`` are.

    Raises:
        ModelError: A folder is not there.
    """
    listed = os.environ.get(MODELS_VARIABLE, "").split(os.pathsep)
    others = [Path(path) for path in listed if path] if folder is None else [folder]
    for other in others:
        if not other.is_dir():
            raise ModelError(
                f"there is no folder of models {other}",
                f"--models and {MODELS_VARIABLE} take folders with models as "
                "NAME/VERSION/card.toml.",
            )
    # A folder that is named twice has no models twice.
    return tuple({path.resolve(): path for path in (OWN, *others)}.values())


def places(within: tuple[Path, ...]) -> Iterator[Place]:
    """Yield every version of every model in some folders, by folder and name, the oldest first."""
    for root in within:
        for name in _folders(root):
            for version in sorted(_folders(name), key=lambda folder: newness(folder.name)):
                yield Place(name.name, version.name, version)


def find(name: str, version: str, within: tuple[Path, ...]) -> list[Place]:
    """Return where a version of a model lies; empty where it does not.

    Names come out of receipts and pipelines, which may be foreign: what could lead out of the
    folders is not looked for.
    """
    if not (_PART.fullmatch(name) and _PART.fullmatch(version)):
        return []
    folders = (root / name / version for root in within)
    return [Place(name, version, folder) for folder in folders if folder.is_dir()]


def newest(versions: Iterable[str]) -> str:
    """Return the newest of some versions, of which there is at least one."""
    return max(versions, key=newness)


def newness(version: str) -> tuple[tuple[int, ...], str]:
    """Return what versions are ordered by: numbers as numbers, then the suffix."""
    numbers, _, suffix = version.partition("-")
    parts = numbers.split(".")
    # ASCII digits alone: int() takes others as well.
    whole = all(part.isascii() and part.isdigit() for part in parts)
    return (tuple(map(int, parts)) if whole else ()), suffix


def _folders(parent: Path) -> list[Path]:
    try:
        found = [entry for entry in parent.iterdir() if entry.is_dir()]
    except FileNotFoundError:
        return []  # a registry that ships no model has no such folder
    except OSError as error:
        raise ModelError(f"cannot look into folder {parent}: {error.strerror}") from None
    return sorted(entry for entry in found if _PART.fullmatch(entry.name))
