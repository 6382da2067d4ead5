"""What the training loop asks of a task, and what it tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import torch

Batch = TypeVar("Batch")


class Task(Protocol[Batch]):
    """What is trained: a module, its batches, its loss, and how good it is.

    Attributes:
        module: What is trained, its weights as they are to begin with.
        batch_count: Batches in an epoch.
        watched: The figure of :meth:`validate` that says which epoch is the best.
        more_is_better: Whether a larger watched figure is the better one.
    """

    @property
    def module(self) -> torch.nn.Module: ...  # noqa: D102

    @property
    def batch_count(self) -> int: ...  # noqa: D102

    @property
    def watched(self) -> str: ...  # noqa: D102

    @property
    def more_is_better(self) -> bool: ...  # noqa: D102

    def batches(self, epoch: int, generator: torch.Generator) -> Iterable[Batch]:
        """Give an epoch's batches, the same ones whenever it is asked for that epoch.

        Tensors may be anywhere in tuples, lists, dicts and dataclasses; the loop moves them to the
        device. A resumed run passes over the batches that it has done, so these should be made
        when they are asked for.

        Args:
            epoch: 0 for the first.
            generator: Seeded from the run's seed and the epoch. All that is random comes from it;
                ``numpy.random.default_rng(generator.initial_seed())`` makes one of numpy's.
        """

    def loss(
        self, module: torch.nn.Module, batch: Batch
    ) -> tuple[torch.Tensor, Mapping[str, float | torch.Tensor]]:
        """Return the loss of a batch, a scalar with gradient, and figures to log beside it."""

    def validate(self, module: torch.nn.Module) -> Mapping[str, float]:
        """Measure a module, in evaluation mode and without gradients, :attr:`watched` among it.

        The module may be another one than :attr:`module`: the average of its weights.
        """


@dataclass(frozen=True)
class Progress:
    """How far a training is, after a step.

    Attributes:
        step: Steps done, of all.
        steps: Steps that the whole training has.
        epoch: The epoch it is in, 1 for the first.
        loss: Of this step.
        best: The watched figure's best so far.
        seconds: Training time over all sittings.
    """

    step: int
    steps: int
    epoch: int
    loss: float
    best: float | None
    seconds: float


@dataclass(frozen=True)
class TrainingResult:
    """What a training came to.

    Attributes:
        weights: The best weights, a safetensors file.
        reason: Why it ended: ``epochs``, ``steps``, ``patience``, ``minutes``.
        best_epoch: The epoch of these weights, 1 for the first.
        figures: Their validation.
        epochs: Epochs that were done, the last one maybe in part.
        steps: Steps that were done.
        seconds: Training time over all sittings.
        trained: Whether this call trained; False where the run was finished already.
    """

    weights: Path
    reason: str
    best_epoch: int
    figures: Mapping[str, float]
    epochs: int
    steps: int
    seconds: float
    trained: bool
