"""The training loop: steps, validation, early stopping; goes on where it was interrupted."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, cast

import torch

from locard.errors import ExitCode, LocardError
from locard.text import printable
from locard.training import checkpoint as checkpoints
from locard.training.checkpoint import Checkpoint, Position, Tensors
from locard.training.curves import Curves
from locard.training.devices import choose_device, to_device
from locard.training.optimizing import learning_rate, make_optimizer, move_average
from locard.training.reproducible import RandomState, epoch_generator, reproducible
from locard.training.run_folder import RunFolder, environment, open_folder
from locard.training.task import Batch, Progress, Task, TrainingResult
from locard.training.weights import fill, replace, tensors_of, to_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from locard.training.config import TrainingConfig

Watch = Callable[[Progress], None]


class TrainingError(LocardError):
    """A training came to nothing: its numbers are no numbers any more."""

    exit_code = ExitCode.ATTENTION


def train(
    task: Task[Batch],
    config: TrainingConfig,
    folder: Path,
    *,
    inputs: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> TrainingResult:
    """Train a module, or go on with the run in the folder.

    An interrupted run goes on from its last checkpoint when it is started again with the same
    config, and ends with the same bits on the same machine as one that was not interrupted, unless
    ``minutes`` ended it. A finished run is not run again; one that ``minutes`` ended goes on if it
    is given more.

    Args:
        task: What is trained. Its module should be made under
            :func:`locard.training.reproducible.reproducible` with the config's seed.
        config: How.
        folder: The run's; made where it does not exist.
        inputs: What the result depends on beside the config, a hash or version by name: data,
            teacher. Recorded, and the same must be given to go on.
        watch: Called after every step.

    Returns:
        The best weights and what they measured.

    Raises:
        TrainingError: The loss, the gradient or the watched figure is not finite; the best weights
            so far are kept.
        LocardError: The folder is of another config, input, checkpoint version or network, or in
            use; the device is not there; a file cannot be written.
    """
    device = choose_device(config.device)
    with open_folder(folder) as run, reproducible(config.seed, config.threads):
        run.settle(config, inputs or {})
        loop = _Loop(task, config, run, device, inputs or {}, watch)
        return loop.run()


class _Loop(Generic[Batch]):
    def __init__(
        self,
        task: Task[Batch],
        config: TrainingConfig,
        run: RunFolder,
        device: torch.device,
        inputs: Mapping[str, str],
        watch: Watch | None,
    ) -> None:
        self._task, self._config, self._run, self._device = task, config, run, device
        self._inputs, self._watch = inputs, watch
        self._module = task.module.to(device)
        self._average = copy.deepcopy(self._module) if config.ema_decay else None
        self._optimizer = make_optimizer(self._module, config)
        self._steps = config.steps or config.epochs * task.batch_count
        self._at = Position()
        self._best: Tensors = {}
        self._random: RandomState | None = None
        self._log: list[dict[str, Any]] = []
        self._curves = Curves(run.curves, task.watched)
        self._began = self._saved = time.monotonic()
        self._before = 0.0

    def run(self) -> TrainingResult:
        self._restore()
        if self._best:
            replace(self._run.best, to_bytes(self._best))
        self._run.write_log(self._log)
        if self._at.finished and not self._has_more_minutes():
            return self._finish(trained=False)
        self._at.finished = ""
        self._write_facts("running")
        try:
            while not self._at.finished:
                self._epoch()
        except TrainingError as error:
            self._at.seconds = self._seconds()
            self._write_facts("failed", error.message)
            raise
        return self._finish(trained=True)

    def _finish(self, *, trained: bool) -> TrainingResult:
        # A run that was killed after its last checkpoint has these still to write.
        if trained or self._run.read_facts().get("state") != "finished":
            self._curves.draw(self._log, now=True)
            self._write_facts("finished")
        return self._result(trained=trained)

    def _restore(self) -> None:
        found = checkpoints.load(self._run.checkpoint)
        if found is None:
            self._save()
            return
        checkpoints.tidy(self._run.checkpoint)
        source = f"the checkpoint in {self._run.checkpoint}"
        fill(self._module, found.weights, source)
        if self._average is not None:
            fill(self._average, found.average, source)
        checkpoints.fill_optimizer(self._optimizer, found.optimizer)
        self._at, self._best, self._random = found.position, found.best, found.random
        self._before = found.position.seconds
        # Epochs after the checkpoint are done again, and give the same lines again.
        self._log = [line for line in self._run.read_log() if line["step"] <= self._at.step]
        found.random.restore()

    def _has_more_minutes(self) -> bool:
        limit = self._config.minutes * 60
        return self._at.finished == "minutes" and (not limit or limit > self._at.seconds)

    def _epoch(self) -> None:
        """Train to the end of the epoch, or of the training."""
        self._check_count()
        generator = epoch_generator(self._config.seed, self._at.epoch)
        batches = iter(self._task.batches(self._at.epoch, generator))
        for _ in islice(batches, self._at.batch):
            pass
        if self._at.batch and self._random is not None:
            self._random.restore()
        for batch in batches:
            self._step(batch)
            if self._at.batch == self._task.batch_count:
                break
            self._at.finished = self._ended()
            if self._at.finished:
                break
            if self._is_checkpoint_due():
                self._save()
        else:
            raise ValueError(
                f"the task has {self._task.batch_count} batches an epoch, and gave "
                f"{self._at.batch} of epoch {self._at.epoch}"
            )
        self._close_epoch()

    def _check_count(self) -> None:
        if self._task.batch_count < 1:
            raise LocardError("there is nothing to train with: no batch in an epoch")

    def _step(self, batch: Batch) -> None:
        config = self._config
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(config, self._at.step, self._steps)
        self._module.train()
        batch = cast("Batch", to_device(batch, self._device))
        half = config.precision == "bf16"
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=half):
            loss, figures = self._task.loss(self._module, batch)
        value = self._finite("loss", float(loss.detach()))
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        limit = config.gradient_clipping or math.inf
        norm = torch.nn.utils.clip_grad_norm_(self._module.parameters(), limit)
        self._finite("norm of the gradient", float(norm))
        self._optimizer.step()
        self._at.step += 1
        self._at.batch += 1
        if self._average is not None:
            move_average(self._average, self._module, config.ema_decay, self._at.step)
        for name, figure in {"loss": value, **figures}.items():
            self._at.sums[name] = self._at.sums.get(name, 0.0) + float(figure)
        self._tell(value)

    def _close_epoch(self) -> None:
        """Validate, keep what is best, log, and write a checkpoint."""
        whole = self._at.batch == self._task.batch_count
        epoch = self._at.epoch + 1
        figures = self._validate()
        watched = self._finite(f"validation's {self._task.watched}", figures[self._task.watched])
        best = self._at.best.get(self._task.watched)
        better = best is None or (watched > best if self._task.more_is_better else watched < best)
        if better:
            self._at.best_epoch, self._at.best = epoch, figures
            self._best = tensors_of(self._average or self._module)
            replace(self._run.best, to_bytes(self._best))
        self._add_line(epoch, figures, better=better)
        if whole:
            self._at.epoch, self._at.batch, self._at.sums = epoch, 0, {}
            self._at.finished = self._ended()
        if self._at.finished or not whole or epoch % self._config.checkpoint_every == 0:
            self._save()
        self._write_facts("running")
        self._curves.draw(self._log)

    def _validate(self) -> dict[str, float]:
        module = self._average or self._module
        module.eval()
        # Validation must not move the training's random numbers: it may not happen as often.
        random = RandomState.now()
        with torch.no_grad():
            figures = self._task.validate(module)
        random.restore()
        return {name: float(value) for name, value in figures.items()}

    def _ended(self) -> str:
        """Return why the training is over; empty where it is not."""
        config, at = self._config, self._at
        at.seconds = self._seconds()
        if config.steps and at.step >= config.steps:
            return "steps"
        if not config.steps and at.epoch >= config.epochs:
            return "epochs"
        if config.patience and at.batch == 0 and at.epoch - at.best_epoch >= config.patience:
            return "patience"
        return "minutes" if config.minutes and at.seconds >= config.minutes * 60 else ""

    def _is_checkpoint_due(self) -> bool:
        minutes = self._config.checkpoint_minutes
        return bool(minutes) and time.monotonic() - self._saved >= minutes * 60

    def _save(self) -> None:
        self._at.seconds = self._seconds()
        self._random = RandomState.now()
        checkpoints.save(
            self._run.checkpoint,
            Checkpoint(
                self._at,
                weights=tensors_of(self._module),
                average=tensors_of(self._average) if self._average is not None else {},
                best=self._best,
                optimizer=checkpoints.optimizer_tensors(self._optimizer),
                random=self._random,
            ),
        )
        self._saved = time.monotonic()

    def _add_line(self, epoch: int, figures: Mapping[str, float], *, better: bool) -> None:
        self._log.append(
            {
                "epoch": epoch,
                "step": self._at.step,
                "passes": self._at.epoch + self._at.batch / self._task.batch_count,
                "learning_rate": self._optimizer.param_groups[0]["lr"],
                "seconds": round(self._seconds(), 3),
                "training": {n: total / self._at.batch for n, total in self._at.sums.items()},
                "validation": dict(figures),
                "best": better,
            }
        )
        self._run.write_log(self._log)

    def _write_facts(self, state: str, words: str = "") -> None:
        self._run.write_facts(
            {
                "state": state,
                "reason": words or self._at.finished,
                "epochs": self._at.epoch + bool(self._at.batch),
                "steps": self._at.step,
                "seconds": round(self._at.seconds, 3),
                "best_epoch": self._at.best_epoch,
                "best": self._at.best,
                "parameters": sum(p.numel() for p in self._module.parameters()),
                "inputs": dict(self._inputs),
                **environment(self._device),
            }
        )

    def _result(self, *, trained: bool) -> TrainingResult:
        at = self._at
        return TrainingResult(
            weights=self._run.best,
            reason=at.finished,
            best_epoch=at.best_epoch,
            figures=dict(at.best),
            epochs=at.epoch + bool(at.batch),
            steps=at.step,
            seconds=at.seconds,
            trained=trained,
        )

    def _tell(self, loss: float) -> None:
        if self._watch is not None:
            best = self._at.best.get(self._task.watched)
            epoch, seconds = self._at.epoch + 1, self._seconds()
            self._watch(Progress(self._at.step, self._steps, epoch, loss, best, seconds))

    def _seconds(self) -> float:
        return self._before + time.monotonic() - self._began

    def _finite(self, what: str, value: float) -> float:
        if math.isfinite(value):
            return value
        kept = (
            f"The weights of epoch {self._at.best_epoch} are kept in "
            f"{printable(str(self._run.best))}."
            if self._at.best_epoch
            else "No epoch was finished before."
        )
        raise TrainingError(
            f"the {what} is {value} at step {self._at.step} of epoch {self._at.epoch + 1}",
            f"{kept} Train in a new folder with a lower learning_rate or gradient_clipping, "
            "and look for values in the data that are not finite.",
        )
