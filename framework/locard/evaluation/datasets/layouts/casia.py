"""What the two CASIA data sets share: names that tell kind and sources.

``Sp_D_NNN_A_ani0055_pla0025_0287.jpg``: the region of ``pla0025`` pasted into ``ani0055`` (or the
other way round); in version 2 ``Tp_D_CND_M_N_ani00018_sec00096_00138.jpg``. The letter D
("different") means a splice, S ("same") a copy-move; some letters are wrong, which is why the
sources decide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from locard.evaluation.datasets import AUTHENTIC, Sample
from locard.evaluation.datasets.layouts.files import connected, images_below, missing, name_in

_AUTHENTIC = re.compile(r"au_([a-z]{3})_(\d+)")
_SOURCE = re.compile(r"_([a-z]{3}\d{4,5})(?=_)")
_NUMBER = re.compile(r"_(\d+)$")
_MASK_SUFFIX = re.compile(r"_gt\d?$")
_MASK_FOLDER = re.compile(r"ground[ _-]?truth|^masks?$|^gt$")

MaskKey = tuple[str, frozenset[str]]


def samples(layout: str, folder: Path, tampered: re.Pattern[str]) -> Iterator[Sample]:
    """Yield the samples of a CASIA data set, wherever its folders lie.

    Args:
        layout: Name of the layout, for messages.
        folder: The data set.
        tampered: What names of tampered images begin with, in lower case.
    """
    photographs, masks = _sorted_out(folder, tampered)
    if not photographs:
        raise missing(layout, folder, "image that is named like the data set's")
    by_key = _by_key(masks)
    groups = connected({name: sources(path.stem) for name, path in photographs.items()})
    for name in sorted(photographs):
        path = photographs[name]
        stem = path.stem.lower()
        is_tampered = tampered.match(stem) is not None
        mask = (masks.get(stem) or by_key.get(_key(stem))) if is_tampered else None
        kind = _kind(path) if is_tampered else AUTHENTIC
        yield Sample(name, path, kind, mask, groups[name])


def recognises(folder: Path, tampered: re.Pattern[str]) -> bool:
    """Return whether a folder holds an image with such a name."""
    return any(tampered.match(path.stem.lower()) for path in images_below(folder))


def sources(stem: str) -> list[str]:
    """Return the photographs that an image was made of: ``ani0055``, ``pla0025``."""
    stem = stem.lower()
    authentic = _AUTHENTIC.fullmatch(stem)
    return ["".join(authentic.groups())] if authentic else _SOURCE.findall(stem)


def _sorted_out(folder: Path, tampered: re.Pattern[str]) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return photographs by sample name, and masks by what the name of their image is."""
    photographs: dict[str, Path] = {}
    masks: dict[str, Path] = {}
    for path in images_below(folder):
        stem = path.stem.lower()
        above = [part.lower() for part in path.relative_to(folder).parts[:-1]]
        if "original tp" in above:  # the same pictures as in "Modified Tp", with more wrong names
            continue
        if any(map(_MASK_FOLDER.search, above)) or _MASK_SUFFIX.search(stem):
            masks.setdefault(_MASK_SUFFIX.sub("", stem), path)
        elif tampered.match(stem) or _AUTHENTIC.fullmatch(stem):
            photographs[name_in(folder, path)] = path
    return photographs, masks


def _by_key(masks: Mapping[str, Path]) -> dict[MaskKey | None, Path]:
    """Return the masks that no other one can be taken for."""
    keys = {stem: _key(stem) for stem in masks}
    once = Counter(keys.values())
    return {key: masks[stem] for stem, key in keys.items() if key and once[key] == 1}


def _key(stem: str) -> MaskKey | None:
    """Return what an image and its mask share when one of them was renamed from S to D."""
    number = _NUMBER.search(stem)
    return (number[1], frozenset(sources(stem))) if number else None


def _kind(path: Path) -> str:
    """Return the kind by the folder of copy-moves, else by the sources, else by the letter."""
    if path.parent.name == "CM":
        return "copy-move"
    made_of = set(sources(path.stem))
    if made_of:
        return "splice" if len(made_of) > 1 else "copy-move"
    return "copy-move" if path.stem[3:4].upper() == "S" else "splice"
