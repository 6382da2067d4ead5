"""Photographs: which split each belongs to, and which may meet in one picture.

A split is a property of a photograph's camera, or of its scene where the camera is not known. It is
drawn from the name of that source and a seed of its own, so that it is the same in every data set,
whatever its size and whichever other photographs it is made of.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from locard_kd_crop.datasets.photographs import Photograph
from locard_kd_crop.datasets.splits import SPLITS, TEST, TRAIN, VALIDATION, sources
from locard_kd_crop.datasets.tables import Tables

CLUB = 8
"""Photographs at most that may meet in one picture. No picture shares any with another club's."""

SHARES = {VALIDATION: 0.15, TEST: 0.15}
"""Of sources; training has the others."""

_FOLDERS = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
}
"""Names of folders that say which split their photographs belong to."""

_PARTS = 2**32

Size = tuple[int, int]
"""Width and height of a picture, in pixels."""


@dataclass(frozen=True, slots=True)
class Club:
    """Photographs of one split that may meet in one picture.

    Attributes:
        name: Follows from its photographs.
        split: Theirs.
        photographs: Sorted by hash.
        sources: Camera or scene of each.
        tables: Quantisation tables of the split's own cameras.
    """

    name: str
    split: str
    photographs: tuple[Photograph, ...]
    sources: tuple[str, ...]
    tables: tuple[Tables, ...]


def divided(photographs: Sequence[Photograph], seed: int) -> Mapping[str, str]:
    """Assign each photograph to a split, all of one source to the same.

    A folder named train, val or test says where its photographs belong; where a source is in two,
    it belongs to training, and to validation rather than to the test.

    Args:
        photographs: Each once.
        seed: Of the division.

    Returns:
        The split by the photograph's SHA-256.
    """
    names = sources(photographs)
    stated: dict[str, set[str | None]] = defaultdict(set)
    for one in photographs:
        stated[names[one.sha256]].add(stated_split(one.path))
    splits = {}
    for name in set(names.values()):
        found = [split for split in SPLITS if split in stated[name]]
        splits[name] = found[0] if found else _drawn(name, seed)
    return {one.sha256: splits[names[one.sha256]] for one in photographs}


def stated_split(path: str | Path) -> str | None:
    """Return the split that the innermost folder named train, val or test says, if one does."""
    for part in reversed(Path(path).parts[:-1]):
        if split := _FOLDERS.get(part.lower()):
            return split
    return None


def _drawn(name: str, seed: int) -> str:
    """Draw a split from a source's name alone."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    place = int.from_bytes(digest[:4], "big") / _PARTS
    for split, share in SHARES.items():
        if place < share:
            return split
        place -= share
    return TRAIN


def tables_of_splits(
    photographs: Iterable[Photograph], splits: Mapping[str, str]
) -> dict[str, tuple[Tables, ...]]:
    """Return each split's own tables that no IJG quality has, sorted by name.

    Tables that training has belong to training alone.
    """
    found: dict[str, dict[str, Tables]] = {split: {} for split in SPLITS}
    for one in photographs:
        if one.tables is not None and not one.tables.is_ijg:
            found[splits[one.sha256]][one.tables.name] = one.tables
    seen: set[str] = set()
    own = {}
    for split in SPLITS:
        own[split] = tuple(found[split][name] for name in sorted(set(found[split]) - seen))
        seen |= set(found[split])
    return own


def clubs(
    photographs: Sequence[Photograph],
    splits: Mapping[str, str],
    largest: Mapping[str, int],
    seed: int,
) -> list[Club]:
    """Divide the photographs that serve into clubs, each of one split and of two or more.

    Args:
        photographs: All of the division, sorted by hash.
        splits: Of :func:`divided`.
        largest: Place of the largest size that each photograph serves for; those without serve for
            none. Photographs of one size become one club as far as possible.
        seed: Of the draw.
    """
    names = sources(photographs)
    tables = tables_of_splits(photographs, splits)
    made = []
    for number, split in enumerate(SPLITS):
        serve = [
            one for one in photographs if one.sha256 in largest and splits[one.sha256] == split
        ]
        order = np.random.default_rng([seed, 1, number]).permutation(len(serve))
        drawn = sorted((serve[place] for place in order), key=lambda one: -largest[one.sha256])
        made += [
            _club(split, sorted(members, key=lambda one: one.sha256), names, tables[split])
            for members in _parts(drawn)
            if len(members) > 1
        ]
    return made


def _parts(photographs: Sequence[Photograph]) -> list[Sequence[Photograph]]:
    """Cut a list into parts of nearly the same length, of two or more each."""
    count = -(-len(photographs) // CLUB)
    bounds = [len(photographs) * part // max(count, 1) for part in range(count + 1)]
    return [photographs[low:high] for low, high in pairwise(bounds)]


def _club(
    split: str,
    members: Sequence[Photograph],
    names: Mapping[str, str],
    tables: tuple[Tables, ...],
) -> Club:
    digest = hashlib.sha256("".join(one.sha256 for one in members).encode()).hexdigest()
    cameras = tuple(names[one.sha256] for one in members)
    return Club(f"{split}-{digest[:10]}", split, tuple(members), cameras, tables)
