"""Pictures in fours: two splices, a copy-move, and the authentic twin of one of the three.

A twin is the host without the paste, put through the very same last step and after-life. Each four
follows from the seed and its number alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from locard.errors import LocardError
from locard.evaluation.datasets.base import AUTHENTIC, NEVER_COMPRESSED
from locard.evaluation.datasets.building import BuildError, sha256_of_bytes, write
from locard.evaluation.treatments.pixels import encode_png
from locard_kd_crop.datasets.photographs import Photograph
from locard_kd_crop.datasets.splits import TRAIN
from locard_semi_global.synthesis import camera_world, jpeg_world
from locard_semi_global.synthesis.after_life import (
    AS_IT_IS,
    Chain,
    draw_chain,
    followed,
    lived_on,
)
from locard_semi_global.synthesis.camera import Camera, draw_camera
from locard_semi_global.synthesis.content import (
    Motion,
    carried,
    draw_motion,
    draw_tone,
    elsewhere,
    pasted,
    toned,
)
from locard_semi_global.synthesis.regions import LARGEST_COPY, LARGEST_SHARE, Area, draw_area
from locard_semi_global.synthesis.saving import Save, draw_save, encode
from locard_semi_global.synthesis.sources import Club, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

JPEG, CAMERA = "jpeg", "camera"
WORLDS = (JPEG, CAMERA)
SPLICE, COPY_MOVE = "splice", "copy-move"
FOUR = (SPLICE, AUTHENTIC, COPY_MOVE, SPLICE)
"""What the pictures of a four are, in order."""

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
_MOVED = {
    (JPEG, SPLICE): (0.6, 0.3),
    (CAMERA, SPLICE): (0.35, 0.2),
    (JPEG, COPY_MOVE): (0.35, 0.25),
    (CAMERA, COPY_MOVE): (0.35, 0.25),
}
"""Which share of pasted content is scaled, and which is turned."""
_TONED = {SPLICE: 0.4, COPY_MOVE: 0.15}
_SAME_CAMERA = 0.1

Facts = dict[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Piece:
    """Fours of one size whose photographs come from one club.

    Attributes:
        output: Folder of the data set.
        world: One of :data:`WORLDS`.
        club: Where photographs come from.
        serving: Places in the club of the photographs that serve for the size.
        size: Width and height of the pictures; turned by a quarter where photographs allow it.
        fours: Their numbers.
        count: Pictures of the whole data set: numbers from here on are not made.
        seed: Of the data set.
        after_life: Share of fours' members that lived on.
        segmentations: Files of human segmentations.
    """

    output: Path
    world: str
    club: Club
    serving: tuple[int, ...]
    size: Size
    fours: tuple[int, ...]
    count: int
    seed: int
    after_life: float
    segmentations: tuple[str, ...] = field(repr=False)

    @property
    def stem(self) -> str:
        """Name of its folders and of its record."""
        return f"{self.club.split}/{self.fours[0]:06d}"

    @property
    def record(self) -> Path:
        """The file that holds its rows, and is there when the piece is complete."""
        return self.output / "recipes" / f"{self.stem}.json"


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A tampered picture before its last step, and what is known of it.

    Attributes:
        host: uint8, (H, W, 3): without the paste.
        tampered: uint8, (H, W, 3): with it.
        area: Where the paste is.
        facts: Of the host and the paste: columns of the manifest.
    """

    host: NDArray[np.uint8]
    tampered: NDArray[np.uint8]
    area: Area
    facts: Facts


def serves(world: str, photograph: Photograph, size: Size) -> bool:
    """Return whether a photograph serves for a size, upright or turned."""
    return bool(_orientations(world, photograph, size))


def _orientations(world: str, photograph: Photograph, size: Size) -> list[Size]:
    fits = jpeg_world.serves if world == JPEG else camera_world.serves
    return [one for one in dict.fromkeys((size, size[::-1])) if fits(photograph, one)]


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


# --- a picture before its last step --------------------------------------------------------------


