"""A folder that keeps findings for another run: by cache key, whole or not at all.

``<folder>/<first two digits>/<key>/`` holds ``finding.json`` and the finding's map and mask. What
decides a finding is in its key (see :mod:`locard.engine.cache`), so several evaluations may share
one folder, at the same time as well.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from locard.engine.cache import is_reusable
from locard.engine.records import FindingRecord
from locard.errors import LocardError

if TYPE_CHECKING:
    from locard.engine.records import ArtifactRecord

_FINDING = "finding.json"
_UNFINISHED = "unfinished"
_KEPT = ("map", "mask")
_ABANDONED_AFTER_SECONDS = 3600.0


class FindingStore:
    """Findings by cache key.

    Pictures that a finding shows to people are not kept: no step and no metric needs them, and
    they would be most of the folder.

    Args:
        folder: Made where it does not exist.

    Attributes:
        folder: Where.
        damaged: What was found damaged and thrown away, one sentence each.

    Raises:
        LocardError: The folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []
        with self._writing():
            self._unfinished.mkdir(parents=True, exist_ok=True)
            self._clear_abandoned()

    def get(self, key: str) -> FindingRecord | None:
        """Return the finding with this key, or None.

        One that is damaged is removed and noted in ``damaged``; it will be computed again.
        """
        place = self._place(key)
        try:
            return _read(place, key)
        except _DamagedError as error:
            self.damaged.append(f"finding {key[:12]}… was damaged and is made again: {error}")
            shutil.rmtree(place, ignore_errors=True)
            return None

    def keep(self, record: FindingRecord) -> FindingRecord:
        """Move a finding and its files into the folder.

        A finding that must not be reused, or that came from here, is left where it is.

        Args:
            record: A finding whose artifacts the engine still holds.

        Returns:
            The finding with its artifacts' places in the folder; without pictures.

        Raises:
            LocardError: The folder cannot be written.
        """
        if record.reused or record.cache_key is None:
            return record
        if not is_reusable(record.outcome, record.reason):
            return record
        record = replace(record, artifacts=tuple(a for a in record.artifacts if a.kind in _KEPT))
        place = self._place(record.cache_key or "")
        with self._writing():
            self._write(record, place)
        return _moved(record, place)

    def _write(self, record: FindingRecord, place: Path) -> None:
        new = Path(tempfile.mkdtemp(dir=self._unfinished))
        try:
            for artifact in record.artifacts:
                shutil.move(artifact.path, new / artifact.path.name)
            text = record.to_json().encode("utf-8", "replace")
            (new / _FINDING).write_bytes(text)
            place.parent.mkdir(exist_ok=True)
            if place.exists():
                # Another process had the same thought, or this one found the same file twice: what
                # lies there may be in use, and is as good as ours.
                return
            with _unless_taken(place):
                new.rename(place)
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def _place(self, key: str) -> Path:
        return self.folder / key[:2] / key

    @property
    def _unfinished(self) -> Path:
        return self.folder / _UNFINISHED

    def _clear_abandoned(self) -> None:
        """Remove what killed runs left, but not what another run is writing."""
        longest_ago = time.time() - _ABANDONED_AFTER_SECONDS
        for entry in os.scandir(self._unfinished):
            if entry.stat().st_mtime < longest_ago:
                shutil.rmtree(entry.path, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LocardError(
                f"findings cannot be kept in {self.folder}: {error.strerror or error}",
                "Make room there, or give another folder with --output or --cache; what was kept "
                "is used again.",
            ) from error


@contextmanager
def _unless_taken(place: Path) -> Iterator[None]:
    """Let a rename fail whose target came to be in the meantime."""
    try:
        yield
    except OSError:
        if not place.is_dir():
            raise


def _moved(record: FindingRecord, place: Path) -> FindingRecord:
    artifacts = tuple(replace(a, path=place / a.path.name) for a in record.artifacts)
    return replace(record, artifacts=artifacts)


class _DamagedError(Exception):
    """What lies in the folder is not what was kept; says why."""


def _read(place: Path, key: str) -> FindingRecord | None:
    """Return the finding in a place, or None where there is none; raises :class:`_DamagedError`."""
    try:
        text = (place / _FINDING).read_text(encoding="utf-8")
        record = FindingRecord.from_json(text, place)
    except FileNotFoundError:
        if place.exists():
            raise _DamagedError(f"its {_FINDING} is gone") from None
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _DamagedError(f"its {_FINDING} cannot be read: {error}") from error
    if record.cache_key != key:
        raise _DamagedError("it belongs under another key")
    for artifact in record.artifacts:
        _check(artifact, place)
    return record


def _check(artifact: ArtifactRecord, place: Path) -> None:
    """Raise :class:`_DamagedError` where an artifact's file is not what was kept."""
    if artifact.path.parent != place:
        raise _DamagedError(f"its {artifact.name} lies elsewhere")
    try:
        with artifact.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _DamagedError(f"its {artifact.name} cannot be read: {error.strerror}") from error
    if digest != artifact.sha256:
        raise _DamagedError(f"its {artifact.name} was altered")
