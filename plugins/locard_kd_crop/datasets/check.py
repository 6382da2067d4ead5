"""Checks that the classes of a data set differ in nothing but the crop."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from locard.evaluation.datasets.header_facts import header_facts
from locard.evaluation.datasets.inspection import inspect
from locard.image import Image
from locard.text import printable
from locard_kd_crop.datasets.pairs import AUTHENTIC, COLUMNS, CROP, OF_A_PICTURE
from locard_kd_crop.datasets.strata import BLIND

if TYPE_CHECKING:
    from locard.evaluation.datasets import Sample
    from locard.evaluation.datasets.inspection import Inspection
    from locard.evaluation.datasets.loading import Dataset

PLACE = "place in the frame"
"""The feature of the leak check that the manifest states."""

_OWN = frozenset({"path", "kind", "group", "sha256"})
_NUMBERS = ("x", "y", "frame_width", "frame_height", "width", "height")
_VARYING = "bytes per pixel"
_BLOCK = 8
_MCU = 16


@dataclass(frozen=True, slots=True)
class Check:
    """What must be looked at in a data set.

    Attributes:
        inspection: Missing, changed and repeated files, and the leak check.
        contradictions: Files that are there more than once and belong to both classes, outside
            stratum E, or to two photographs. Within one, pairs may meet by chance.
        pairs: How many pairs are whole.
        differences: In what pairs differ, or why they are none, one sentence each.
        divisions: What is in two splits, one sentence each.
    """

    inspection: Inspection
    contradictions: tuple[tuple[str, ...], ...]
    pairs: int
    differences: tuple[str, ...]
    divisions: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether there is nothing to look at."""
        return not (
            self.inspection.problems
            or self.contradictions
            or self.differences
            or self.divisions
            or any(leak.leaks for leak in self.inspection.leaks)
        )


def check(dataset: Dataset) -> Check:
    """Check a data set of pairs.

    Args:
        dataset: Loaded with the layout ``crop-pairs``.

    Raises:
        LocardError: scikit-learn, which the leak check needs, is not installed.
    """
    unplaced = tuple(_unplaced(dataset.samples))
    stated = None if unplaced else {PLACE: place}
    pairs: dict[str, list[Sample]] = defaultdict(list)
    for sample in dataset.samples:
        pairs[sample.facts.get("pair", "")].append(sample)
    differences = [
        f"pair {printable(name) or '(without a number)'}: {why}"
        for name, members in sorted(pairs.items())
        for why in _differences(members)
    ]
    inspection = inspect(dataset, stated)
    return Check(
        inspection=inspection,
        contradictions=tuple(_contradictions(dataset.samples, inspection.duplicates)),
        pairs=sum(_is_pair(members) for members in pairs.values()),
        differences=(*unplaced, *differences),
        divisions=tuple(_divisions(dataset.samples)),
    )


def place(sample: Sample) -> list[float]:
    """Return where a picture lay in its frame, as the manifest has it.

    Returns:
        Its left and upper edge and its centre as shares of the frame, and the edges in MCUs of 16
        pixels; all of the nearest MCU, for less is the crop itself and no leak: uncropped pictures
        begin at MCUs.
    """
    x, y, frame_width, frame_height, width, height = (int(sample.facts[n]) for n in _NUMBERS)
    column, row = (x + _MCU // 2) // _MCU, (y + _MCU // 2) // _MCU
    left, top = column * _MCU, row * _MCU
    centre = ((left + width / 2) / frame_width, (top + height / 2) / frame_height)
    return [column, row, left / frame_width, top / frame_height, *centre]


def _contradictions(
    samples: Sequence[Sample], duplicates: Sequence[tuple[str, ...]]
) -> Iterator[tuple[str, ...]]:
    """Yield names of equal files that cannot be so by chance."""
    by_name = {sample.name: sample for sample in samples}
    for names in duplicates:
        members = [by_name[name] for name in names]
        photographs = {member.facts.get("photograph_sha256") for member in members}
        seen = [member for member in members if member.facts.get("stratum") != BLIND]
        if len(photographs) > 1 or (seen and len({member.kind for member in members}) > 1):
            yield names


def _unplaced(samples: Sequence[Sample]) -> Iterator[str]:
    """Yield a sentence where the manifest does not say where pictures lay."""
    without = [s for s in samples if not all(s.facts.get(n, "").isdecimal() for n in _NUMBERS)]
    zero = [s for s in samples if "0" in (s.facts.get("frame_width"), s.facts.get("frame_height"))]
    if found := [*without, *zero]:
        shown = printable(found[0].name)
        yield f"{len(found)} pictures have no place in the frame in the manifest: {shown} is one"


def _is_pair(members: Sequence[Sample]) -> bool:
    return sorted(sample.kind for sample in members) == [AUTHENTIC, CROP]


def _differences(members: Sequence[Sample]) -> Iterator[str]:
    """Yield in what the two pictures of a pair differ."""
    if not _is_pair(members):
        kinds = Counter(sample.kind for sample in members)
        found = ", ".join(f"{count} {printable(kind)}" for kind, count in sorted(kinds.items()))
        yield f"it is no pair of one {AUTHENTIC} picture and one {CROP}: {found}"
        return
    uncropped, cropped = sorted(members, key=lambda sample: sample.kind)
    shared = [name for name in COLUMNS if name not in _OWN | OF_A_PICTURE]
    stated = [name for name in shared if uncropped.facts.get(name) != cropped.facts.get(name)]
    if stated or uncropped.group != cropped.group:
        yield f"the manifest says different things of {', '.join(stated) or 'group'}"
    facts = [header_facts(Image.from_path(sample.path)) for sample in (uncropped, cropped)]
    if files := [n for n in facts[0] if facts[0][n] != facts[1][n] and n != _VARYING]:
        yield f"the files differ in {', '.join(files)}"
    yield from _misplaced(uncropped, cropped)


def _misplaced(uncropped: Sample, cropped: Sample) -> Iterator[str]:
    """Yield where phases are not those of the classes."""
    if uncropped.facts.get("offset") != "0,0":
        yield "the uncropped picture is not aligned to the grid"
    if cropped.facts.get("stratum") != BLIND and cropped.facts.get("offset") == "0,0":
        yield "the crop is aligned to the grid"
    for sample in (uncropped, cropped):
        x, y = sample.facts.get("x", ""), sample.facts.get("y", "")
        if x.isdecimal() and y.isdecimal():
            offset = f"{int(x) % _BLOCK},{int(y) % _BLOCK}"
            if sample.facts.get("offset") != offset:
                yield f"its offset is not that of {x},{y}"


def _divisions(samples: Sequence[Sample]) -> Iterator[str]:
    """Yield what is in more than one split: a photograph, or a camera or scene."""
    for what, key in (("photograph", "photograph_sha256"), ("camera or scene", None)):
        splits: dict[str, set[str]] = defaultdict(set)
        for sample in samples:
            name = (sample.facts.get(key) if key else sample.group) or ""
            splits[name].add(sample.facts.get("split", ""))
        for name, found in sorted(splits.items()):
            if len(found) > 1 and name:
                names = ", ".join(sorted(found))
                yield f"{what} {printable(name)} is in more than one split: {printable(names)}"
