"""A data set of photographs as they are: what nobody tampered with must not be flagged."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from locard.evaluation.datasets.base import AUTHENTIC
from locard.evaluation.datasets.building import (
    BuildError,
    Progress,
    Unusable,
    claim,
    write,
    write_manifest,
)
from locard.text import printable
from locard_kd_crop.datasets.photographs import Photograph
from locard_kd_crop.datasets.splits import sources
from locard_semi_global.synthesis.build import photographs_of
from locard_semi_global.synthesis.sources import divided

FORMAT = "locard-untouched/1"
NOTE = "untouched.json"
COLUMNS = ("path", "kind", "mask", "group", "sha256", "split", "world", "camera", "name")
_ROWS = "rows.json"


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of it.

    Attributes:
        manifest: The manifest's file.
        splits: How many photographs each split has.
        unusable: Photographs that were passed over, and why.
    """

    manifest: Path
    splits: Mapping[str, int]
    unusable: tuple[Unusable, ...]


def collect(
    paths: Iterable[str], output: Path, split_seed: int, workers: int, progress: Progress
) -> Collected:
    """Make a data set of photographs as they are, divided as those are that splices are made of.

    Args:
        paths: Photographs that nobody tampered with.
        output: Folder of the data set.
        split_seed: Of the division; the same as that of other data sets from these photographs.
        workers: Number of worker processes.
        progress: Told how far it is, in this thread.

    Raises:
        LocardError: None of the photographs can be used, or the folder holds something else or
            cannot be written.
    """
    import json

    photographs, unusable = photographs_of(paths, workers, progress)
    splits = divided(photographs, split_seed)
    names = sources(photographs)
    facts = {
        "format": FORMAT,
        "split_seed": split_seed,
        "photographs": [one.sha256 for one in photographs],
    }
    claim(output, NOTE, facts)
    rows = []
    for done, one in enumerate(photographs, start=1):
        place = _copied(one, output, splits[one.sha256])
        source = names[one.sha256]
        rows.append(
            {
                "path": place,
                "kind": AUTHENTIC,
                "group": f"source {source}",
                "sha256": one.sha256,
                "split": splits[one.sha256],
                "world": "untouched",
                "camera": source,
                "name": printable(one.name),
            }
        )
        progress("copying photographs", done, len(photographs))
    write(output / _ROWS, json.dumps(rows).encode())
    manifest = write_manifest(output, COLUMNS, _ROWS)
    return Collected(manifest, Counter(splits.values()), tuple(unusable))


def _copied(photograph: Photograph, output: Path, split: str) -> str:
    """Copy a photograph's file, and return its path below the folder."""
    suffix = Path(photograph.path).suffix.lower()
    place = Path("images", split, f"{photograph.sha256[:16]}{suffix}")
    copy = output / place
    partial = copy.with_name(f".{copy.name}.partial")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.is_file():
            shutil.copyfile(photograph.path, partial)
            partial.replace(copy)
    except OSError as error:
        raise BuildError(
            f"cannot copy {printable(photograph.path)} to {copy.parent}: {error.strerror}",
            "Make room there or choose another folder; what is complete is kept.",
        ) from None
    return place.as_posix()
