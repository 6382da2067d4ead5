"""Pictures in fours: two splices, a copy-move, and the authentic twin of one of the three.

A twin is the host without the paste, put through the very same last step and after-life. Each four
follows from the seed and its number alone.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.base import AUTHENTIC, NEVER_COMPRESSED
from locard.evaluation.datasets.building import BuildError, sha256_of_bytes, write
from locard.evaluation.treatments.pixels import encode_png
from locard_semi_global.synthesis.after_life import (
    AS_IT_IS,
    Chain,
    draw_chain,
    followed,
    lived_on,
)
from locard_semi_global.synthesis.pictures import Facts, Made, make
from locard_semi_global.synthesis.pieces import CAMERA, FOUR, JPEG, Piece
from locard_semi_global.synthesis.saving import Save, draw_save, encode

COLUMNS = (
    *("path", "kind", "mask", "group", "sha256", "split", "world", "history"),
    *("host", "donor", "host_source", "donor_source", "host_reduction", "donor_reduction"),
    *("host_past", "donor_past", "shape", "edge", "area", "moved", "scale", "angle", "mirrored"),
    *("tone", "last_step", "after_life", "after_life_steps", "twin", "number", "seed"),
)
"""Of the manifest. What a picture does not have is empty."""

_LAST = {JPEG: (68, 100), CAMERA: (85, 98)}
"""IJG qualities of the last step."""
_LOSSLESS = {JPEG: 0.25, CAMERA: 0.75}


def make_piece(piece: Piece) -> str | None:
    """Make a piece and write its files, the record of its recipe last.

    Returns:
        Why it cannot be made, in words: a photograph is missing, or not what it was.

    Raises:
        BuildError: The folder cannot be written.
    """
    rows: list[dict[str, Any]] = []
    try:
        for four in piece.fours:
            rows += _make_four(piece, four)
    except BuildError:
        raise
    except LocardError as error:
        return error.message
    write(piece.record, json.dumps(rows, indent=1).encode())
    return None


def _make_four(piece: Piece, four: int) -> list[dict[str, Any]]:
    random = np.random.default_rng([piece.seed, 2, four])
    tampered = [place for place, kind in enumerate(FOUR) if kind != AUTHENTIC]
    first = len(FOUR) * four
    there = [place for place in tampered if first + place < piece.count]
    twin_of = int(random.choice(there))
    authentic = FOUR.index(AUTHENTIC)
    rows = []
    for place in there:
        draw = np.random.default_rng([piece.seed, 3, first + place])
        made = make(piece, FOUR[place], draw)
        last, chain = _last_steps(piece, made.host.shape, draw)
        twin = authentic if place == twin_of and first + authentic < piece.count else None
        rows.append(_store(piece, first + place, made, last, chain, twin, FOUR[place]))
        if twin is not None:
            rows.append(_store(piece, first + twin, made, last, chain, place, AUTHENTIC))
    return sorted(rows, key=lambda row: int(row["number"]))


def _last_steps(
    piece: Piece, shape: tuple[int, ...], random: np.random.Generator
) -> tuple[Save | None, Chain]:
    """Draw how a picture is stored, and what becomes of it then."""
    last = None
    if random.random() >= _LOSSLESS[piece.world]:
        last = draw_save(random, piece.club.tables, *_LAST[piece.world])
    if random.random() >= piece.after_life:
        return last, AS_IT_IS
    return last, draw_chain(random, shape[1], shape[0], piece.club.tables)


def _store(
    piece: Piece,
    number: int,
    made: Made,
    last: Save | None,
    chain: Chain,
    twin: int | None,
    kind: str,
) -> dict[str, Any]:
    """Write a picture and its mask, and return its row."""
    authentic = kind == AUTHENTIC
    pixels = made.host if authentic else made.tampered
    data = encode_png(pixels) if last is None else encode(pixels, last)
    data, suffix = lived_on(data, chain)
    suffix = suffix or ("png" if last is None else "jpg")
    path = f"images/{piece.stem}/{number:06d}.{suffix}"
    write(piece.output / path, data)
    row: dict[str, Any] = {
        "path": path,
        "kind": kind,
        "group": piece.club.name,
        "sha256": sha256_of_bytes(data),
        "split": piece.club.split,
        "world": piece.world,
        "history": NEVER_COMPRESSED if piece.world == CAMERA and _lossless(last, chain) else "",
        **(_of_host(made.facts) if authentic else made.facts),
        "last_step": "png" if last is None else last.words,
        "after_life": chain.kind,
        "after_life_steps": chain.words,
        "twin": "" if twin is None else f"{len(FOUR) * (number // len(FOUR)) + twin:06d}",
        "number": f"{number:06d}",
        "seed": piece.seed,
    }
    if not authentic:
        row["mask"] = f"masks/{piece.stem}/{number:06d}.png"
        mask = followed(made.area.region.mask, chain)
        write(piece.output / row["mask"], encode_png(mask.astype(np.uint8) * 255))
    return row


def _lossless(last: Save | None, chain: Chain) -> bool:
    return last is None and not any(isinstance(step, Save) for step in chain.steps)


def _of_host(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if name.startswith("host")}
