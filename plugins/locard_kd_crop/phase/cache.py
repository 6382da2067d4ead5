"""The evidence of whole data sets on disk, so that it is computed once for all trainings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.building import Progress, claim, parallel
from locard.evaluation.runs.side_work import WorkFailedError, outcome_of
from locard_kd_crop.phase.activity import KINDS
from locard_kd_crop.phase.evidence import STATISTICS, VERSION, count, evidence_of
from locard_kd_crop.phase.labels import label_of
from locard_kd_crop.phase.luma import luma_of, luma_table
from locard_kd_crop.phase.windows import BANDS, PHASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT: Final = "locard-phase-evidence 1"
NOTE, ROWS, ARRAY = "evidence.json", "rows.jsonl", "evidence.int8"
SHAPE: Final = (PHASES, KINDS, BANDS, STATISTICS)
_BYTES = PHASES * KINDS * BANDS * STATISTICS


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a picture beside its evidence.

    Attributes:
        place: Its row in the array.
        label: Class, as :func:`~locard_kd_crop.phase.labels.label_of` has it.
        table: Steps of the file's own luma table, 64 of them in rows; empty where it has none.
        windows: Mean number of windows a phase in each class of activity.
        facts: Its line of the manifest, and ``set``, the folder of the data set.
    """

    place: int
    label: int
    table: tuple[int, ...]
    windows: tuple[float, ...]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Task:
    place: int
    picture: Path
    array: Path
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """The evidence of many pictures.

    Attributes:
        array: int8, (pictures, 64, classes, 64, 41), mapped from disk, read-only.
        rows: One a picture that could be read; ``place`` says where it is in the array.
    """

    array: NDArray[np.int8]
    rows: tuple[Row, ...]


def pictures(folders: Sequence[Path], splits: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the manifest's lines of data sets.

    Args:
        folders: Of data sets that ``locard crop dataset build`` made.
        splits: Which of ``train``, ``val`` and ``test``.

    Raises:
        LocardError: A manifest cannot be read.
    """
    import csv

    for folder in folders:
        path = folder / "manifest.csv"
        try:
            with path.open(encoding="utf-8", newline="") as file:
                for line in csv.DictReader(file):
                    if line["split"] in splits:
                        yield {**line, "set": str(folder)}
        except (OSError, KeyError) as error:
            raise LocardError(
                f"cannot read {path}: {error}", "Name folders that locard crop dataset build made."
            ) from None


def gather(
    folder: Path, lines: Sequence[Mapping[str, str]], workers: int, progress: Progress
) -> Collection:
    """Compute the evidence of pictures, or what is missing of it, and open it.

    Args:
        folder: Where it is kept; may have been begun, with the same pictures.
        lines: As :func:`pictures` yields them.
        workers: Number of processes.
        progress: Told how far it is.

    Raises:
        LocardError: The folder holds other evidence, or cannot be written.
    """
    facts = {
        "format": FORMAT,
        "evidence": VERSION,
        "pictures": [[line["path"], line["sha256"]] for line in lines],
    }
    claim(folder, NOTE, facts)
    array = folder / ARRAY
    with array.open("ab") as file:
        file.truncate(len(lines) * _BYTES)
    known = {row.place: row for row in _rows(folder / ROWS, lines)}
    tasks = [
        _Task(place, Path(line["set"]) / line["path"], array, line)
        for place, line in enumerate(lines)
        if place not in known
    ]
    progress("computing evidence", 0, len(tasks))
    with (folder / ROWS).open("a", encoding="utf-8") as file:
        for done, (task, outcome) in enumerate(parallel(_examine, tasks, workers), start=1):
            try:
                row = outcome_of(outcome)
            except (LocardError, WorkFailedError) as error:
                progress(f"left out: {task.picture.name}: {error.message}", done, len(tasks))
                continue
            known[row.place] = row
            file.write(json.dumps(_plain(row)) + "\n")
            file.flush()
            progress("computing evidence", done, len(tasks))
    return Collection(
        np.memmap(array, np.int8, "r", shape=(len(lines), *SHAPE)),
        tuple(known[place] for place in sorted(known)),
    )


def _examine(task: _Task) -> Row:
    from locard.image import Image

    image = Image.from_path(task.picture)
    table = luma_table(image)
    evidence = evidence_of(count(luma_of(image)))
    array = np.memmap(task.array, np.int8, "r+", offset=task.place * _BYTES, shape=SHAPE)
    array[:] = evidence.terms
    return Row(
        place=task.place,
        label=label_of(task.facts),
        table=() if table is None else tuple(int(step) for step in table.ravel()),
        windows=tuple(float(number) for number in evidence.windows),
        facts=dict(task.facts),
    )


def _plain(row: Row) -> dict[str, Any]:
    """Return what is kept of a row: what the manifest says is read from there each time."""
    plain = asdict(row)
    del plain["facts"]
    return plain


def _rows(path: Path, lines: Sequence[Mapping[str, str]]) -> Iterator[Row]:
    """Yield what is noted; a last line that was cut off is not there."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            plain: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        yield Row(
            place=plain["place"],
            label=plain["label"],
            table=tuple(plain["table"]),
            windows=tuple(plain["windows"]),
            facts=dict(lines[plain["place"]]),
        )
