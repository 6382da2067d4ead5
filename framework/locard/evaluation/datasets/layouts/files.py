"""What layouts share: finding folders and images by their names, and joining groups."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from locard.evaluation.datasets import DatasetError
from locard.intake import IMAGE_SUFFIXES
from locard.text import printable

DEPTH = 4
"""How deep below the given folder a data set is looked for: archives often unpack into folders of
their own."""


def images(folder: Path) -> list[Path]:
    """Return the image files in a folder itself, sorted; none where it does not exist."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if is_image(path.name) and path.is_file())


def images_below(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Yield the image files of a folder and of those below it, sorted folder by folder."""
    for here in folders_below(folder, depth):
        yield from images(here)


def folders_below(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Yield a folder and those below it, nearest first, sorted by name.

    Links are followed; a folder that they lead to a second time is not yielded again.
    """
    seen: set[Path] = set()
    level = [folder]
    for _ in range(depth + 1):
        below: list[Path] = []
        for here in level:
            real = here.resolve()
            if real not in seen:
                seen.add(real)
                yield here
                below += _subfolders(here)
        level = below


def find_folder(folder: Path, *names: str) -> Path | None:
    """Return the nearest folder, at or below the given one, that has the first of these children.

    Args:
        folder: Where to look.
        names: Of the children: all must be there, in any case of letters.
    """
    wanted = {name.lower() for name in names}
    for here in folders_below(folder):
        if wanted <= {inner.name.lower() for inner in _subfolders(here)}:
            return here
    return None


def child(folder: Path, name: str) -> Path:
    """Return the subfolder of this name in any case of letters, or the path it would have."""
    found = (inner for inner in _subfolders(folder) if inner.name.lower() == name.lower())
    return next(found, folder / name)


def is_image(name: str) -> bool:
    """Return whether a file is named like an image; ``._x.png`` is what macOS leaves beside it."""
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122


def by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    """Return files by their names in lower case without the ending; of two the first."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(path.stem.lower(), path)
    return found


def name_in(folder: Path, path: Path) -> str:
    """Return the name that a sample has: its path below the folder, as valid text."""
    name = path.relative_to(folder).as_posix()
    return name.encode("utf-8", errors="backslashreplace").decode("utf-8")


def inside(path: str, where: str) -> str:
    """Return a path of a list, normalised, where it stays below the folder that it is relative to.

    Args:
        path: With forward slashes.
        where: Names the list, and the line, in the error.

    Raises:
        DatasetError: It is empty or absolute, leads upwards, or can be no path at all.
    """
    pure = PurePosixPath(path)
    if not path or "\0" in path or pure.is_absolute() or ".." in pure.parts:
        raise DatasetError(
            f"{where}: {printable(path)!r} is no path below the folder",
            "Write paths relative to the folder of the list.",
        )
    return str(pure)


def missing(layout: str, folder: Path, what: str) -> DatasetError:
    """Return the error that a folder is not laid out as it should be."""
    return DatasetError(
        f"{printable(str(folder))} is not laid out as {layout}: it has no {what}",
        "`locard dataset layouts` says what the folder of each layout holds.",
    )


def connected(members: Mapping[str, Sequence[Hashable]]) -> dict[str, str | None]:
    """Join what shares something, directly or through others.

    Args:
        members: What each name is made of.

    Returns:
        For each name the first name of those it is connected with; None where it is made of
        nothing that is known.
    """
    from scipy.cluster.hierarchy import DisjointSet

    sets = DisjointSet(part for parts in members.values() for part in parts)
    for parts in members.values():
        for part in parts[1:]:
            sets.merge(parts[0], part)
    first: dict[Hashable, str] = {}
    for name in sorted(members):
        if members[name]:
            first.setdefault(sets[members[name][0]], name)
    return {name: first[sets[parts[0]]] if parts else None for name, parts in members.items()}


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in entries if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(path for path in found if not path.name.startswith((".", "__MACOSX")))
