"""Finds and reads the files that a user names: files, folders, globs.

Sources are opened for reading only, never follow a link to anything but a regular file, and what
cannot be read is a fact with its reason, not an end to the rest.
"""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CHUNK = 1 << 20
"""Bytes that are read at a time."""

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dib"}
)
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")


@dataclass(frozen=True, slots=True)
class Source:
    """A path that the user gave, or that a folder held.

    Attributes:
        name: The path, exactly as the system gave it.
        status: ``file`` for what can be added; ``skipped`` or ``refused`` for what not.
        message: Why not; or what is worth knowing of a file.
    """

    name: str
    status: Literal["file", "skipped", "refused"] = "file"
    message: str | None = None


class SourceError(Exception):
    """A file could not be read to its end, or not as one state."""


def find(paths: Iterable[str | Path], *, everything: bool) -> Iterator[Source]:
    """Find the files behind paths, folders and glob patterns.

    Args:
        paths: What the user gave. Files are taken as they are.
        everything: Whether to take every file of a folder, not just what looks like an image that
            Locard reads, whole or broken.
    """
    for path in (os.fspath(given) for given in paths):
        if os.path.isdir(path):  # noqa: PTH112  (a Path would not keep the spelling)
            yield from _in_folder(path, everything)
        elif os.path.lexists(path) or not glob.has_magic(path):
            yield _source(path)
        else:
            yield from _matching(path, everything)


def read(name: str) -> Iterator[bytes]:
    """Yield the bytes of a file, one mebibyte at a time.

    Raises:
        SourceError: It is no regular file, cannot be read, or changed in the meantime.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise SourceError("it is not a regular file")
            while chunk := file.read(CHUNK):
                yield chunk
            after = os.fstat(descriptor)
    except OSError as error:
        raise SourceError(_in_words(name, error)) from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise SourceError("it changed while it was read; add it again when it is at rest")


def sha256_of_file(name: str) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        SourceError: As for :func:`read`.
    """
    digest = hashlib.sha256()
    for chunk in read(name):
        digest.update(chunk)
    return digest.hexdigest()


def _matching(pattern: str, everything: bool) -> Iterator[Source]:
    matches = sorted(glob.glob(pattern, recursive=True, include_hidden=True))  # noqa: PTH207
    if not matches:
        yield Source(pattern, "refused", "no file matches this pattern")
    for match in matches:
        if os.path.isdir(match):  # noqa: PTH112
            yield from _in_folder(match, everything)
        else:
            yield _source(match)


def _in_folder(top: str, everything: bool) -> Iterator[Source]:
    unreadable: list[OSError] = []
    for folder, folders, names in os.walk(top, onerror=unreadable.append):
        yield from _refusals(unreadable)
        folders.sort()
        for name in sorted(names):
            source = _source(os.path.join(folder, name))  # noqa: PTH118
            if source.status == "file" and not everything and not _looks_like_image(source.name):
                yield Source(source.name, "skipped", "it is not an image that Locard reads")
            else:
                yield source
    yield from _refusals(unreadable)


def _refusals(errors: list[OSError]) -> Iterator[Source]:
    for error in errors:
        yield Source(str(error.filename), "refused", _in_words(str(error.filename), error))
    errors.clear()


def _source(path: str) -> Source:
    try:
        kind = os.stat(path).st_mode  # noqa: PTH116
    except OSError as error:
        return Source(path, "refused", _in_words(path, error))
    if not stat.S_ISREG(kind):
        return Source(path, "refused", "it is not a regular file")
    if os.path.islink(path):  # noqa: PTH114
        return Source(path, message=f"symbolic link to {os.path.realpath(path)}")
    return Source(path)


def _looks_like_image(path: str) -> bool:
    """Whether a file begins like an image that Locard reads, or is named like one.

    A broken exhibit is still an exhibit: what is named like an image is taken even where its
    content is none, and what cannot be opened is taken so that it is refused in words.
    """
    if Path(path).suffix.lower() in IMAGE_SUFFIXES:
        return True
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            begin = file.read(12)
    except OSError:
        return True
    return begin.startswith(_MAGIC) or (begin[:4] == b"RIFF" and begin[8:12] == b"WEBP")


def _in_words(path: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        if os.path.islink(path):  # noqa: PTH114
            return f"it is a broken link to {os.readlink(path)}"  # noqa: PTH115
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "you may not read it"
    return f"it cannot be read: {error.strerror}"
