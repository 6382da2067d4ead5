"""Draws what one pair of pictures goes through. Chance is the argument; no pixel is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from locard.evaluation.synthesis.sources import LEAST_REDUCTION, MOST_REDUCTION
from locard_kd_crop.datasets.strata import (
    ALIKE,
    BETTER,
    BLIND,
    LOSSLESS,
    WORSE,
    WORSE_BANDS,
    fits,
    ratio_band,
)
from locard_kd_crop.datasets.tables import Tables, ijg
from locard_kd_crop.datasets.tools import LastStep, Tool, Window

if TYPE_CHECKING:
    from locard_kd_crop.datasets.photographs import Photograph
    from locard_kd_crop.datasets.sizes import Size

T = TypeVar("T")

Life = Literal["camera", "earlier", "never compressed", "resampled"]
"""What the picture went through before it was cut: the camera's own JPEG; reduced, which ends the
camera's grid, and saved as JPEG; reduced and never saved as JPEG; the camera's JPEG resampled."""

CAMERA: Life = "camera"
EARLIER: Life = "earlier"
NEVER: Life = "never compressed"
RESAMPLED: Life = "resampled"

ROOM = 32
"""A frame must be so much larger than the picture, in pixels: two MCUs."""

_BLOCK = 8
_LARGEST_MCU = 16
_FIRST = (60, 95)
_FIRST_BEFORE_BETTER = (60, 90)
_LAST = range(20, 101)
_BLIND_LAST = range(60, 101)
_FACTORS = (0.5, 0.9, 1.1, 1.5)
_SUBSAMPLINGS = ("4:2:0", "4:4:4")

TO_BLOCKS, TO_MCUS = "aligned to blocks", "aligned to MCUs"
"""Variants of stratum E whose crops miss no grid; its others are lives that leave none."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What both pictures of a pair go through.

    Attributes:
        life: Before the cut.
        variant: What a stratum is divided into: the life, or to what the crop is aligned.
        scale: How many pixels of the photograph a pixel of the frame is wide.
        frame: Width and height of what is cut from, in pixels.
        mcu: Width and height to which an uncropped picture's corner is aligned, in pixels.
        size: Width and height of the pictures.
        phase: Columns and rows, 0 to 7, by which the crop's corner misses the grid; None for
            multiples of ``mcu``.
        first: Tables of the earlier compression; None without one.
        first_subsampling: Of an ``earlier`` life; empty for others.
        step: How the pictures are stored.
    """

    life: Life
    variant: str
    scale: float
    frame: tuple[int, int]
    mcu: tuple[int, int]
    size: tuple[int, int]
    phase: tuple[int, int] | None
    first: Tables | None
    first_subsampling: str
    step: LastStep


def variants(
    photograph: Photograph, stratum: str, tool: Tool, sizes: Sequence[Size]
) -> tuple[str, ...]:
    """Return the variants of a stratum that a photograph serves for; none where it does not."""
    saved = _saved_lives(photograph, stratum, sizes)
    if stratum != BLIND:
        return saved
    if not tool.moves_the_grid:
        return (TO_MCUS,) if saved else ()
    found = [TO_BLOCKS, TO_MCUS] if saved else []
    if _have_room(sizes, _frame(photograph, LEAST_REDUCTION)):
        found.append(NEVER)
    if not photograph.own and _have_room(sizes, _frame(photograph, 1 / _FACTORS[0])):
        found.append(RESAMPLED)
    return tuple(found)


def _saved_lives(photograph: Photograph, stratum: str, sizes: Sequence[Size]) -> tuple[Life, ...]:
    """Return the lives with a JPEG grid that a photograph can have for a stratum."""
    found: list[Life] = []
    whole = (photograph.width, photograph.height)
    if not photograph.own and _have_room(sizes, whole) and _has_last(stratum, photograph.tables):
        found.append(CAMERA)
    if _have_room(sizes, _frame(photograph, LEAST_REDUCTION)):
        found.append(EARLIER)
    return tuple(found)


def draw(
    random: np.random.Generator,
    photograph: Photograph,
    stratum: str,
    variant: str,
    tool: Tool,
    sizes: Sequence[Size],
    cameras: Sequence[Tables],
) -> Recipe:
    """Draw a recipe.

    Args:
        random: Where chance comes from.
        photograph: What is cut.
        stratum: ``A`` to ``E``.
        variant: One of :func:`variants`.
        tool: Who cuts.
        sizes: To choose from; what does not fit the photograph is left out.
        cameras: Tables of cameras, for the last step.
    """
    life = _life(random, photograph, stratum, variant, sizes)
    scale = _scale(random, photograph, life, sizes)
    frame = _frame(photograph, scale)
    room = _room(frame)
    size = _choice(random, [one for one in sizes if one.fits(room)]).draw(random, room)
    first, subsampling, mcu = None, "", (_LARGEST_MCU, _LARGEST_MCU)
    if life == CAMERA:
        first, mcu = photograph.tables, photograph.mcu
    elif life == EARLIER:
        low, high = _FIRST_BEFORE_BETTER if stratum == BETTER else _FIRST
        first = ijg(int(random.integers(low, high + 1)))
        subsampling = _choice(random, _SUBSAMPLINGS)
        mcu = (_LARGEST_MCU,) * 2 if subsampling == "4:2:0" else (_BLOCK,) * 2
    return Recipe(
        life=life,
        variant=variant,
        scale=scale,
        frame=frame,
        mcu=mcu,
        size=size,
        phase=_phase(random, stratum, variant),
        first=first,
        first_subsampling=subsampling,
        step=_step(random, stratum, first, cameras) if tool.moves_the_grid else LastStep(),
    )


def draw_windows(random: np.random.Generator, recipe: Recipe) -> tuple[Window, Window]:
    """Draw where the uncropped and the cropped picture of a pair lie in the frame.

    Both lie anywhere, at most an MCU apart, and on average in one place, so that neither the place
    nor what is shown there tells them apart.

    Returns:
        The uncropped one, whose corner is aligned to MCUs, and the cropped one.
    """
    along = [_corners(random, recipe, axis) for axis in (0, 1)]
    if all(one == other for one, other in along):
        # Both are aligned to MCUs: they are neighbours, and either may be the crop.
        axis = int(random.integers(2))
        most = recipe.frame[axis] - recipe.size[axis]
        step = recipe.mcu[axis] if along[axis][0] + recipe.mcu[axis] <= most else -recipe.mcu[axis]
        pair = (along[axis][0], along[axis][0] + step)
        along[axis] = pair if random.random() < 0.5 else pair[::-1]
    uncropped, cropped = (
        Window(along[0][which], along[1][which], *recipe.size) for which in (0, 1)
    )
    return uncropped, cropped


def _corners(random: np.random.Generator, recipe: Recipe, axis: int) -> tuple[int, int]:
    """Draw where both windows begin along an axis."""
    mcu, most = recipe.mcu[axis], recipe.frame[axis] - recipe.size[axis]
    last = most // mcu * mcu  # where the last aligned window begins
    if recipe.phase is None:
        corner = int(random.integers(last // mcu + 1)) * mcu
        return corner, corner
    corner = int(random.integers(last // _BLOCK)) * _BLOCK + recipe.phase[axis]
    below = corner // mcu * mcu
    return (below if corner == below or random.random() < 0.5 else below + mcu), corner


def _life(
    random: np.random.Generator,
    photograph: Photograph,
    stratum: str,
    variant: str,
    sizes: Sequence[Size],
) -> Life:
    """Return the life that a variant is, or one of those with a grid."""
    for life in (CAMERA, EARLIER, NEVER, RESAMPLED):
        if variant == life:
            return life
    return _choice(random, _saved_lives(photograph, stratum, sizes))


def _scale(
    random: np.random.Generator, photograph: Photograph, life: Life, sizes: Sequence[Size]
) -> float:
    """Draw how much smaller the frame is than the photograph, so that a picture fits in."""
    if life == CAMERA:
        return 1.0
    if life == RESAMPLED:
        low, high = _FACTORS[:2] if random.random() < 0.5 else _FACTORS[2:]
        return 1 / float(random.uniform(low, high))
    scale = float(random.uniform(LEAST_REDUCTION, MOST_REDUCTION))
    fitting = _have_room(sizes, _frame(photograph, scale))
    return scale if fitting else LEAST_REDUCTION


def _phase(random: np.random.Generator, stratum: str, variant: str) -> tuple[int, int] | None:
    if variant == TO_MCUS:
        return None
    if variant == TO_BLOCKS:
        return 0, 0
    # Where there is no grid, each of the 64 is as good.
    place = int(random.integers(0 if stratum == BLIND else 1, _BLOCK * _BLOCK))
    return place % _BLOCK, place // _BLOCK


def _step(
    random: np.random.Generator, stratum: str, first: Tables | None, cameras: Sequence[Tables]
) -> LastStep:
    """Draw how the pictures are stored: half of those that can be with a camera's tables."""
    if stratum == LOSSLESS or (stratum == BLIND and random.random() < 0.2):
        return LastStep()
    candidates = [ijg(quality) for quality in (_BLIND_LAST if stratum == BLIND else _LAST)]
    real = list(cameras)
    if stratum != BLIND and first is not None:
        candidates, real = _fitting(stratum, first, candidates), _fitting(stratum, first, real)
        if first not in candidates and not first.is_ijg and stratum == ALIKE:
            real.append(first)  # a camera's own tables again, as when its file is edited and saved
        if stratum == WORSE:
            band = _choice(random, _bands(first, [*candidates, *real]))
            candidates, real = (
                [one for one in some if ratio_band(one.step_ratio(first)) == band]
                for some in (candidates, real)
            )
    subsampling = _choice(random, _SUBSAMPLINGS)
    if real and (not candidates or random.random() < 0.5):
        tables = _choice(random, real)
        if not tables.is_ijg:
            return LastStep(tables=tables, subsampling=subsampling)
        return LastStep(quality=tables.quality, subsampling=subsampling)
    return LastStep(quality=_choice(random, candidates).quality, subsampling=subsampling)


def _has_last(stratum: str, first: Tables | None) -> bool:
    """Return whether a re-save by IJG tables can follow a camera's file in a stratum."""
    if stratum in (LOSSLESS, ALIKE, BLIND):
        return True
    return first is not None and bool(_fitting(stratum, first, [ijg(q) for q in _LAST]))


def _fitting(stratum: str, first: Tables, tables: Sequence[Tables]) -> list[Tables]:
    return [one for one in tables if fits(stratum, first, one)]


def _bands(first: Tables, tables: Sequence[Tables]) -> list[str]:
    there = {ratio_band(one.step_ratio(first)) for one in tables}
    return [band for band in WORSE_BANDS if band in there]


def _frame(photograph: Photograph, scale: float) -> tuple[int, int]:
    return int(photograph.width / scale), int(photograph.height / scale)


def _room(frame: tuple[int, int]) -> tuple[int, int]:
    return frame[0] - ROOM, frame[1] - ROOM


def _have_room(sizes: Sequence[Size], frame: tuple[int, int]) -> bool:
    return any(size.fits(_room(frame)) for size in sizes)


def _choice(random: np.random.Generator, options: Sequence[T]) -> T:
    return options[int(random.integers(len(options)))]
