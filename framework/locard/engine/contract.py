"""The door through which findings come in: what a plugin returns is checked, never trusted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from locard.detectors import Detector, Step
from locard.findings import Finding, HeatMap, Region
from locard.outcomes import Outcome

if TYPE_CHECKING:
    from locard.image import Image

_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHARED_ARRAYS = ("pixels", "luma", "native", "alpha")
_VERDICTS = frozenset({Outcome.DETECTED, Outcome.NOT_DETECTED})
_NEEDS_REASON = frozenset({Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE, Outcome.FAILED})


class ContractError(Exception):
    """A plugin returned what the contract does not allow; says what, in a sentence."""


def checked_finding(returned: object, width: int, height: int) -> Finding:
    """Check what a detector or refiner returned.

    Args:
        returned: Whatever came back.
        width: Width of the stored picture in pixels.
        height: Its height.

    Returns:
        The same finding, in plain types: numbers as Python's, measurements as JSON has them.

    Raises:
        ContractError: It breaks a rule.
    """
    if not isinstance(returned, Finding):
        raise ContractError(f"returned {_kind(returned)}, not a locard.Finding")
    _check_words(returned)
    _check_map(returned.map, width, height)
    _check_mask(returned.mask, width, height)
    _check_pictures(returned.pictures)
    return replace(
        returned,
        score=_score(returned.score, "the score"),
        regions=_regions(returned.regions, width, height),
        measurements=_measurements(returned.measurements, "measurements"),
    )


def check_verdict(step: type[Step], finding: Finding) -> None:
    """Check that a step which declares itself an aid to the eye decides nothing.

    Raises:
        ContractError: It gave a verdict.
    """
    if finding.outcome in _VERDICTS and issubclass(step, Detector) and not step.gives_verdict:
        raise ContractError(
            f"{step.name} declares gives_verdict = False, and said {finding.outcome.words}"
        )


def check_refined(refined: Finding, original: Finding) -> None:
    """Check that a refiner left alone what is not its own to change.

    Raises:
        ContractError: It changed the score or the outcome.
    """
    for attribute in ("outcome", "score"):
        before, after = getattr(original, attribute), getattr(refined, attribute)
        if before != after:
            raise ContractError(
                f"a refiner may not change the {attribute}: it was {before}, and became {after}"
            )


def check_unaltered(image: Image, held: Mapping[str, object]) -> None:
    """Check that a step left the image as it was, for the steps that come after it.

    Arrays are given out read-only, so a step that writes to one must have unlocked it first.

    Args:
        image: The image after the step.
        held: A copy of its attributes from before the step.

    Raises:
        ContractError: An attribute was replaced, or an array was unlocked.
    """
    now = vars(image)
    replaced = any(now.get(name) is not value for name, value in held.items())
    arrays = [now.get(name) for name in _SHARED_ARRAYS] + list(now.get("coefficients", ()))
    if replaced or any(array is not None and array.flags.writeable for array in arrays):
        raise ContractError("it altered the image, which other steps share")


def _check_words(finding: Finding) -> None:
    if not isinstance(finding.outcome, Outcome):
        raise ContractError(f"the outcome is {_kind(finding.outcome)}, not a locard.Outcome")
    for attribute in ("reason", "explanation"):
        value = getattr(finding, attribute)
        if value is not None and not isinstance(value, str):
            raise ContractError(f"the {attribute} is {_kind(value)}, not text")
    if finding.outcome in _NEEDS_REASON and not finding.reason:
        raise ContractError(f"the outcome {finding.outcome.words} needs a reason")
    if finding.reason and not _KEBAB.fullmatch(finding.reason):
        raise ContractError(f"the reason {finding.reason!r} is not in kebab-case")


def _check_map(heat_map: object, width: int, height: int) -> None:
    if heat_map is None:
        return
    if not isinstance(heat_map, HeatMap):
        raise ContractError(f"the map is {_kind(heat_map)}, not a locard.HeatMap")
    values = heat_map.values
    if not isinstance(values, np.ndarray) or values.dtype != np.float32 or values.ndim != 2:
        raise ContractError(
            f"the map's values are {_kind(values)}, not a float32 array (rows, columns)"
        )
    if values.size == 0:
        raise ContractError("the map has no cells")
    lowest, highest = values.min(), values.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ContractError("the map has values that are not finite (NaN or infinity)")
    if lowest < 0 or highest > 1:
        raise ContractError(f"the map's values run from {lowest:g} to {highest:g}, not within 0…1")
    _check_cells(heat_map, width, height)


def _check_cells(heat_map: HeatMap, width: int, height: int) -> None:
    """Check that less than a cell is left uncovered on each side, and no cell lies outside."""
    cell = heat_map.cell
    if not isinstance(cell, Integral) or cell < 1:
        raise ContractError(f"the map's cell is {cell!r}, not a whole number of pixels")
    origin = heat_map.origin
    if not (isinstance(origin, tuple) and len(origin) == 2 and _are_whole(origin)):
        raise ContractError(f"the map's origin is {origin!r}, not (x, y) in whole pixels")
    rows, columns = heat_map.values.shape
    x, y = origin
    for start, count, side in ((x, columns, width), (y, rows, height)):
        end = start + count * cell
        if not (-cell < start < cell and side - cell < end < side + cell):
            raise ContractError(
                f"the map's {columns}×{rows} cells of {cell} pixels from ({x}, {y}) do not cover "
                f"the picture's {width}×{height} pixels"
            )


def _check_mask(mask: object, width: int, height: int) -> None:
    if mask is None:
        return
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise ContractError(f"the mask is {_kind(mask)}, not a bool array")
    if mask.shape != (height, width):
        raise ContractError(f"the mask's shape is {mask.shape}, the picture's {(height, width)}")


def _check_pictures(pictures: object) -> None:
    if not isinstance(pictures, Mapping):
        raise ContractError(f"the pictures are {_kind(pictures)}, not a mapping")
    for name, picture in pictures.items():
        if not isinstance(name, str) or not _KEBAB.fullmatch(name):
            raise ContractError(f"the picture's name {name!r} is not in kebab-case")
        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
            raise ContractError(f"the picture {name!r} is {_kind(picture)}, not a uint8 array")
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.size == 0:
            raise ContractError(f"the picture {name!r} has shape {picture.shape}, not (h, w, 3)")


def _score(value: Any, what: str) -> float | None:
    if value is None:
        return None
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ContractError(f"{what} is {_kind(value)}, not a number")
    if not math.isfinite(value):
        raise ContractError(f"{what} is {value}, which is not finite")
    return float(value)


def _regions(regions: object, width: int, height: int) -> tuple[Region, ...]:
    if not isinstance(regions, (tuple, list)):
        raise ContractError(f"the regions are {_kind(regions)}, not a tuple")
    return tuple(_region(region, width, height) for region in regions)


def _region(region: object, width: int, height: int) -> Region:
    if not isinstance(region, Region):
        raise ContractError(f"a region is {_kind(region)}, not a locard.Region")
    box = (region.x, region.y, region.width, region.height)
    if not _are_whole(box):
        raise ContractError(f"the region {box} is not in whole pixels")
    x, y, w, h = (int(side) for side in box)
    if x < 0 or y < 0 or w < 1 or h < 1 or x + w > width or y + h > height:
        raise ContractError(f"the region {box} is not within the picture's {width}×{height} pixels")
    score = _score(region.score, "a region's score")
    measurements = _measurements(region.measurements, "a region's measurements")
    return Region(x, y, w, h, str(region.label), score, measurements)


def _measurements(measurements: object, what: str) -> dict[str, Any]:
    if not isinstance(measurements, Mapping):
        raise ContractError(f"the {what} are {_kind(measurements)}, not a mapping")
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(measurements), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ContractError(f"the {what} are not plain JSON: {error}") from None
    return plain


def _are_whole(numbers: tuple[Any, ...]) -> bool:
    return all(isinstance(number, Integral) for number in numbers)


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"a {value.dtype} array of shape {value.shape}"
    return "None" if value is None else f"of type {type(value).__name__}"
