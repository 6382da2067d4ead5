"""What the small global network learns from: views of photographs, and its teacher's words."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from locard.errors import LocardError
from locard.report.atomic import write_whole
from locard.text import printable
from locard_semi_global.paper.global_network import GlobalNetwork
from locard_semi_global.paper.pack import TRAIN, VALIDATION
from locard_semi_global.paper.whole import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.evaluation.datasets.base import Sample
    from locard.evaluation.datasets.loading import Dataset

_HELD_BACK: Final = 10
_STRETCH: Final = 4 / 3
_BATCH: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Views of photographs, reduced to 224×224.

    Attributes:
        key: Hash of what they were made of.
        pixels: uint8, (photographs, views, 224, 224, 3); the first view is the whole.
        features: What the teacher says of them, float32, (photographs, views, features).
        held_back: bool, (photographs,): those to be validated on.
    """

    key: str
    pixels: NDArray[np.uint8]
    features: NDArray[np.float32]
    held_back: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which views are made.

    Attributes:
        count: Of each photograph.
        least_part: Least share of its area that a part has.
        seed: What the parts follow from.
    """

    count: int
    least_part: float
    seed: int


def open_views(
    data_sets: Sequence[Dataset],
    wanted: Wanted,
    teacher: GlobalNetwork,
    teacher_hash: str,
    cache: Path,
    advance: Callable[[int, int], None],
) -> Views:
    """Open the views of data sets' photographs; make them and ask the teacher where need be.

    Pictures whose data set gives them to the split ``test`` are left out; one group in ten is held
    back. A picture that cannot be decoded is passed over.

    Args:
        data_sets: Photographs; what is tampered with in them does not matter here.
        wanted: Which views.
        teacher: In evaluation mode.
        teacher_hash: Of its weights.
        cache: Where they are kept.
        advance: Told how many photographs are done, of how many.

    Raises:
        LocardError: No photograph can be used, or the cache cannot be written.
    """
    samples = [
        sample
        for one in data_sets
        for sample in one.samples
        if sample.facts.get("split", TRAIN) in (TRAIN, VALIDATION)
    ]
    hashes = [one.facts.sha256 for one in data_sets]
    said = [hashes, wanted.count, wanted.least_part, wanted.seed, teacher_hash]
    key = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    path = cache / f"views-{key[:16]}.npz"
    if not path.is_file():
        _make(samples, wanted, teacher, path, advance)
    try:
        with np.load(path, allow_pickle=False) as found:
            return Views(key, found["pixels"], found["features"], found["held_back"])
    except (OSError, ValueError, KeyError):
        raise LocardError(
            f"{printable(str(path))} is damaged", "Remove it; it is then made again."
        ) from None


def _make(
    samples: Sequence[Sample],
    wanted: Wanted,
    teacher: GlobalNetwork,
    path: Path,
    advance: Callable[[int, int], None],
) -> None:
    random = np.random.default_rng([wanted.seed, 7])
    pixels, features, held_back = [], [], []
    for done, sample in enumerate(samples):
        advance(done + 1, len(samples))
        views = _views(sample, wanted, random)
        if views is None:
            continue
        pixels.append(views)
        features.append(described(teacher, views))
        digest = hashlib.sha256((sample.group or sample.name).encode()).digest()
        held_back.append(digest[0] % _HELD_BACK == 0)
    if not any(held_back) or all(held_back):
        raise LocardError(
            "there are too few photographs to learn from and to validate on",
            "Name more folders of photographs.",
        )
    file = io.BytesIO()
    np.savez(
        file,
        pixels=np.stack(pixels),
        features=np.stack(features),
        held_back=np.array(held_back, np.bool_),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, [file.getvalue()])
    except OSError as error:
        raise LocardError(
            f"cannot write {printable(str(path))}: {error.strerror}",
            "Make room, or give another cache.",
        ) from None


def _views(sample: Sample, wanted: Wanted, random: np.random.Generator) -> NDArray[np.uint8] | None:
    from locard.image import Image

    try:
        pixels = Image.from_path(sample.path).pixels
    except LocardError:
        return None
    height, width = pixels.shape[:2]
    boxes = [_part(height, width, wanted.least_part, random) for _ in range(wanted.count - 1)]
    return np.stack([whole(pixels), *(whole(pixels, box) for box in boxes)])


def _part(
    height: int, width: int, least: float, random: np.random.Generator
) -> tuple[float, float, float, float]:
    """Return a part of a picture at random: left, upper, right, lower edge."""
    area = random.uniform(least, 1)
    stretch = np.exp(random.uniform(-np.log(_STRETCH), np.log(_STRETCH)))
    sides = (min(1.0, np.sqrt(area * stretch)), min(1.0, np.sqrt(area / stretch)))
    across, down = sides[0] * width, sides[1] * height
    left, upper = random.uniform(0, width - across), random.uniform(0, height - down)
    return float(left), float(upper), float(left + across), float(upper + down)


@torch.no_grad()
def described(network: GlobalNetwork, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what a global network says of reduced pictures.

    Args:
        network: In evaluation mode.
        pixels: uint8, (n, 224, 224, 3).

    Returns:
        float32, (n, features).
    """
    device = network.mean.device
    found = []
    for start in range(0, len(pixels), _BATCH):
        some = torch.from_numpy(np.array(pixels[start : start + _BATCH])).to(device)
        found.append(network(some.permute(0, 3, 1, 2) / 255).cpu())
    return torch.cat(found).numpy()
