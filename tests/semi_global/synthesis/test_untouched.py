"""Photographs as they are: the same bytes, the same splits as those that splices are made of."""

from __future__ import annotations

from pathlib import Path

from locard.evaluation.datasets.loading import load
from locard.image import Image
from locard.plugins import catalogue
from locard_semi_global.synthesis.untouched import collect

from .conftest import SPLIT_SEED, rows


def test_photographs_are_copied_byte_for_byte_and_divided_alike(
    photographs: Path, jpeg_set: Path, tmp_path: Path
) -> None:
    names = sorted(str(path) for path in photographs.iterdir())
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no JPEG")
    for _ in range(2):
        made = collect([*names, str(broken)], tmp_path / "set", SPLIT_SEED, 2, lambda *_: None)
    assert [one.name for one in made.unusable if one.broken] == ["broken.jpg"]
    found = rows(tmp_path / "set")
    copied = {(tmp_path / "set" / row["path"]).read_bytes() for row in found}
    assert copied == {Path(name).read_bytes() for name in names}
    assert {row["kind"] for row in found} == {"authentic"}
    splits = {row["sha256"][:16]: row["split"] for row in found}
    for row in rows(jpeg_set):
        assert splits[row["host"]] == row["split"]
    dataset = load(tmp_path / "set", None, catalogue())
    assert dataset.facts.problems == ()
    for sample in dataset.samples:
        assert Image.from_path(sample.path).sha256 == sample.sha256
