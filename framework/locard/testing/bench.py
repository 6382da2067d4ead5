"""Runs one step over the kit's pictures in this process, and keeps how it reacted."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from locard.detectors import Detector, Refiner, Step, Unmet
from locard.errors import ImageError
from locard.findings import Finding, HeatMap
from locard.testing import samples
from locard.testing.probing import ProbeReport, probe
from locard.testing.samples import Sample

if TYPE_CHECKING:
    from locard.image import Image

SIDE = 160
"""Shorter side of the pictures on which behaviour is checked, in pixels, where the step's needs
allow it: small, for there are many of them."""

LARGEST_SIDE = 2000
"""Where a step declares that it needs a longer side, the kit has no picture for it."""

PROBE_PIXELS = 1_000_000
"""Size of the picture on which time and memory are measured, where the step's needs allow it."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A picture on which a step gave a finding.

    Attributes:
        sample: The picture's file.
        image: The image that the step was given.
        input: The finding that a refiner was given.
        finding: What the step returned.
    """

    sample: Sample
    image: Image
    input: Finding
    finding: Finding

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, in pixels."""
        return self.image.header.width, self.image.header.height


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a step did with a picture: just one of the first three is not None.

    Attributes:
        examined: It returned a finding.
        error: What it raised.
        unmet: Why it was not called.
        sample: The picture's file.
        warnings: Warnings that it raised.
    """

    sample: Sample
    examined: Examined | None = None
    error: Exception | None = None
    unmet: Unmet | None = None
    warnings: tuple[str, ...] = ()


class Bench:
    """One detector or refiner under test.

    What several checks look at is done once.

    Args:
        step_class: The detector's or refiner's class; it must be importable by module and name.
    """

    def __init__(self, step_class: type[Step]) -> None:
        self.step_class = step_class
        self._reactions: dict[str, Reaction] = {}

    @property
    def name(self) -> str:
        """The step's name."""
        return self.step_class.name

    @cached_property
    def step(self) -> Step:
        """The step with its default parameters, loaded."""
        step = self.step_class()
        step.load()
        return step

    @cached_property
    def smallest(self) -> int:
        """The shortest side that the step takes, in pixels."""
        needed = self.step_class.needs.min_side
        return needed if 1 <= needed <= LARGEST_SIDE else 1

    @property
    def photographs(self) -> tuple[Sample, ...]:
        """Ordinary pictures."""
        return samples.photographs(max(SIDE, self.smallest))

    @property
    def odd_sizes(self) -> tuple[Sample, ...]:
        """Pictures whose sides are no multiple of any block."""
        return samples.odd_sizes(self.smallest)

    @property
    def degenerate(self) -> tuple[Sample, ...]:
        """Pictures at the edge of what is a picture."""
        return samples.degenerate(max(64, self.smallest), self.smallest)

    @property
    def all_samples(self) -> tuple[Sample, ...]:
        """Every picture of the kit."""
        return (*self.photographs, *self.odd_sizes, *self.degenerate)

    @cached_property
    def examined(self) -> list[Examined]:
        """Every picture of the kit on which there is a finding."""
        return self.findings_on(self.all_samples)

    @cached_property
    def probed(self) -> ProbeReport:
        """What the step did in a process of its own; see :mod:`locard.testing.probe`."""
        pixels = PROBE_PIXELS
        if self.step_class.needs.max_megapixels is not None:
            pixels = min(pixels, int(self.step_class.needs.max_megapixels * 1e6))
        height = max(int((pixels * 3 / 4) ** 0.5), self.smallest)
        scene = samples.photograph(height, max(pixels // height, self.smallest))
        ordinary = [examined.sample for examined in self.examined][:3]
        return probe(self.step_class, ordinary, Sample("large.jpg", samples.jpeg(scene)))

    def reactions(self, of: Iterable[Sample]) -> list[Reaction]:
        """Return how the step reacts to pictures; each is examined once."""
        found = []
        for sample in of:
            if sample.name not in self._reactions:
                self._reactions[sample.name] = react(self.step, sample)
            found.append(self._reactions[sample.name])
        return found

    def findings_on(self, of: Iterable[Sample]) -> list[Examined]:
        """Return the pictures among ``of`` on which there is a finding."""
        reactions = self.reactions(of)
        return [reaction.examined for reaction in reactions if reaction.examined is not None]


def react(step: Step, sample: Sample, image_class: type[Image] | None = None) -> Reaction:
    """Let a step examine one picture as the engine would, and return how it reacted.

    Args:
        step: The step, loaded.
        sample: The picture.
        image_class: Class to open the picture with, for images that watch what is done to them.
    """
    from locard.image import Image

    try:
        image = (image_class or Image).from_bytes(sample.data, name=sample.name)
        unmet = step.needs.unmet(image.header)
    except ImageError as error:
        unmet = Unmet(error.reason, error.message)
    if unmet is not None:
        return Reaction(sample, unmet=unmet)
    given = input_finding(image.header.height, image.header.width)
    examined, raised = None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            examined = Examined(sample, image, given, run(step, image, given))
        except Exception as error:  # noqa: BLE001  whatever a plugin may raise
            raised = error
    messages = tuple(f"{w.category.__name__}: {w.message}" for w in caught)
    return Reaction(sample, examined=examined, error=raised, warnings=messages)


def run(step: Step, image: Image, given: Finding) -> Finding:
    """Call a detector, or a refiner with a finding to refine.

    Raises:
        TypeError: It returned something else than a finding.
    """
    if isinstance(step, Refiner):
        returned: object = step.refine(image, given)
    else:
        assert isinstance(step, Detector)  # noqa: S101  there is no third kind
        returned = step.examine(image)
    if not isinstance(returned, Finding):
        raise TypeError(f"returned {type(returned).__name__}, not a locard.Finding")
    return returned


def input_finding(height: int, width: int, value: float | None = None) -> Finding:
    """Return a finding for a refiner to refine.

    Args:
        height: Height of the picture in pixels.
        width: Width of the picture in pixels.
        value: Value of a flat map; None for a map with a suspicious part and some noise.
    """
    rows, columns = -(-height // 8), -(-width // 8)
    if value is None:
        values = np.random.default_rng(rows * columns).uniform(0.0, 0.3, (rows, columns))
        values[rows // 3 : rows * 2 // 3 + 1, columns // 4 : columns // 2 + 1] += 0.6
    else:
        values = np.full((rows, columns), value)
    heat_map = HeatMap(values.astype(np.float32), cell=8)
    return Finding.detected(0.75, "a finding of the conformance kit", map=heat_map)
