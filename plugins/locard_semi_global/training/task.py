"""Training of the block-evidence network: its batches, its loss, and its validation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from locard.errors import LocardError
from locard.evaluation.datasets.base import AUTHENTIC
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.training import flips
from locard_semi_global.training.cache import Row, Window, read
from locard_semi_global.training.config import BlockEvidenceConfig

_CELLS = 32 * 48
"""Cells of the window that counts as one picture in the size of a batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of one shape.

    Attributes:
        evidence: float16, (n, channels, h, w).
        medians: float32, (n, channels).
        spreads: float32, (n, channels).
        groups: float32, (n, groups): 0 where a group of traces is taken out.
        labels: uint8, (n, 2 h, 2 w): tampered share, of 255.
    """

    evidence: Tensor
    medians: Tensor
    spreads: Tensor
    groups: Tensor
    labels: Tensor


class BlockEvidenceTask:
    """What the training loop asks for, see :class:`locard.training.task.Task`.

    Args:
        config: Of the training.
        module: The network, with the weights it begins with.
        training: What it learns from.
        validation: What it is validated on.

    Raises:
        LocardError: The mixture names a data set that is not there.
    """

    watched = "f1"
    more_is_better = True

    def __init__(
        self,
        config: BlockEvidenceConfig,
        module: nn.Module,
        training: Sequence[Row],
        validation: Sequence[Row],
    ) -> None:
        names = {row.data_set for row in training}
        if unknown := sorted(config.mixture.keys() - names):
            raise LocardError(
                f"the mixture names the data set {unknown[0]}, which is not among those to learn "
                f"from: {', '.join(sorted(names))}",
                "Correct the table 'mixture' of the config, or name the data set.",
            )
        self.config, self.module = config, module
        self.training = training
        self._weights = np.array([config.mixture.get(row.data_set, 1.0) for row in training])
        self._validated = _some(validation, config.validation_pictures, config.seed)
        cells = np.array([row.shape[0] * row.shape[1] for row in training])
        mean_cells = float(np.average(cells, weights=self._weights))
        self.batch_count = max(1, int(len(training) * mean_cells / (config.batch_size * _CELLS)))
        """Batches in an epoch."""

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """Yield an epoch's batches, each picture turned by a random symmetry."""
        random = np.random.default_rng(generator.initial_seed())
        batches = self._numbers(random)
        for number in range(self.batch_count):
            yield self._batch(batches[number % len(batches)], random)

    def _numbers(self, random: np.random.Generator) -> list[list[int]]:
        """Return which windows make which batch, in random order."""
        waiting: dict[tuple[int, ...], list[int]] = defaultdict(list)
        batches = []
        chances = self._weights / self._weights.sum()
        order = _order(chances, random)
        for number in order.tolist():
            # Windows and their transposes fit into one batch.
            shape = tuple(sorted(self.training[number].shape))
            waiting[shape].append(number)
            most = max(1, self.config.batch_size * _CELLS // (shape[0] * shape[1]))
            if len(waiting[shape]) == most:
                batches.append(waiting.pop(shape))
        batches += waiting.values()
        return [batches[place] for place in random.permutation(len(batches))]

    def _batch(self, numbers: Sequence[int], random: np.random.Generator) -> Batch:
        upright = bool(random.integers(2))
        windows, turns = [], []
        for number in numbers:
            rows, columns = self.training[number].shape
            turn = int(random.integers(flips.COUNT))
            if rows != columns:
                transposed = (rows < columns) == upright
                turn = (turn & 3) | (4 if transposed else 0)
            windows.append(read(self.training[number]))
            turns.append(turn)
        kept = random.random((len(numbers), len(GROUPS))) >= self.config.group_dropout
        kept[~kept.any(axis=1)] = True
        kept[:, [GROUPS.index(group) for group in self.config.without]] = False
        return _stacked(windows, turns, kept)

    def loss(self, module: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return weighted cross entropy and Dice loss of a batch, and each for itself."""
        logits = asked(module, batch)
        truth = batch.labels.float() / 255
        entropies = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        weights = 1 + self.config.positive_weight * truth
        entropy = (entropies * weights).mean()
        dice = _dice(logits.sigmoid(), truth)
        loss = entropy + self.config.dice * dice
        return loss, {"entropy": entropy.detach(), "dice": dice.detach()}

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        """Return the strict F1 by data set and kind, and what is flagged of authentic pictures."""
        kept = torch.ones(1, len(GROUPS))
        kept[:, [GROUPS.index(group) for group in self.config.without]] = 0
        found: dict[str, list[float]] = defaultdict(list)
        for row in self._validated:
            window = read(row)
            batch = _stacked([window], [0], kept.numpy() > 0)
            marked = predicted(module, batch, half=self.config.precision == "bf16")[0] > 0
            truth = window.labels >= 128
            if row.kind == AUTHENTIC:
                found[f"{row.data_set} flagged"].append(float(marked.mean()))
            elif truth.any():
                found[f"{row.data_set} {row.kind} f1"].append(_f1(marked, truth))
        figures = {name.replace(" ", "_"): float(np.mean(each)) for name, each in found.items()}
        scores = [score for name, score in figures.items() if name.endswith("_f1")]
        return {"f1": float(np.mean(scores)) if scores else 0.0, **figures}


def asked(module: nn.Module, batch: Batch) -> Tensor:
    """Return a network's logits of a batch: float32, (n, 2 h, 2 w)."""
    evidence = batch.evidence.float().contiguous(memory_format=torch.channels_last)
    logits: Tensor = module(evidence, batch.medians, batch.spreads, batch.groups)
    return logits.float()


def predicted(module: nn.Module, batch: Batch, *, half: bool = False) -> NDArray[np.float32]:
    """Return a network's logits of a batch, in evaluation mode: float32, (n, 2 h, 2 w)."""
    module.eval()
    device = next(module.parameters()).device
    there = Batch(
        batch.evidence.to(device),
        batch.medians.to(device),
        batch.spreads.to(device),
        batch.groups.to(device),
        batch.labels,
    )
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=half):
        return asked(module, there).cpu().numpy()


def _dice(marked: Tensor, truth: Tensor) -> Tensor:
    """Return 1 - the soft Dice coefficient, averaged over the pictures that are tampered."""
    tampered = truth.amax(dim=(1, 2)) > 0
    both = (marked * truth).sum(dim=(1, 2))
    all_of = marked.sum(dim=(1, 2)) + truth.sum(dim=(1, 2))
    losses = (1 - (2 * both + 1) / (all_of + 1)) * tampered
    return losses.sum() / tampered.sum().clamp(min=1)


def _f1(marked: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(2 * (marked & truth).sum() / (marked.sum() + truth.sum()))


def _stacked(windows: Sequence[Window], turns: Sequence[int], kept: NDArray[np.bool_]) -> Batch:
    evidence = [flips.flipped(one.values, turn) for one, turn in zip(windows, turns, strict=True)]
    labels = [
        np.ascontiguousarray(flips.flipped_map(one.labels, turn))
        for one, turn in zip(windows, turns, strict=True)
    ]
    orders = [flips.channel_order(turn) for turn in turns]
    medians = [one.medians[order] for one, order in zip(windows, orders, strict=True)]
    spreads = [one.spreads[order] for one, order in zip(windows, orders, strict=True)]
    return Batch(
        torch.from_numpy(np.stack(evidence)),
        torch.from_numpy(np.stack(medians)),
        torch.from_numpy(np.stack(spreads)),
        torch.from_numpy(kept.astype(np.float32)),
        torch.from_numpy(np.stack(labels)),
    )


def _order(chances: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.int64]:
    """Return as many numbers as there are chances, in random order, each as often as it weighs.

    A number comes whole times its share, and by chance once more for the rest.
    """
    times = chances * len(chances)
    whole = np.floor(times + random.random(len(times))).astype(np.int64)
    return random.permutation(np.repeat(np.arange(len(chances)), whole))


def _some(rows: Sequence[Row], most: int, seed: int) -> list[Row]:
    """Return some rows, evenly from all data sets and kinds, the same ones every time."""
    random = np.random.default_rng([seed, 5])
    kinds: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for place in random.permutation(len(rows)).tolist():
        kinds[rows[place].data_set, rows[place].kind].append(rows[place])
    share = max(1, most // max(1, len(kinds)))
    return [row for _, found in sorted(kinds.items()) for row in found[:share]]
