"""The folder in which a worker leaves findings, where they survive it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from locard.engine.records import FindingRecord

_CURRENT = ".current.json"
"""No step can be called so: a step's name begins with a letter or digit."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that under its name it is there whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(data)
    partial.replace(path)


@dataclass(frozen=True, slots=True)
class Spool:
    """A task's spool folder, written by one worker and read by the parent when that has ended.

    Attributes:
        folder: Where; of this task's exhibit alone.
    """

    folder: Path

    def begin(self, step: str) -> None:
        """Note that a step starts, for whoever must say what a worker died of."""
        write_atomically(self.folder / _CURRENT, json.dumps({"step": step}).encode())

    def keep(self, record: FindingRecord) -> None:
        """Leave a finding; its artifacts must be here already.

        Characters that no encoding can hold (halves of surrogate pairs, from names of files) become
        question marks.
        """
        write_atomically(self._path(record.step), record.to_json().encode("utf-8", "replace"))

    def in_progress(self) -> str | None:
        """Return the step that began and left no finding, if there is one."""
        try:
            step: str = json.loads((self.folder / _CURRENT).read_bytes())["step"]
        except FileNotFoundError:
            return None
        return None if self._path(step).exists() else step

    def finished(self, step: str) -> FindingRecord | None:
        """Return the finding that a step left, or None."""
        try:
            text = self._path(step).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return FindingRecord.from_json(text, self.folder)

    def forget_progress(self) -> None:
        """Remove the note of the step in progress, before another worker takes over."""
        (self.folder / _CURRENT).unlink(missing_ok=True)

    def _path(self, step: str) -> Path:
        return self.folder / f"{step}.json"
