"""Models of the registry as models to measure: as they are shipped, in onnxruntime."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from locard.errors import LocardError
from locard.inference import open_session
from locard_kd_crop.evaluation.models import (
    EVIDENCE_MACS,
    Advance,
    Costs,
    evidence_and_table,
    one_by_one,
)
from locard_kd_crop.phase.evidence import IDENTITY
from locard_kd_crop.student import Student

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.image import Image
    from locard_kd_crop.phase.samples import Samples
    from locard_registry import Card

PIXELS: Final = "pixels"
"""Input of a model that sees pixels: float32, (n, 3, height, width), RGB from 0 to 255."""

EVIDENCE: Final = ("evidence", "table", "windows")
"""Inputs of a model that sees phase evidence."""


def asked(
    student: Student, samples: Samples, advance: Callable[[int, int], None]
) -> NDArray[np.float32]:
    """Return what a model says of pictures, each for itself, as the detector asks it.

    Args:
        student: The model.
        samples: The pictures.
        advance: Told how many are done, of how many.

    Returns:
        float32, (n, 65).
    """
    found = []
    for number in range(len(samples)):
        found.append(student.logits(*samples.given(number)))
        advance(number + 1, len(samples))
    return np.array(found, np.float32)


class RegisteredPhases:
    """A phase network of the registry, as the detector runs it.

    Args:
        name: As tables have it.
        card: Of the model.
        file: Which of its files.
        content: That file.
    """

    def __init__(self, name: str, card: Card, file: str, content: bytes) -> None:
        self.name = name
        self.key = hashlib.sha256(content).hexdigest()
        self.costs = _card_costs(card, file, EVIDENCE_MACS)
        self._student = Student(content)

    def logits(self, samples: Samples, advance: Advance) -> NDArray[np.float32]:
        """Return logits: float32, (n, 65)."""
        return asked(self._student, samples, partial(advance, f"asking {self.name}"))

    def examine(self, image: Image) -> NDArray[np.float64]:
        """Return the logits of one picture: float64, (1, 65)."""
        evidence, table = evidence_and_table(image)
        return self._student.logits(evidence, table)[None]


class RegisteredPixels:
    """A pixel network of the registry; arguments as of :class:`RegisteredPhases`."""

    def __init__(self, name: str, card: Card, file: str, content: bytes) -> None:
        self.name = name
        self.key = hashlib.sha256(content).hexdigest()
        self.costs = _card_costs(card, file, 0)
        self._session = open_session(content)

    def logits(self, samples: Samples, advance: Advance) -> NDArray[np.float32]:
        """Return logits: float32, (n, classes)."""
        return one_by_one(self, samples, advance)

    def examine(self, image: Image) -> NDArray[np.float32]:
        """Return the logits of one picture: float32, (1, classes)."""
        pixels = np.ascontiguousarray(image.pixels.transpose(2, 0, 1)[None], np.float32)
        return np.asarray(self._session.run(None, {PIXELS: pixels})[0], np.float32)


Registered = RegisteredPhases | RegisteredPixels


def registered(name: str, version: str | None = None) -> list[Registered]:
    """Return a model of the registry, each of its files for itself.

    Raises:
        LocardError: There is no such model, it was altered, or it sees something else.
    """
    from locard_registry import load

    model = load(name, version, provides=IDENTITY)
    card = model.card
    inputs = tuple(tensor.name for tensor in card.inputs)
    if sorted(inputs) == sorted(EVIDENCE):
        kind: type[RegisteredPhases | RegisteredPixels] = RegisteredPhases
    elif inputs == (PIXELS,):
        kind = RegisteredPixels
    else:
        raise LocardError(
            f"the model {name} {card.version} takes {', '.join(inputs)}, and models of crops take "
            f"{', '.join(EVIDENCE)} or {PIXELS}",
            "Name another model.",
        )
    several = len(card.files) > 1
    return [
        kind(
            f"{card.name} {card.version}" + (f", {listed.precision}" if several else ""),
            card,
            listed.file,
            model.onnx(listed.file),
        )
        for listed in card.files
    ]


def all_registered() -> list[Registered]:
    """Return all models of crops that the registry has and that are whole."""
    from locard_registry import catalogue

    found: list[Registered] = []
    for entry in catalogue():
        if entry.card is None or entry.error is not None:
            continue
        inputs = tuple(tensor.name for tensor in entry.card.inputs)
        if sorted(inputs) == sorted(EVIDENCE) or inputs == (PIXELS,):
            found += registered(entry.name, entry.version)
    return found


def _card_costs(card: Card, file: str, evidence_macs: int) -> Costs:
    size = next(listed.bytes for listed in card.files if listed.file == file)
    macs = card.macs.value if card.macs else None
    return Costs(card.parameters, macs, evidence_macs, size)
