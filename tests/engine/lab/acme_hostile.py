"""A third-party plugin as worker processes find it: through its entry point.

One detector and one refiner behave; the others do what their parameter ``act`` says.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from locard import (
    Budget,
    Detector,
    Finding,
    HeatMap,
    Image,
    ImageError,
    Needs,
    Parameters,
    Refiner,
    Region,
    hookimpl,
)
from locard.detectors import ModelReference


class Mean(Detector):
    name = "acme-mean"
    version = "1"
    summary = "Mean of the luma"
    glossary: ClassVar[dict[str, str]] = {"mean": "Mean of the luma, 0…255.", "pid": "The worker."}

    class Parameters(Parameters):
        weight: float = Field(1.0, ge=0, description="Factor on the score.")

    def load(self) -> None:
        self.loads = getattr(self, "loads", 0) + 1

    def examine(self, image: Image) -> Finding:
        luma = image.luma.astype(np.float32) / 255
        mean = float(luma.mean())
        return Finding.detected(
            mean * self.parameters.weight,
            "there is light",
            map=HeatMap(luma),
            mask=luma > mean,
            regions=(Region(0, 0, 1, 1, "corner", np.float64(0.5)),),
            measurements={"mean": mean, "pid": os.getpid(), "loads": self.loads},
            pictures={"thumbnail": image.pixels[:4, :4].copy()},
        )


class WithModel(Mean):
    name = "acme-with-model"

    def models(self) -> tuple[ModelReference, ...]:
        return (ModelReference("acme", "1", "ab" * 32),)


class JpegOnly(Mean):
    name = "acme-jpeg-only"
    needs = Needs(jpeg=True)


class DecidingAid(Detector):
    """Declares itself an aid to the eye, and gives a verdict all the same."""

    name = "acme-deciding-aid"
    version = "1"
    summary = "decides"
    gives_verdict = False

    def examine(self, image: Image) -> Finding:
        return Finding.not_detected(0.0, "nothing there")


class Large(Mean):
    name = "acme-large"
    needs = Needs(min_side=5000)
    budget = Budget(seconds=10, seconds_per_megapixel=0, mebibytes=1000, mebibytes_per_megapixel=0)


class Invert(Refiner):
    name = "acme-invert"
    version = "1"
    summary = "One minus the map"

    def refine(self, image: Image, finding: Finding) -> Finding:
        assert finding.map is not None
        inverted = HeatMap(1 - finding.map.values, finding.map.cell, finding.map.origin)
        return finding.with_(map=inverted, measurements={"mask": finding.mask is not None})


class Meddle(Refiner):
    name = "acme-meddle"
    version = "1"
    summary = "Changes the score"

    def refine(self, image: Image, finding: Finding) -> Finding:
        return finding.with_(score=0.123)


class Act(Parameters):
    act: str = Field("nothing", description="What to do.")


class Misbehave(Detector):
    name = "acme-misbehave"
    version = "1"
    summary = "Does what its parameter says"
    Parameters = Act

    def examine(self, image: Image) -> Any:
        returned = ACTS[self.parameters.act](image)
        return Finding.not_detected(0.0, "survived") if returned is SURVIVED else returned


class DiesLoading(Detector):
    name = "acme-dies-loading"
    version = "1"
    summary = "Crashes while it loads its model"

    def load(self) -> None:
        ctypes.string_at(0)

    def examine(self, image: Image) -> Finding:
        return Finding.not_detected(0.0, "never reached")


class RaisesWhenMade(Detector):
    name = "acme-raises-when-made"
    version = "1"
    summary = "Raises in its constructor"

    def __init__(self, parameters: Any = None) -> None:
        raise FileNotFoundError("the model file is missing")

    def examine(self, image: Image) -> Finding:
        return Finding.not_detected(0.0, "never reached")


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise ValueError("not even this")


SURVIVED = object()


def nothing(image: Image) -> object:
    return SURVIVED


def raises(image: Image) -> object:
    raise ZeroDivisionError("by nought\nand more")


def raises_unprintable(image: Image) -> object:
    raise UnprintableError


def raises_surrogates(image: Image) -> object:
    raise ValueError("name \udcff of a file")


def raises_image_error(image: Image) -> object:
    raise ImageError("truncated", "the scan ends early", "Get the whole file.")


def interrupts(image: Image) -> object:
    raise KeyboardInterrupt


def exits(image: Image) -> object:
    sys.exit(3)


def exits_hard(image: Image) -> object:
    os._exit(3)


def exits_hard_with_success(image: Image) -> object:
    os._exit(0)


def loops(image: Image) -> object:
    while True:
        pass


def loops_in_c(image: Image) -> object:
    # Catastrophic backtracking: for years in C, without once letting go of the interpreter lock.
    return re.match(r"(a|a?)+$", "a" * 60 + "b")


def sleeps(image: Image) -> object:
    time.sleep(3600)
    return SURVIVED


def ignores_alarm(image: Image) -> object:
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    return sleeps(image)


def allocates(image: Image) -> object:
    return np.ones(50 * 2**27)


def allocates_bit_by_bit(image: Image) -> object:
    hoard = []
    while True:
        hoard.append(bytearray(10**6))


def segfaults(image: Image) -> object:
    return ctypes.string_at(0)


def aborts(image: Image) -> object:
    os.abort()


def is_killed(image: Image) -> object:
    os.kill(os.getpid(), signal.SIGKILL)
    return SURVIVED


def prints(image: Image) -> object:
    print("a plugin speaks")
    return SURVIVED


def none(image: Image) -> object:
    return None


def failed_without_reason(image: Image) -> object:
    return Finding.failed("", "no reason")


def map_of_nan(image: Image) -> object:
    values = np.zeros((image.height, image.width), np.float32)
    values[0, 0] = np.nan
    return Finding.detected(1.0, "", map=HeatMap(values))


def map_of_other_shape(image: Image) -> object:
    return Finding.detected(1.0, "", map=HeatMap(np.zeros((3, 3), np.float32)))


def mask_of_other_shape(image: Image) -> object:
    return Finding.detected(1.0, "", mask=np.zeros((3, 3), bool))


def writes_pixels(image: Image) -> object:
    image.pixels[0, 0] = 0
    return SURVIVED


def unlocks_luma(image: Image) -> object:
    image.luma.flags.writeable = True
    image.luma[:] = 0
    return SURVIVED


def replaces_pixels(image: Image) -> object:
    image.pixels = np.zeros_like(image.pixels)
    return SURVIVED


ACTS: dict[str, Callable[[Image], object]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        nothing,
        raises,
        raises_unprintable,
        raises_surrogates,
        raises_image_error,
        interrupts,
        exits,
        exits_hard,
        exits_hard_with_success,
        loops,
        loops_in_c,
        sleeps,
        ignores_alarm,
        allocates,
        allocates_bit_by_bit,
        segfaults,
        aborts,
        is_killed,
        prints,
        none,
        failed_without_reason,
        map_of_nan,
        map_of_other_shape,
        mask_of_other_shape,
        writes_pixels,
        unlocks_luma,
        replaces_pixels,
    )
}


@hookimpl
def register_detectors(register: Any) -> None:
    for detector in (
        Mean,
        WithModel,
        JpegOnly,
        Large,
        Misbehave,
        DecidingAid,
        DiesLoading,
        RaisesWhenMade,
    ):
        register(detector)


@hookimpl
def register_refiners(register: Any) -> None:
    for refiner in (Invert, Meddle):
        register(refiner)
