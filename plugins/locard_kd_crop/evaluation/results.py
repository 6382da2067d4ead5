"""What an evaluation of crop models found, as its JSON holds it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT = "locard-crop-evaluation/1"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FigureResult(_Model):
    """A figure with its 95 % interval over cameras and scenes."""

    figure: str = Field(description="its name")
    value: float = Field(description="what it came to")
    low: float | None = Field(None, description="lower bound; null of a single camera or scene")
    high: float | None = Field(None, description="upper bound")
    images: int = Field(description="pictures that it was taken over")
    groups: int = Field(description="cameras and scenes that they come from")


class PartResult(_Model):
    """What was measured on a part of the pictures."""

    table: Literal["strata", "false alarms"]
    name: str = Field(description="which pictures")
    size: str = Field(description="band of the shorter side")
    images: int = Field(description="how many pictures")
    figures: tuple[FigureResult, ...]

    def figure(self, name: str) -> FigureResult | None:
        """Return a figure by its name, or None."""
        return next((one for one in self.figures if one.figure == name), None)


class PhotographResult(_Model):
    """A photograph with an older grid of its own: its uncropped pictures have a moved grid."""

    photograph: str = Field(description="name of its file")
    x: int = Field(description="column, modulo 8, at which the older grid begins")
    y: int = Field(description="row")
    agree: int = Field(description="uncropped pictures that show it")
    images: int = Field(description="uncropped pictures of it")


class AlarmThreshold(_Model):
    """From which score on a kind of file is called cropped, at one per cent of false alarms."""

    name: str
    value: float = Field(description="in nats")
    own: int = Field(description="validation pictures of the kind without a moved grid")
    pooled: int = Field(description="those that it rests on")
    false_alarms: float | None = Field(None, description="share of the kind's own that reach it")
    power: float | None = Field(None, description="share of crops of strata A to C that reach it")
    crops: int = Field(description="how many crops that is of")


class MethodResult(_Model):
    """A model, what it takes, and what was measured of it."""

    name: str
    key: str = Field(description="hash of its weights")
    parameters: int
    macs: int | None = Field(None, description="of the network, for 256×256")
    evidence_macs: int = Field(description="of what makes its input, for 256×256")
    bytes: int = Field(description="size of its file")
    time: float | None = Field(None, description="times Pillow's decoding of the same file")
    lossless_threshold: float = Field(description="decision threshold of lossless files, in nats")
    jpeg_threshold: float = Field(description="decision threshold of JPEG files, in nats")
    alarms: tuple[AlarmThreshold, ...] = Field(description="thresholds of one per cent")
    set_aside: tuple[PhotographResult, ...] = Field(
        (), description="validation photographs on which no threshold rests"
    )
    older_grids: tuple[PhotographResult, ...] = Field(
        (), description="the same among the photographs that were measured, which count"
    )
    parts: tuple[PartResult, ...]

    def part(self, name: str, size: str) -> PartResult | None:
        """Return what was measured on a part of the pictures, or None."""
        found = (one for one in self.parts if (one.name, one.size) == (name, size))
        return next(found, None)


class SetResult(_Model):
    """A data set that was measured on."""

    name: str
    tool: str = Field(description="who cut, with version")
    manifest_sha256: str
    images: int = Field(description="pictures of the split that could be read")


class CropResults(_Model):
    """One evaluation."""

    format: Literal["locard-crop-evaluation/1"] = "locard-crop-evaluation/1"
    created: str = Field(description="UTC, ISO 8601")
    locard: str = Field(description="version")
    split: str = Field(description="what was measured on; thresholds are of the split val")
    timed: str | None = Field(None, description="picture that times were taken with")
    sets: tuple[SetResult, ...]
    methods: tuple[MethodResult, ...]
    failed: tuple[str, ...] = Field((), description="models that are missing, and why")


COLUMNS = ("model", "table", "part", "size", "figure", "value", "low", "high", "images", "groups")


def to_csv(results: CropResults) -> str:
    """Return all figures, one a line."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_lines(results))
    return file.getvalue()


def _lines(results: CropResults) -> Iterator[tuple[object, ...]]:
    for method in results.methods:
        for part in method.parts:
            for one in part.figures:
                yield (
                    *(method.name, part.table, part.name, part.size),
                    *(one.figure, one.value, one.low, one.high, one.images, one.groups),
                )
