"""Opens files that may be missing, forbidden, no files at all, or very large."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from locard.errors import LocardError

Buffer = bytes | mmap.mmap
"""What the header parsers read: slices of it are bytes."""

MAPPED_FROM = 64 * 2**20
"""Files from this size on are mapped, not read, when only the header is wanted."""


def printable(name: str) -> str:
    """Return a file name in which line ends, direction marks and the like are written out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def read_file(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        LocardError: The path leads to no readable file.
    """
    with _explained(path):
        _refuse_non_file(path)
        return path.read_bytes()


@contextmanager
def opened(path: Path) -> Iterator[Buffer]:
    """Give a file's content without reading a large one into memory.

    Raises:
        LocardError: The path leads to no readable file.
    """
    with _explained(path):
        _refuse_non_file(path)
        large = path.stat().st_size >= MAPPED_FROM
        content: Buffer = _mapped(path) if large else path.read_bytes()
    try:
        yield content
    finally:
        if isinstance(content, mmap.mmap):
            content.close()


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _refuse_non_file(path: Path) -> None:
    # A pipe would block for ever, so the kind is asked before anything is opened.
    name = printable(str(path))
    if path.is_dir():
        raise LocardError(f"{name} is a folder", "Name the image files in it.")
    if path.is_symlink() and not path.exists():
        target = printable(str(path.readlink()))
        raise LocardError(f"{name} is a link to {target}, which does not exist")
    if path.exists() and not path.is_file():
        raise LocardError(f"{name} is neither a file nor a folder")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    name = printable(str(path))
    try:
        yield
    except FileNotFoundError:
        raise LocardError(f"{name} does not exist", "Check the path.") from None
    except PermissionError:
        raise LocardError(
            f"{name} may not be read", "Ask its owner for read permission, or copy it."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LocardError(f"{name} cannot be read: {reason}") from None
