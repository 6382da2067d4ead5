"""The pictures of an exhibit's section: the exhibit, maps over it, outlines and boxes.

Everything is made when it is asked for and kept no longer than its exhibit's section takes to
write, so a report's size in memory does not grow with its exhibits. A damaged vault must not stop
the report that says so: what cannot be read becomes a note.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from locard import overlay
from locard.engine.artifacts import read_map, read_mask, read_values
from locard.engine.records import ArtifactKind, ArtifactRecord, FindingRecord
from locard.image.display import oriented
from locard.report.model import Chain, ReportExhibit
from locard.report.orientation import displayed_box, displayed_size
from locard.report.rasters import (
    OUTLINE_COLOUR,
    Raster,
    jpeg,
    map_png,
    outline_png,
    reduced,
    resampled,
    resampled_mask,
)
from locard.report.thumbnails import thumbnail

MAX_SIDE = 900
"""Longest side of a displayed picture, in pixels."""

STATIC_MAX_SIDE = 700
"""The same where every plate carries its own copy of the picture."""

_Array = TypeVar("_Array")

_UNREADABLE = (OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Box:
    """A numbered region, in pixels of the displayed picture."""

    number: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Plate:
    """One view of an exhibit: the picture, or the picture under a map.

    Attributes:
        title: What the view is called on its button.
        alt: What a reader who cannot see it is told.
        caption: What must be said of it besides.
        coloured: Whether colours of the heat map are in it, which need their scale beside them.
        map: The map alone, transparent where it is near zero; None for the bare picture.
        outline: The mask's outline, transparent elsewhere.
        boxes: The finding's regions.
        merged: Picture, map and outline in one, for formats without layers.
        notes: What could not be read, one sentence each.
    """

    title: str
    alt: str
    caption: str = ""
    coloured: bool = False
    map: Raster | None = None
    outline: Raster | None = None
    boxes: tuple[Box, ...] = ()
    merged: Raster | None = None
    notes: tuple[str, ...] = ()


class ExhibitFigures:
    """Makes the pictures of one exhibit's section.

    Args:
        exhibit: The exhibit.
        static: Make merged plates instead of layers.
    """

    def __init__(self, exhibit: ReportExhibit, *, static: bool = False) -> None:
        self._exhibit = exhibit
        self._static = static
        self._stored = exhibit.height or 1, exhibit.width or 1
        self.width, self.height = displayed_size(*self._stored[::-1], exhibit.orientation)

    @property
    def shown_size(self) -> tuple[int, int]:
        """(width, height) at which the layout may show it at most; small pictures are enlarged."""
        scale = MAX_SIDE / max(self.width, self.height)
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))

    @cached_property
    def picture(self) -> Raster | None:
        """The exhibit, turned for display and reduced; None where it cannot be shown."""
        return None if self._pixels is None else jpeg(self._pixels)

    def plates(self, chain: Chain) -> tuple[Plate, ...]:
        """Return the views of a finding and its refinements; none where there is nothing to see."""
        views = tuple(
            self._plate(finding.record, refined=finding.input is not None)
            for finding in chain
            if _has_view(finding.record)
        )
        if not views or self.picture is None:
            return views
        bare = Plate(
            title="Picture",
            alt=f"Exhibit {self._exhibit.label}",
            merged=self.picture if self._static else None,
        )
        return bare, *views

    def pictures(self, record: FindingRecord) -> tuple[tuple[str, Raster | None], ...]:
        """Return the extra pictures of a finding by name, reduced; None for one not readable."""
        return tuple(
            (artifact.name, self._extra(artifact))
            for artifact in record.artifacts
            if artifact.kind == "picture"
        )

    @cached_property
    def _pixels(self) -> NDArray[np.uint8] | None:
        return thumbnail(self._exhibit, STATIC_MAX_SIDE if self._static else MAX_SIDE)

    @property
    def _size(self) -> tuple[int, int]:
        """(height, width) of displayed rasters."""
        if self._pixels is not None:
            return self._pixels.shape[0], self._pixels.shape[1]
        return self.shown_size[::-1]

    def _plate(self, record: FindingRecord, *, refined: bool) -> Plate:
        values, map_note = _read(record, "map", self._values)
        edge, mask_note = _read(record, "mask", self._outline)
        what = "Refined map" if refined else "Map" if record.artifact("map") else "Regions"
        layers = not self._static
        empty = values is not None and not values.any()
        return Plate(
            title=f"{what} ({record.step})" if refined else what,
            caption="0 everywhere" if empty else "",
            alt=f"{what} of step {record.step} over exhibit {self._exhibit.label}",
            coloured=values is not None,
            map=map_png(values) if values is not None and layers else None,
            outline=outline_png(edge) if edge is not None and layers else None,
            boxes=self._boxes(record),
            merged=None if layers else self._merged(values, edge),
            notes=(*map_note, *mask_note),
        )

    def _values(self, record: FindingRecord) -> NDArray[np.float32] | None:
        """Return a map at display size, turned like the picture."""
        heat_map = read_map(record)
        if heat_map is None:
            return None
        width, height = displayed_size(*self._size[::-1], self._exhibit.orientation)
        values = resampled(heat_map, self._stored, (height, width))
        return oriented(values, self._exhibit.orientation)

    def _outline(self, record: FindingRecord) -> NDArray[np.bool_] | None:
        mask = read_mask(record)
        if mask is None:
            return None
        return overlay.outline(
            resampled_mask(oriented(mask, self._exhibit.orientation), self._size)
        )

    def _merged(self, values: NDArray[np.float32] | None, edge: NDArray[np.bool_] | None) -> Raster:
        pixels = self._pixels
        if pixels is None:
            pixels = np.full((*self._size, 3), 255, dtype=np.uint8)
        pixels = pixels.copy() if values is None else overlay.overlay(pixels, values)
        if edge is not None:
            pixels[edge] = OUTLINE_COLOUR
        return jpeg(pixels)

    def _extra(self, artifact: ArtifactRecord) -> Raster | None:
        try:
            pixels = read_values(artifact)
        except _UNREADABLE:
            return None
        if pixels.shape[:2] == self._stored:
            pixels = oriented(pixels, self._exhibit.orientation)
        return jpeg(reduced(pixels, STATIC_MAX_SIDE))

    def _boxes(self, record: FindingRecord) -> tuple[Box, ...]:
        height, width = self._stored
        return tuple(
            Box(number, *displayed_box(box, width, height, self._exhibit.orientation))
            for number, region in enumerate(record.regions, start=1)
            for box in [(region["x"], region["y"], region["width"], region["height"])]
        )


def _has_view(record: FindingRecord) -> bool:
    return bool(record.artifact("map") or record.artifact("mask") or record.regions)


def _read(
    record: FindingRecord, kind: ArtifactKind, reader: Callable[[FindingRecord], _Array | None]
) -> tuple[_Array | None, tuple[str, ...]]:
    """Read an artifact; where it cannot be read, return None and a note that says so."""
    try:
        return reader(record), ()
    except _UNREADABLE:
        artifact = record.artifact(kind)
        recorded = f"; its recorded SHA-256 is {artifact.sha256}" if artifact else ""
        return None, (f"The {kind} of step {record.step} cannot be read{recorded}.",)
