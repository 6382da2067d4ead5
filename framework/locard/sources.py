"""From what a person names (files, folders, globs) to files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read.

    Attributes:
        path: Exactly as it was given, or as it was found below a folder that was given. It may
            not exist: whoever reads it says so.
        named: Whether it was named itself, not found in a folder. What was named is always taken;
            what lies in a folder only if it is an image.
    """

    path: str
    named: bool


def expand(given: Iterable[str | os.PathLike[str]]) -> Iterator[Source]:
    """Yield the files behind paths, in a stable order.

    Folders are walked; links to folders inside them are not followed, and what is neither file nor
    link (a pipe, a device) is passed over. A pattern that the shell left alone (``*``, ``?``,
    ``[…]``, ``**``) is expanded, unless a file has that very name; files that match count as named.

    Args:
        given: Paths or patterns, as a person gave them.
    """
    for item in given:
        text = os.fspath(item)
        # Path.glob takes no absolute pattern, which is what a person may well give.
        matches = [] if os.path.lexists(text) else sorted(glob.glob(text, recursive=True))  # noqa: PTH207
        for match in matches or [text]:
            if Path(match).is_dir():
                yield from _walk(match)
            else:
                yield Source(match, named=True)


def _walk(folder: str) -> Iterator[Source]:
    unreadable: list[str] = []
    for root, folders, files in os.walk(folder, onerror=lambda e: unreadable.append(e.filename)):
        folders.sort()
        for path in (Path(root, name) for name in sorted(files)):
            if path.is_file() or path.is_symlink():
                yield Source(str(path), named=False)
        # A folder that cannot be listed is passed on, so that its reader tells the user why.
        yield from (Source(name, named=True) for name in unreadable)
        unreadable.clear()
    yield from (Source(name, named=True) for name in unreadable)