def make(piece: Piece, kind: str, random: np.random.Generator) -> Made:
    """Make a tampered picture, and the host that it was.

    Args:
        piece: Of which it is one.
        kind: ``splice`` or ``copy-move``.
        random: Where chance comes from.
    """
    club = piece.club
    host_place, donor_place = _drawn_pair(piece, random)
    host = club.photographs[host_place]
    sizes = _orientations(piece.world, host, piece.size)
    size = sizes[int(random.integers(len(sizes)))]
    camera = _camera(piece, host, size, random)
    pixels, facts = _shot(piece, host, camera, size, random)
    largest = LARGEST_SHARE if kind == SPLICE else LARGEST_COPY
    area = draw_area(random, size[1], size[0], piece.segmentations, largest)
    motion = draw_motion(random, *_MOVED[piece.world, kind])
    own: Facts = {
        "host": host.sha256[:16],
        "host_source": club.sources[host_place],
        "host_reduction": facts["reduction"],
        "host_past": facts["past"],
    }
    if kind == SPLICE:
        donor = club.photographs[donor_place]
        same = camera is not None and random.random() < _SAME_CAMERA
        content, motion, past = _foreign(
            piece, donor, camera if same else None, area, motion, random
        )
        own |= {
            "donor": donor.sha256[:16],
            "donor_source": club.sources[donor_place],
            "donor_reduction": past["reduction"],
            "donor_past": past["past"],
        }
    else:
        content, motion, x, y = _own(pixels, area, motion, random)
        own["moved"] = f"{area.left - x},{area.top - y}"
    if random.random() < _TONED[kind]:
        tone = draw_tone(random)
        content = toned(content, tone)
        own["tone"] = ",".join(f"{value:g}" for value in tone)
    own |= {
        "shape": area.region.kind,
        "edge": f"smooth {area.sigma:g}" if area.sigma else "hard",
        "area": round(float(area.region.mask.mean()), 5),
        "scale": motion.scale,
        "angle": motion.angle,
        "mirrored": "yes" if motion.mirrored else "no",
    }
    return Made(pixels, pasted(pixels, content, area), area, own)


def _drawn_pair(piece: Piece, random: np.random.Generator) -> tuple[int, int]:
    """Draw host and donor: another photograph, of another source if the club has one."""
    host = int(random.choice(piece.serving))
    others = [place for place in piece.serving if place != host] or [
        place for place in range(len(piece.club.photographs)) if place != host
    ]
    sources = piece.club.sources
    foreign = [place for place in others if sources[place] != sources[host]]
    return host, int(random.choice(foreign or others))


def _camera(
    piece: Piece, photograph: Photograph, size: Size, random: np.random.Generator
) -> Camera | None:
    if piece.world == JPEG:
        return None
    unseen = piece.club.split != TRAIN
    return draw_camera(random, unseen, camera_world.most_after(photograph, size))


def _shot(
    piece: Piece,
    photograph: Photograph,
    camera: Camera | None,
    size: Size,
    random: np.random.Generator,
) -> tuple[NDArray[np.uint8], dict[str, str | float]]:
    pixels = _pixels(photograph)
    if camera is None:
        return jpeg_world.shot(random, photograph, pixels, piece.club.tables, size)
    return camera_world.shot(random, photograph, pixels, camera, size)


def _foreign(
    piece: Piece,
    donor: Photograph,
    same: Camera | None,
    area: Area,
    motion: Motion,
    random: np.random.Generator,
) -> tuple[NDArray[np.uint8], Motion, dict[str, str | float]]:
    """Fill the area's box with a donor's content."""
    room = (donor.width, donor.height)
    if piece.world == CAMERA:
        # What the least reduction leaves of the photograph, less the border.
        room = (int(room[0] / 2.8) - 8, int(room[1] / 2.8) - 8)
    motion = motion.fitted(area.width, area.height, room)
    need = motion.source(area.width, area.height)
    camera = same
    if camera is None or camera.reduction > camera_world.most_after(donor, need):
        camera = _camera(piece, donor, need, random)
    content, facts = _shot(piece, donor, camera, need, random)
    return carried(content, motion, area.width, area.height), motion, facts


def _own(
    pixels: NDArray[np.uint8], area: Area, motion: Motion, random: np.random.Generator
) -> tuple[NDArray[np.uint8], Motion, int, int]:
    """Fill the area's box with content of the same picture."""
    height, width = pixels.shape[:2]
    motion = motion.fitted(area.width, area.height, (width, height))
    need = motion.source(area.width, area.height)
    x, y = elsewhere(random, area, need, (width, height))
    content = pixels[y : y + need[1], x : x + need[0]]
    return carried(content, motion, area.width, area.height), motion, x, y


# --- last steps ----------------------------------------------------------------------------------


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


@lru_cache(maxsize=9)
def _pixels(photograph: Photograph) -> NDArray[np.uint8]:
    from locard.image import Image

    image = Image.from_path(photograph.path)
    if image.sha256 != photograph.sha256:
        raise LocardError(f"{photograph.name} changed while the data set was made")
    return image.pixels
