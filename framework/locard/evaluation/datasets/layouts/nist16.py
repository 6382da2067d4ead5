"""Nimble Challenge 2016 of NIST."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from locard.evaluation.datasets import AUTHENTIC, DatasetError, Layout, Sample
from locard.evaluation.datasets.layouts.files import connected, folders_below, inside, missing
from locard.text import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REFERENCE = Path("reference", "manipulation", "NC2016-manipulation-ref.csv")

_KINDS = {
    "IsManipulationTypeSplice": "splice",
    "IsManipulationTypeCopyClone": "copy-move",
    "IsManipulationTypeRemoval": "removal",
}
_FACTS = {
    "Collection": "collection",
    "ManipulationQuality": "quality",
    "ProbePostProcessed": "post-processing",
}


class Nist16(Layout):
    """Nimble Challenge 2016 (NC2016, "NIST16"), the manipulation task.

    ``reference/manipulation/NC2016-manipulation-ref.csv``, columns divided by ``|``, says for each
    ``ProbeFileName`` whether it was tampered with (``IsTarget``), how, and which file its mask is
    (``ProbeMaskFileName``), all relative to the folder that holds ``reference``; masks are
    **black** where the image is tampered. Probes that share a base or donor image are one group.

    Checked against descriptions, NIST's public scorer and public loaders only, not against the
    files.
    """

    name = "nist16"
    summary = "NIST Nimble Challenge 2016: probe/ and reference/manipulation/NC2016-…-ref.csv"
    source = (
        "H. Guan et al.: MFC datasets: large-scale benchmark datasets for media forensic challenge "
        "evaluation, WACV Workshops 2019; mig.nist.gov"
    )

    def recognises(self, folder: Path) -> bool:
        """Return whether the reference file is there."""
        return _top(folder) is not None

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        top = _top(folder)
        if top is None:
            raise missing(self.name, folder, str(REFERENCE))
        rows = _rows(top / REFERENCE)
        groups = connected({name: _made_of(row) for name, row in rows.items()})
        where = printable(str(top / REFERENCE))
        prefix = top.relative_to(folder).as_posix()
        for name, row in sorted(rows.items()):
            kind = _kind(row)
            mask = row.get("ProbeMaskFileName") if kind != AUTHENTIC else None
            facts = {fact: row[column] for column, fact in _FACTS.items() if row.get(column)}
            yield Sample(
                name if prefix == "." else f"{prefix}/{name}",
                top / inside(name, where),
                kind,
                top / inside(mask, where) if mask else None,
                groups[name],
                facts,
            )

    def truth(self, sample: Sample) -> NDArray[np.bool_]:
        """Read a mask: black is tampered."""
        from locard.evaluation.datasets.masks import read_dark

        assert sample.mask is not None  # noqa: S101  the caller's part of the contract
        return read_dark(sample.mask)


def _top(folder: Path) -> Path | None:
    """Return the folder that file names in the reference are relative to."""
    return next((here for here in folders_below(folder, 2) if (here / REFERENCE).is_file()), None)


def _rows(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of the reference by probe; of two rows of a probe the first."""
    try:
        with path.open(encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
            reader = csv.DictReader(file, delimiter="|", restval="")
            absent = {"ProbeFileName", "ProbeMaskFileName", "IsTarget"} - set(
                reader.fieldnames or ()
            )
            if absent:
                raise DatasetError(
                    f"{printable(str(path))} has no column {', '.join(sorted(absent))}",
                    "Get the file again from NIST.",
                )
            rows: dict[str, dict[str, str]] = {}
            for row in reader:
                if row["ProbeFileName"]:
                    rows.setdefault(row["ProbeFileName"], row)
    except (OSError, csv.Error) as error:
        raise DatasetError(f"{printable(str(path))} cannot be read: {error}") from None
    return rows


def _made_of(row: dict[str, str]) -> list[str]:
    return [row[key] for key in ("BaseFileName", "DonorFileName") if row.get(key)]


def _kind(row: dict[str, str]) -> str:
    if row["IsTarget"] != "Y":
        return AUTHENTIC
    return next((kind for column, kind in _KINDS.items() if row.get(column) == "Y"), "tampered")
