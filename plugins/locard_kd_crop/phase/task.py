"""Training of a phase network: its batches, its loss, and its validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from locard.errors import LocardError
from locard_kd_crop.datasets.strata import BLIND
from locard_kd_crop.distillation import Distillation
from locard_kd_crop.phase import symmetry
from locard_kd_crop.phase.config import PhaseConfig
from locard_kd_crop.phase.labels import NO_GRID, UNCROPPED
from locard_kd_crop.phase.network import Ensemble
from locard_kd_crop.phase.samples import Samples

_AT_ONCE = 64  # pictures in a batch of a validation


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures to learn from.

    Attributes:
        terms: int8, (n, 64, classes of activity, 64, 41): their evidence.
        tables: float32, (n, 64): steps of their own luma tables, 0 where they have none.
        windows: float32, (n, classes of activity).
        labels: int64, (n,): classes.
        teacher: float32, (n, 65): its logits, or None.
    """

    terms: Tensor
    tables: Tensor
    windows: Tensor
    labels: Tensor
    teacher: Tensor | None = None


class PhaseTask:
    """What the training loop asks for, see :class:`locard.training.task.Task`.

    Args:
        config: Of a teacher or a student.
        module: The network, with the weights it begins with.
        training: What it learns from.
        validation: What it is validated on.
        teacher: Logits of the training's pictures, float32, (n, 65), or None.
        distillation: How the teacher is listened to.

    Raises:
        LocardError: A stratum is unknown.
    """

    watched = "loss"
    more_is_better = False

    def __init__(
        self,
        config: PhaseConfig,
        module: nn.Module,
        training: Samples,
        validation: Samples,
        teacher: NDArray[np.float32] | None = None,
        distillation: Distillation | None = None,
    ) -> None:
        strata = [row.facts["stratum"] for row in training.rows]
        if unknown := sorted(config.strata.keys() - set(strata)):
            raise LocardError(
                f"there are no pictures of stratum {', '.join(unknown)} in the data sets",
                "Correct the table 'strata' of the config.",
            )
        self.config, self.module = config, module
        self.training, self.validation = training, validation
        self.distillation = distillation or Distillation()
        self._teacher = teacher
        self._weights = np.array([config.strata.get(stratum, 1.0) for stratum in strata])
        self._validated = _some(len(validation), config.validation_pictures, config.seed)

    @property
    def batch_count(self) -> int:
        """Batches in an epoch; what does not fill one is left to other epochs."""
        return max(1, len(self.training) // self.config.batch_size)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """Yield an epoch's batches, each picture turned by a random symmetry."""
        random = np.random.default_rng(generator.initial_seed())
        order = _order(self._weights, random)
        size = self.config.batch_size
        for start in range(0, self.batch_count * size, size):
            numbers = order[start : start + size]
            yield self._turned(numbers, random.integers(symmetry.COUNT, size=len(numbers)))

    def _turned(self, numbers: NDArray[np.int64], turns: NDArray[np.int64]) -> Batch:
        plain = self.training.batch(numbers)
        classes = np.stack([symmetry.applied_to_classes(int(turn)) for turn in turns])
        terms, tables = np.empty_like(plain.terms), np.empty_like(plain.tables)
        for place, turn in enumerate(turns):
            terms[place] = symmetry.applied(plain.terms[place], int(turn))
            tables[place] = symmetry.applied_to_table(plain.tables[place], int(turn))
        teacher = None
        if self._teacher is not None:
            turned = np.take_along_axis(self._teacher[numbers], classes, axis=1)
            teacher = torch.from_numpy(turned)
        return Batch(
            torch.from_numpy(terms),
            torch.from_numpy(tables),
            torch.from_numpy(plain.windows),
            torch.from_numpy((classes == plain.labels[:, None]).argmax(axis=1)),
            teacher,
        )

    def loss(self, module: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the loss of a batch, and how many of its pictures are classified rightly.

        The members of an ensemble learn each for itself, from the same batches.
        """
        if isinstance(module, Ensemble):
            logits = [one(batch.terms, batch.tables, batch.windows) for one in module.members]
            losses = [functional.cross_entropy(one.float(), batch.labels) for one in logits]
            loss, said = torch.stack(losses).mean(), logits[0]
        else:
            said = module(batch.terms, batch.tables, batch.windows).float()
            loss = self._taught(said, batch)
        right = (said.detach().argmax(1) == batch.labels).float().mean()
        return loss, {"accuracy": right}

    def _taught(self, logits: Tensor, batch: Batch) -> Tensor:
        if batch.teacher is None:
            return functional.cross_entropy(logits, batch.labels)
        return self.distillation.loss(logits, batch.teacher, batch.labels)

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        """Return cross-entropy, accuracy, and balanced accuracy and offsets by stratum."""
        numbers = self._validated
        logits = predicted(module, self.validation, numbers, half=self.config.precision == "bf16")
        labels = self.validation.labels[numbers]
        loss = functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels))
        strata = [self.validation.rows[int(number)].facts["stratum"] for number in numbers]
        return {
            "loss": float(loss),
            "accuracy": float((logits.argmax(1) == labels).mean()),
            **_by_stratum(logits, labels, strata),
        }


def predicted(
    module: nn.Module,
    samples: Samples,
    numbers: NDArray[np.int64],
    *,
    half: bool = False,
    advance: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Return a network's logits.

    Args:
        module: The network; it is left in evaluation mode.
        samples: Pictures.
        numbers: Which of them.
        half: Compute in bfloat16.
        advance: Told how many are done, of how many.

    Returns:
        float32, (numbers, 65).
    """
    module.eval()
    device = next(module.parameters()).device
    found = []
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=half):
        for start in range(0, len(numbers), _AT_ONCE):
            some = samples.batch(numbers[start : start + _AT_ONCE])
            given = (some.terms, some.tables, some.windows)
            logits = module(*(torch.from_numpy(one).to(device) for one in given))
            found.append(logits.float().cpu().numpy())
            if advance is not None:
                advance(min(start + _AT_ONCE, len(numbers)), len(numbers))
    return np.concatenate(found)


def _by_stratum(
    logits: NDArray[np.float32], labels: NDArray[np.int64], strata: Sequence[str]
) -> dict[str, float]:
    """Return balanced accuracy and the share of exact offsets; of E how many are called cropped."""
    whole = np.logaddexp(logits[:, UNCROPPED], logits[:, NO_GRID])
    crops = logits[:, UNCROPPED + 1 : NO_GRID]
    called = np.logaddexp.reduce(crops, axis=1) > whole
    places = crops.argmax(axis=1) + UNCROPPED + 1
    moved = (labels != UNCROPPED) & (labels != NO_GRID)
    of = np.array(strata)
    figures = {}
    for stratum in sorted(set(strata)):
        here = of == stratum
        if stratum == BLIND:
            figures[f"{stratum}_called_cropped"] = float(called[here].mean())
        elif (here & moved).any() and (here & ~moved).any():
            found, false = called[here & moved].mean(), called[here & ~moved].mean()
            figures[f"{stratum}_balanced"] = float((found + 1 - false) / 2)
            exact = places[here & moved] == labels[here & moved]
            figures[f"{stratum}_offset"] = float(exact.mean())
    return figures


def _order(weights: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.int64]:
    """Return as many numbers as there are weights, in random order, each as often as it weighs.

    A number comes whole times its share of the weights, and by chance once more for the rest.
    """
    times = weights * (len(weights) / weights.sum())
    whole = np.floor(times + random.random(len(times))).astype(np.int64)
    order = random.permutation(np.repeat(np.arange(len(weights)), whole))
    missing = max(0, len(weights) - len(order))
    more = random.choice(len(weights), size=missing, p=weights / weights.sum())
    return np.concatenate([order, more])[: len(weights)]


def _some(count: int, most: int, seed: int) -> NDArray[np.int64]:
    """Return numbers below ``count``, at most so many, in order."""
    return np.sort(np.random.default_rng([seed, 5]).permutation(count)[:most])
