"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from locard.errors import LocardError


def write_whole(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file piece by piece beside its place, and move it there when it is complete.

    Args:
        path: Where the file goes; one that is there is replaced, but nothing that is no file: to
            replace a device would take it from the whole machine.
        chunks: Its bytes, made while they are written.

    Raises:
        LocardError: The place cannot be written.
    """
    partial = path.with_name(f".locard-report-{os.getpid()}.partial")
    try:
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is not a regular file")
        try:
            with partial.open("wb") as file:
                file.writelines(chunks)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise LocardError(
            f"cannot write {path}: {error.strerror}",
            "Give another place with --output.",
        ) from error
