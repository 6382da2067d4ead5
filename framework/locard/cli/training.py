"""What commands that train share: the training under a bar, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from locard.cli.common import printable

if TYPE_CHECKING:
    from locard.training.config import TrainingConfig
    from locard.training.task import Progress, Task, TrainingResult


def train_with_bar(
    task: Task[Any],
    config: TrainingConfig,
    output: Path,
    inputs: Mapping[str, str],
    advance: Callable[[str, int, int], None],
) -> TrainingResult:
    """Train, or go on; see :func:`locard.training.loop.train`.

    Args:
        task: What is trained.
        config: How.
        output: Folder of the run.
        inputs: What the result depends on beside the config: a hash, by name.
        advance: Told what is done, how many steps are, and of how many.
    """
    from locard.training.loop import train

    def watch(progress: Progress) -> None:
        advance("training", progress.step, progress.steps)

    return train(task, config, output, inputs=inputs, watch=watch)


def print_training(result: TrainingResult) -> None:
    """Print where the weights are, how long it took, and the figures of the best epoch."""
    done = "trained" if result.trained else "was trained already"
    typer.echo(printable(str(result.weights)))
    typer.echo(
        f"{done}: {result.epochs} epochs, {result.steps} steps, {result.seconds / 60:.1f} minutes; "
        f"ended by {result.reason}, best epoch {result.best_epoch}"
    )
    for name, value in result.figures.items():
        typer.echo(f"  {name.replace('_', ' ')}: {value:.4f}")
