"""What builders of data sets share: whole files, records of what is finished, other processes.

A builder makes its data set piece by piece, in any order and in several processes. Each piece
leaves a record when all of its files are there, so that an interrupted build goes on where it
stopped, and the manifest is written from the records.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from locard.engine.spool import write_atomically
from locard.errors import LocardError
from locard.evaluation.runs.side_work import SideProcesses, WorkFailedError, outcome_of
from locard.text import printable

MANIFEST = "manifest.csv"

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and of how many."""

P = TypeVar("P", covariant=True)
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Unusable:
    """A photograph that is passed over, and why.

    Attributes:
        name: The file's name, printable.
        why: In words.
        broken: Whether it cannot be read, which somebody must look at.
    """

    name: str
    why: str
    broken: bool = False


class BuildError(LocardError):
    """A data set cannot be made so."""


def write(path: Path, data: bytes) -> None:
    """Write a file of a data set, whole or not at all; its folder is made.

    Raises:
        BuildError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except OSError as error:
        raise _unwritable(path, error) from None


def sha256_of_bytes(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def claim(folder: Path, note: str, facts: Mapping[str, Any]) -> None:
    """Note in a folder what it is made of, or find that it is being made of the same.

    Args:
        folder: Of the data set; it need not exist.
        note: Name of the file that holds the facts.
        facts: What JSON can hold.

    Raises:
        BuildError: The folder holds something else, or a data set that was made otherwise.
    """
    there = noted(folder, note)
    if there is None:
        write(folder / note, json.dumps(facts, indent=1).encode())
    elif there != facts:
        different = [name for name in facts if there.get(name) != facts[name]]
        raise BuildError(
            f"{folder} holds a data set made otherwise: {', '.join(different)} differ",
            "Choose another folder, or the options and photographs it was begun with.",
        )


def noted(folder: Path, note: str) -> dict[str, Any] | None:
    """Return what :func:`claim` noted in a folder; None where it is empty or not there.

    Raises:
        BuildError: The folder holds other files, or the note cannot be read.
    """
    path = folder / note
    try:
        if path.exists():
            facts = json.loads(path.read_bytes())
            if isinstance(facts, dict):
                return facts
            raise ValueError("it is no object")
        strange = folder.exists() and any(folder.iterdir())
    except (OSError, ValueError) as error:
        raise BuildError(f"cannot read {path}: {error}", "Choose another folder.") from None
    if strange:
        raise BuildError(f"{folder} holds other files", "Choose an empty folder, or a new one.")
    return None


def finished(output: Path, record: Path) -> list[dict[str, Any]] | None:
    """Return the rows of a piece that is complete and undamaged, or None.

    Args:
        output: Folder of the data set.
        record: The file that holds the rows: each with ``path`` and ``sha256``, perhaps ``mask``.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(record.read_bytes())
        for row in rows:
            if sha256_of_bytes((output / row["path"]).read_bytes()) != row["sha256"]:
                return None
            if row.get("mask") and not (output / row["mask"]).is_file():
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return rows


def write_manifest(output: Path, columns: Sequence[str], records: str) -> Path:
    """Write one row for each picture of every complete piece in the folder, record by record.

    Args:
        output: Folder of the data set.
        columns: Of the manifest; what a row does not have is empty.
        records: Pattern of the records' files below the folder.

    Raises:
        BuildError: A record is damaged, or the manifest cannot be written.
    """
    path = output / MANIFEST
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            for record in sorted(output.glob(records)):
                writer.writerows(_rows(record))
        partial.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    return path


def _rows(record: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(record.read_bytes())
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
        raise ValueError("it is no list of rows")
    except (OSError, ValueError) as error:
        raise BuildError(
            f"{record} is damaged: {error}", "Delete it, and run the command again."
        ) from None


class Look(Protocol[P]):
    """A photograph to read."""

    @property
    def path(self) -> str:
        """The file."""

    def inspect(self) -> P | Unusable:
        """Say what it is, or why it cannot be used."""


def look_at(looks: Sequence[Look[P]], workers: int, progress: Progress) -> list[P | Unusable]:
    """Read photographs in other processes, for a decoder may take its process with it.

    Args:
        looks: One a photograph, no path twice.
        workers: Number of processes.
        progress: Told how far it is.

    Returns:
        What each is, in the same order.
    """
    words = "reading photographs"
    progress(words, 0, len(looks))
    found: dict[str, P | Unusable] = {}
    for look, outcome in parallel(_inspect, looks, workers):
        try:
            found[look.path] = outcome_of(outcome)
        except WorkFailedError as error:
            name = printable(Path(look.path).name)
            found[look.path] = Unusable(name, f"{error.message} while it was decoded", broken=True)
        progress(words, len(found), len(looks))
    return [found[look.path] for look in looks]


def _inspect(look: Look[P]) -> P | Unusable:
    return look.inspect()


def parallel(
    function: Callable[[T], R], tasks: Iterable[T], workers: int
) -> Iterator[tuple[T, Future[R]]]:
    """Call a function of a module in other processes; yield each call when it is done.

    Only so many tasks are handed out that no process waits.
    """
    with SideProcesses(workers) as processes:
        running: dict[Future[R], T] = {}
        for task in tasks:
            running[processes.submit(function, task)] = task
            if len(running) >= 2 * workers:
                yield from _done(running)
        while running:
            yield from _done(running)


def _done(running: dict[Future[R], T]) -> Iterator[tuple[T, Future[R]]]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        yield running.pop(future), future


def _unwritable(path: Path, error: OSError) -> BuildError:
    return BuildError(
        f"cannot write {path}: {error.strerror or error}",
        "Make room there or choose another folder; what is complete is kept.",
    )
