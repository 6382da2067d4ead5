"""Pieces of a data set: pictures whose photographs come from one club, made in one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from locard.evaluation.datasets.base import AUTHENTIC
from locard_kd_crop.datasets.photographs import Photograph
from locard_semi_global.synthesis import camera_world, jpeg_world
from locard_semi_global.synthesis.sources import Club, Size

JPEG, CAMERA = "jpeg", "camera"
WORLDS = (JPEG, CAMERA)
SPLICE, COPY_MOVE = "splice", "copy-move"
FOUR = (SPLICE, AUTHENTIC, COPY_MOVE, SPLICE)
"""What the pictures of a four are, in order."""


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

    @property
    def pictures(self) -> int:
        """How many there are: the data set's last four may be incomplete."""
        return sum(min(len(FOUR), self.count - len(FOUR) * four) for four in self.fours)


def serves(world: str, photograph: Photograph, size: Size) -> bool:
    """Return whether a photograph serves for a size, upright or turned."""
    return bool(orientations(world, photograph, size))


def orientations(world: str, photograph: Photograph, size: Size) -> list[Size]:
    """Return a size as it is and turned by a quarter, as far as a photograph serves for it."""
    fits = jpeg_world.serves if world == JPEG else camera_world.serves
    return [one for one in dict.fromkeys((size, size[::-1])) if fits(photograph, one)]
