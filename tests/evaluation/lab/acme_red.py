"""A plugin of which every answer is known: it finds what was painted red.

As worker processes find it: an installed package with an entry point.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from locard import Detector, Finding, HeatMap, Image, Parameters, Refiner, hookimpl

LOG = "ACME_RED_LOG"
"""Environment variable: a file that gets the hash of each image that is looked at."""


class RedParameters(Parameters):
    seconds: float = Field(0.0, ge=0, description="How long to think.")
    marks: float = Field(0.9, ge=0, le=1, description="Value of the map where there is red.")


class Red(Detector):
    name = "acme-red"
    version = "1"
    summary = "What was painted red"
    score_meaning = "share of the pixels"
    Parameters = RedParameters

    def examine(self, image: Image) -> Finding:
        if LOG in os.environ:
            with Path(os.environ[LOG]).open("a", encoding="ascii") as log:
                log.write(f"{image.sha256}\n")
        time.sleep(self.parameters.seconds)
        pixels = image.pixels.astype(int)
        red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60) & (pixels[..., 2] < 60)
        score = float(red.mean())
        values = np.where(red, self.parameters.marks, 0.1).astype(np.float32)
        rest: dict[str, Any] = {"map": HeatMap(values), "pictures": {"seen": image.pixels.copy()}}
        if not red.any():
            return Finding.not_detected(score, "nothing red", **rest)
        return Finding.detected(score, "red", mask=red, **rest)


class NewerRed(Red):
    name = "acme-newer-red"
    version = "2"


class Eye(Detector):
    """An aid to the eye without a map."""

    name = "acme-eye"
    version = "1"
    summary = "Shows a picture"
    gives_verdict: ClassVar[bool] = False

    def examine(self, image: Image) -> Finding:
        return Finding.inconclusive("look", "See for yourself.")


class Picky(Detector):
    name = "acme-picky"
    version = "1"
    summary = "Dies of pictures with red in them"

    def examine(self, image: Image) -> Finding:
        pixels = image.pixels.astype(int)
        if ((pixels[..., 0] > 200) & (pixels[..., 1] < 60)).any():
            raise ValueError("not red!")
        return Finding.not_detected(0.0, "nothing red")


class Invert(Refiner):
    name = "acme-invert"
    version = "1"
    summary = "One minus the map"

    def refine(self, image: Image, finding: Finding) -> Finding:
        assert finding.map is not None
        return finding.with_(map=HeatMap(1 - finding.map.values), mask=None)


def dies(*_: object) -> None:
    """Stands for a process that is killed at its work."""
    os._exit(9)


def finds_no_room(*_: object) -> None:
    """Stands for a full disk."""
    raise OSError(28, "No space left on device")


@hookimpl
def register_detectors(register: Any) -> None:
    for detector in (Red, NewerRed, Eye, Picky):
        register(detector)


@hookimpl
def register_refiners(register: Any) -> None:
    register(Invert)
