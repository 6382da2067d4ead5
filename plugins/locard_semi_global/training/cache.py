"""The evidence of pictures on disk, so that it is computed once for all trainings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.engine.spool import write_atomically
from locard.errors import LocardError
from locard.evaluation.datasets.building import Progress, parallel
from locard.evaluation.runs.side_work import WorkFailedError, outcome_of
from locard_semi_global.evidence.channels import VERSION
from locard_semi_global.training.windows import draw_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.datasets.base import Sample
    from locard.evaluation.datasets.loading import Dataset

FORMAT: Final = "1"
MOST_WINDOWS: Final = 3
"""Of a picture that is larger than the largest window."""

_FINE = 4  # pixels a side of a label
_LEAST_SIDE = 64  # pixels, of a picture that the smallest window fits into


@dataclass(frozen=True, slots=True)
class Row:
    """A window of a picture, and what is known of it.

    Attributes:
        path: The file with its evidence.
        shape: Rows and columns of cells.
        name: Of the picture in its data set.
        data_set: The data set's folder, its last part.
        kind: ``authentic``, ``splice``, ``copy-move`` …
        group: Pictures with a common source share it; empty where unknown.
        facts: What else the data set says.
    """

    path: Path
    shape: tuple[int, int]
    name: str
    data_set: str
    kind: str
    group: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What a network learns from.

    Attributes:
        values: float16, (channels, rows, columns).
        medians: float32, (channels,): of the whole picture.
        spreads: float32, (channels,): likewise.
        labels: uint8, (2 rows, 2 columns): tampered share of 4×4 pixels, of 255.
    """

    values: NDArray[np.float16]
    medians: NDArray[np.float32]
    spreads: NDArray[np.float32]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Task:
    data_set: Dataset
    sample: Sample
    folder: Path
    key: str


def gather(
    folder: Path,
    data_set: Dataset,
    samples: Sequence[Sample],
    workers: int,
    progress: Progress,
) -> tuple[list[Row], list[str]]:
    """Compute the evidence of pictures, or what is missing of it.

    A picture is known by its content and its mask's, wherever it lies.

    Args:
        folder: Where evidence is kept.
        data_set: Where the pictures are from.
        samples: Which of its pictures.
        workers: Number of processes.
        progress: Told how far it is.

    Returns:
        A row for each window, in the order of the samples; and of each picture that cannot be used
        the reason, in words.
    """
    kept = folder / f"evidence-{VERSION}-{FORMAT}"
    # The other processes need no list of thousands of samples with each of them.
    bare = replace(data_set, samples=(), hashes={}, without_truth=frozenset())
    tasks = [_Task(bare, one, kept, _key(data_set, one)) for one in samples]
    missing = {task.key: task for task in tasks if not _record(task).is_file()}
    left_out = []
    progress("computing evidence", 0, len(missing))
    for done, (task, outcome) in enumerate(parallel(_examine, missing.values(), workers), start=1):
        try:
            outcome_of(outcome)
        except (LocardError, WorkFailedError) as error:
            left_out.append(f"{task.sample.name}: {error.message}")
        progress("computing evidence", done, len(missing))
    return [row for task in tasks for row in _rows(task)], left_out


def read(row: Row) -> Window:
    """Read a window.

    Raises:
        LocardError: Its file is gone or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return Window(**load(row.path.read_bytes()))
    except (OSError, SafetensorError, TypeError) as error:
        raise LocardError(
            f"the evidence {row.path} cannot be read: {error}",
            "Delete the folder it is in; it is computed again.",
        ) from None


def _key(data_set: Dataset, sample: Sample) -> str:
    known = hashlib.sha256(data_set.hashes[sample.name].encode())
    if sample.mask is not None:
        known.update(sample.mask.read_bytes())
    return known.hexdigest()[:32]


def _record(task: _Task) -> Path:
    return task.folder / task.key[:2] / f"{task.key}.json"


def _rows(task: _Task) -> list[Row]:
    record = _record(task)
    try:
        shapes = json.loads(record.read_bytes())
    except (OSError, ValueError):
        return []
    sample = task.sample
    return [
        Row(
            path=record.with_name(f"{task.key}-{number}.safetensors"),
            shape=(rows, columns),
            name=sample.name,
            data_set=task.data_set.folder.name,
            kind=sample.kind,
            group=sample.group or "",
            facts=sample.facts,
        )
        for number, (rows, columns) in enumerate(shapes)
    ]


def _examine(task: _Task) -> None:
    from safetensors.numpy import save

    from locard.image import Image
    from locard_semi_global.extraction import extract_picture
    from locard_semi_global.looking import luma_and_table

    image = Image.from_path(task.sample.path)
    truth = task.data_set.truth(task.sample, image.height, image.width)
    luma, table = luma_and_table(image)
    if min(image.width, image.height) < _LEAST_SIDE:
        raise LocardError(
            f"{image.width}×{image.height} is too small: it takes {_LEAST_SIDE} px a side"
        )
    evidence = extract_picture(image.pixels, luma, table)
    labels = _labels(truth)
    shares = labels.reshape(labels.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3), dtype=np.float32)
    record = _record(task)
    record.parent.mkdir(parents=True, exist_ok=True)
    windows = draw_windows(shares, MOST_WINDOWS, np.random.default_rng(int(task.key, 16)))
    for number, window in enumerate(windows):
        rows = slice(window.top, window.top + window.rows)
        columns = slice(window.left, window.left + window.columns)
        tensors: dict[str, NDArray[np.generic]] = {
            "values": np.ascontiguousarray(evidence.values[:, rows, columns]),
            "medians": evidence.medians,
            "spreads": evidence.spreads,
            "labels": np.ascontiguousarray(
                labels[2 * rows.start : 2 * rows.stop, 2 * columns.start : 2 * columns.stop]
            ),
        }
        write_atomically(record.with_name(f"{task.key}-{number}.safetensors"), save(tensors))
    shapes = [(window.rows, window.columns) for window in windows]
    write_atomically(record, json.dumps(shapes).encode())


def _labels(truth: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the tampered share of each 4×4 pixels of all whole cells: uint8, (2 h, 2 w)."""
    height, width = (2 * (length // (2 * _FINE)) for length in truth.shape)
    blocks = truth[: _FINE * height, : _FINE * width].reshape(height, _FINE, width, _FINE)
    shares: NDArray[np.uint8] = np.rint(blocks.mean(axis=(1, 3)) * 255).astype(np.uint8)
    return shares
