"""The content-addressed store: each file under the SHA-256 of its bytes, read-only.

A file is written whole under a temporary name on the same file system, flushed to the disk, and
renamed. So what stands in the store under a hash is complete, whenever the power went.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from locard.vault.errors import AlteredError

CHUNK = 1 << 20
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Stored:
    """What went into the store: hash and size in bytes of what was written."""

    sha256: str
    size: int


class ObjectStore:
    """Files by their hash.

    Args:
        folder: Where they are (``objects/``).
        scratch: Folder on the same file system, for temporary names.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self.scratch = scratch

    def path(self, sha256: str) -> Path:
        """Return where the file of this hash lies, or would lie.

        Raises:
            AlteredError: It is no hash: a tamperer's text could lead out of the store.
        """
        if not _is_hash(sha256):
            raise AlteredError(f"a SHA-256 in the database was altered: it is {sha256!r}")
        return self.folder / sha256[:2] / sha256[2:]

    def stage(self) -> StagedFile:
        """Begin a file whose hash is not known yet."""
        return StagedFile(self)

    def take(self, file: Path, sha256: str) -> None:
        """Move a file into the store under the hash that it is said to have.

        A file that is not there any more, but whose content is, was taken by an attempt before.

        Raises:
            ValueError: The file's bytes have another hash.
            AlteredError: The store has another file under this hash.
            OSError: It cannot be read or moved.
        """
        target = self.path(sha256)
        if target.exists():
            self.check(sha256, f"the file {target}")
            if file != target:
                file.unlink(missing_ok=True)
            return
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
            if found != sha256:
                raise ValueError(f"{file} has SHA-256 {found}, not {sha256}")
            os.fsync(stream.fileno())
        file.chmod(0o444)
        self._place(file, target)

    def put(self, stream: IO[bytes]) -> Stored:
        """Copy a stream into the store; what is hashed is what is written.

        Raises:
            AlteredError: The store has another file under the stream's hash.
            OSError: The stream or the store failed.
        """
        with self.stage() as staged:
            shutil.copyfileobj(stream, staged, CHUNK)
            return staged.keep()

    def sha256(self, sha256: str) -> str | None:
        """Return the hash of what lies under a hash now, or None where nothing lies there.

        Raises:
            OSError: It cannot be read, or is no regular file but a link, a pipe or the like.
        """
        if not _is_hash(sha256):
            return None
        try:
            # A link would lead to a file that others may change; a pipe would never end.
            descriptor = os.open(
                self.path(sha256), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            )
            with open(descriptor, "rb") as stream:  # noqa: PTH123  (a descriptor, not a path)
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "not a regular file")
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise OSError(errno.ELOOP, "a link lies in its place") from None
            raise

    def check(self, sha256: str, what: str) -> None:
        """Refuse to go on where a file was altered: no new record shall rest on it.

        Args:
            sha256: The file's hash.
            what: The file, in words.

        Raises:
            AlteredError: The file is missing, cannot be read, or has another hash.
        """
        try:
            found = self.sha256(sha256)
        except OSError as error:
            raise AlteredError(f"{what} cannot be read: {error.strerror}") from None
        if found is None:
            raise AlteredError(f"{what} is missing from the store")
        if found != sha256:
            raise AlteredError(f"{what} was altered: its SHA-256 is {found}, not {sha256}")

    def files(self) -> Iterator[tuple[str | None, Path]]:
        """Yield everything in the store with the hash that its path stands for, folder by folder.

        The hash is None for anything whose path stands for none.
        """
        for folder, folders, names in os.walk(self.folder):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                spelled = "".join(path.relative_to(self.folder).parts)
                is_ours = _HASH.fullmatch(spelled) and self.path(spelled) == path
                yield (spelled if is_ours else None), path

    def _place(self, file: Path, target: Path) -> None:
        try:
            target.parent.mkdir()
        except FileExistsError:
            pass
        else:
            sync_folder(self.folder)
        file.replace(target)
        sync_folder(target.parent)


def _is_hash(text: object) -> bool:
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


class StagedFile:
    """A file on its way into the store: written and hashed in one pass, then kept or dropped."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        descriptor, name = tempfile.mkstemp(prefix="intake-", dir=store.scratch)
        self.path = Path(name)
        self._file = os.fdopen(descriptor, "wb")
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> int:
        """Write and hash some bytes."""
        self._digest.update(data)
        self._size += len(data)
        return self._file.write(data)

    def flush(self) -> Stored:
        """Hand everything to the operating system; return hash and size so far."""
        self._file.flush()
        return Stored(self._digest.hexdigest(), self._size)

    def keep(self) -> Stored:
        """Place the file in the store under its hash, safe against a power cut."""
        stored = self.flush()
        target = self._store.path(stored.sha256)
        if target.exists():
            self._store.check(stored.sha256, f"the file {target}")
        else:
            os.fsync(self._file.fileno())
            os.fchmod(self._file.fileno(), 0o444)
            self._store._place(self.path, target)
        return stored

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing flushes what is buffered, which fails again where the disk is full.
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries safe against a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
