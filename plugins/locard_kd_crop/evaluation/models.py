"""What is measured: anything that says of pictures whether and where their grid moved."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from locard.image import Image
from locard_kd_crop.phase.evidence import Evidence, count, evidence_of
from locard_kd_crop.phase.luma import luma_of, luma_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_kd_crop.phase.samples import Samples

Advance = Callable[[str, int, int], None]
"""Told what is done, how many are done, and of how many."""

COUNTED_SIDE: Final = 256
"""Side of the picture that multiplications are counted for."""

EVIDENCE_MACS: Final = 576 * COUNTED_SIDE**2
"""Of the phase evidence: each window's DCT takes 64 for its columns and 512 for its rows."""

_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Costs:
    """What a model takes.

    Attributes:
        parameters: Trained values.
        macs: Multiplications with additions for a picture of 256×256, the network alone; None where
            nobody counted.
        evidence_macs: The same of what makes its input; 0 where it sees pixels.
        bytes: Size of its file.
    """

    parameters: int
    macs: int | None
    evidence_macs: int
    bytes: int


class CropModel(Protocol):
    """A model that can be measured.

    Attributes:
        name: As tables have it.
        key: Changes with what it says: a hash of its weights.
        costs: What it takes.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def key(self) -> str: ...  # noqa: D102

    @property
    def costs(self) -> Costs: ...  # noqa: D102

    def logits(self, samples: Samples, advance: Advance) -> NDArray[np.floating]:
        """Return logits of pictures whose evidence is there, in nats.

        Args:
            samples: The pictures.
            advance: Told how far it is.

        Returns:
            Shape (n, 65) or, of one that tells cropped from not, (n, 2).
        """

    def examine(self, image: Image) -> NDArray[np.floating]:
        """Return the logits of one picture, from its bytes on: shape (1, 65) or (1, 2)."""


def evidence_and_table(image: Image) -> tuple[Evidence, NDArray[np.int64] | None]:
    """Return what a phase network is given of a picture: evidence, and table if it has one."""
    return evidence_of(count(luma_of(image))), luma_table(image)


def opened(samples: Samples, number: int) -> Image:
    """Open a picture of a data set.

    Raises:
        LocardError: The file is not there any more, or is damaged.
    """
    from pathlib import Path

    facts = samples.rows[number].facts
    return Image.from_path(Path(facts["set"]) / facts["path"])


def one_by_one(model: CropModel, samples: Samples, advance: Advance) -> NDArray[np.float32]:
    """Return a model's logits of pictures, each examined for itself: float32, (n, classes)."""
    found = []
    for number in range(len(samples)):
        found.append(model.examine(opened(samples, number)))
        advance(f"examining with {model.name}", number + 1, len(samples))
    return np.concatenate(found).astype(np.float32)


def time_ratio(model: CropModel, data: bytes) -> float:
    """Return how many times as long a model takes as Pillow's decoding of the same file.

    It is time of the processor, to which other processes add little. Both are run in turn; it is
    the median over rounds.
    """
    model.examine(Image.from_bytes(data))
    ratios = []
    for _ in range(_ROUNDS):
        decoding = _seconds(lambda: _decode(data))
        ratios.append(_seconds(lambda: model.examine(Image.from_bytes(data))) / decoding)
    return statistics.median(ratios)


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def _decode(data: bytes) -> None:
    import io

    import PIL.Image

    with PIL.Image.open(io.BytesIO(data)) as picture:
        picture.load()
