"""A tampered picture before its last step: a host, and what was pasted into it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from locard.errors import LocardError
from locard_kd_crop.datasets.photographs import Photograph
from locard_kd_crop.datasets.splits import TRAIN
from locard_semi_global.synthesis import camera_world, jpeg_world
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
from locard_semi_global.synthesis.pieces import CAMERA, COPY_MOVE, JPEG, SPLICE, Piece, orientations
from locard_semi_global.synthesis.regions import LARGEST_COPY, LARGEST_SHARE, Area, draw_area
from locard_semi_global.synthesis.sources import CLUB, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    sizes = orientations(piece.world, host, piece.size)
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
    room = (donor.width, donor.height) if piece.world == JPEG else camera_world.room(donor)
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


@lru_cache(maxsize=CLUB + 1)
def _pixels(photograph: Photograph) -> NDArray[np.uint8]:
    from locard.image import Image

    image = Image.from_path(photograph.path)
    if image.sha256 != photograph.sha256:
        raise LocardError(f"{photograph.name} changed while the data set was made")
    return image.pixels
