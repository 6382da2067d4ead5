"""A folder with a list of its images."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from locard.evaluation.datasets import AUTHENTIC, DatasetError, Layout, Sample
from locard.evaluation.datasets.layouts.files import inside, missing
from locard.evaluation.datasets.strata import WAYS
from locard.text import printable

MANIFEST = "manifest.csv"

_OWN = ("path", "kind", "mask", "group", "sha256")


class Manifest(Layout):
    """Whatever a ``manifest.csv`` lists: UTF-8, comma-separated, with a line of column names.

    Columns: ``path`` and ``kind`` (both required), ``mask``, ``group``, ``sha256`` of the image.
    Every other column becomes a fact, except where it is empty; ``history`` with the value ``never
    compressed`` is understood. Paths are relative to the folder, with forward slashes, and do not
    lead out of it. Masks are white where the image is tampered; an authentic image has none.
    """

    name = "manifest"
    summary = "any folder with a manifest.csv: path, kind, mask, group, sha256, and facts"

    def recognises(self, folder: Path) -> bool:
        """Return whether there is a ``manifest.csv``."""
        return (folder / MANIFEST).is_file()

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        path = folder / MANIFEST
        if not path.is_file():
            raise missing(self.name, folder, MANIFEST)
        found: dict[str, Sample] = {}
        for line, row in _rows(path):
            sample = _sample(folder, row, f"{printable(str(path))}, line {line}")
            if sample.name in found:
                where = f"{printable(str(path))}, line {line}"
                raise DatasetError(
                    f"{where}: {printable(sample.name)} is listed twice", "Keep one of the lines."
                )
            found[sample.name] = sample
        yield from (found[name] for name in sorted(found))


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the rows with the numbers of their lines."""
    shown = printable(str(path))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            _check_columns(shown, reader.fieldnames or ())
            for row in reader:
                if None in row:
                    raise DatasetError(
                        f"{shown}, line {reader.line_num}: more values than there are columns",
                        "Put values with commas in double quotes.",
                    )
                if any(row.values()):
                    yield reader.line_num, {key: value.strip() for key, value in row.items()}
    except UnicodeDecodeError as error:
        raise DatasetError(f"{shown} is not UTF-8: {error}", "Save it as UTF-8.") from None
    except (OSError, csv.Error) as error:
        raise DatasetError(f"{shown} cannot be read: {error}") from None


def _check_columns(shown: str, columns: Sequence[str]) -> None:
    absent = [name for name in ("path", "kind") if name not in columns]
    if absent:
        raise DatasetError(
            f"{shown} has no column {' and '.join(absent)}",
            f"The first line names the columns: {', '.join(_OWN)}, and any others.",
        )
    if taken := sorted(WAYS & (set(columns) - set(_OWN))):
        raise DatasetError(
            f"{shown}: a column may not be named {', '.join(taken)}",
            "Results use that word for something else: rename the column.",
        )


def _sample(folder: Path, row: Mapping[str, str], where: str) -> Sample:
    kind = row["kind"]
    mask = row.get("mask") or None
    if kind == AUTHENTIC and mask:
        raise DatasetError(
            f"{where}: an authentic image has no mask", "Correct the kind, or remove the mask."
        )
    if not kind:
        raise DatasetError(f"{where}: the kind is empty", f"Write {AUTHENTIC}, splice, copy-move …")
    name = inside(row["path"], where)
    return Sample(
        name,
        folder / name,
        kind,
        folder / inside(mask, where) if mask else None,
        row.get("group") or None,
        {key: value for key, value in row.items() if key not in _OWN and value},
        row.get("sha256", "").lower() or None,
    )
