"""The loop: what it trains, keeps, writes, and refuses."""

from __future__ import annotations

import copy
import errno
import fcntl
import json
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from toy_task import Numbers, ToyTask, quick

from locard.errors import LocardError
from locard.training.checkpoint import load
from locard.training.devices import choose_device, to_device
from locard.training.loop import TrainingError, train
from locard.training.optimizing import learning_rate, make_optimizer, move_average
from locard.training.reproducible import epoch_generator, reproducible
from locard.training.weights import load_weights, save_weights


def log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_run_learns_and_leaves_all_behind(tmp_path, curves_are_drawn):
    seen = []
    config = quick(epochs=20, ema_decay=0, learning_rate=0.05)
    before = ToyTask().validate(ToyTask().module.eval())["error"]
    result = train(ToyTask(), config, tmp_path / "run", watch=seen.append)
    assert result.reason == "epochs"
    assert result.trained
    assert (result.epochs, result.steps) == (20, 60)
    assert result.figures["error"] < before / 3
    assert [p.step for p in seen] == list(range(1, 61))
    assert {p.steps for p in seen} == {60}
    lines = log(tmp_path / "run")
    assert [line["epoch"] for line in lines] == list(range(1, 21))
    best = min(lines, key=lambda line: line["validation"]["error"])
    assert best["epoch"] == result.best_epoch
    assert best["validation"] == result.figures
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (facts["state"], facts["best_epoch"]) == ("finished", result.best_epoch)
    assert facts["parameters"] == 3 * 8 + 8 + 16 + 8 + 1
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")
    # What is kept is what was measured.
    task = ToyTask(seed=5)
    load_weights(task.module, result.weights)
    assert task.validate(task.module.eval()) == result.figures


def test_figures_are_means_over_the_batches(tmp_path):
    losses = []
    train(ToyTask(), quick(epochs=1), tmp_path / "run", watch=lambda p: losses.append(p.loss))
    assert log(tmp_path / "run")[0]["training"]["loss"] == pytest.approx(np.mean(losses))


def test_a_finished_run_is_not_run_again(tmp_path):
    first = train(ToyTask(), quick(), tmp_path / "run")
    task = ToyTask()
    again = train(task, quick(), tmp_path / "run")
    assert task.losses == 0
    assert not again.trained
    assert again.figures == first.figures
    assert again.seconds == first.seconds


def test_another_config_or_input_is_refused(tmp_path):
    train(ToyTask(), quick(), tmp_path / "run", inputs={"data": "aa"})
    kept = (tmp_path / "run" / "config.toml").read_bytes()
    with pytest.raises(LocardError, match="seed: the run has 1, now it is 2"):
        train(ToyTask(), quick(seed=2), tmp_path / "run", inputs={"data": "aa"})
    with pytest.raises(LocardError, match="data: the run has 'aa', now it is 'bb'"):
        train(ToyTask(), quick(), tmp_path / "run", inputs={"data": "bb"})
    assert (tmp_path / "run" / "config.toml").read_bytes() == kept


def test_another_checkpoint_version_is_refused(tmp_path):
    train(ToyTask(), quick(), tmp_path / "run")
    path = tmp_path / "run" / "checkpoint" / "state.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "format": 99}))
    with pytest.raises(LocardError, match="format 99; this version of Locard reads format 1"):
        train(ToyTask(), quick(), tmp_path / "run")


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "state.json").write_text("{"),
        lambda folder: (folder / "state.json").write_text("[]"),
        lambda folder: (folder / "state.json").write_text('{"format": 1}'),
        lambda folder: next(folder.glob("*.safetensors")).unlink(),
        lambda folder: next(folder.glob("*.safetensors")).write_bytes(b"x" * 100),
    ],
)
def test_a_damaged_checkpoint_is_refused_and_the_best_stays(tmp_path, damage):
    result = train(ToyTask(), quick(), tmp_path / "run")
    best = result.weights.read_bytes()
    damage(tmp_path / "run" / "checkpoint")
    with pytest.raises(LocardError, match="is damaged"):
        train(ToyTask(), quick(), tmp_path / "run")
    assert result.weights.read_bytes() == best


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    train(ToyTask(), quick(), tmp_path / "run")
    with pytest.raises(LocardError, match=r"0.weight: float32 8×3 instead of float32 9×3"):
        train(ToyTask(width=9), quick(), tmp_path / "run")


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(LocardError, match=r"not the folder of a run.*thesis.txt"):
        train(ToyTask(), quick(), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_folder_in_use_is_refused(tmp_path):
    lock = os.open(tmp_path / ".lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LocardError, match="another process trains in"):
            train(ToyTask(), quick(), tmp_path)
    finally:
        os.close(lock)
    train(ToyTask(), quick(), tmp_path)


def test_a_full_disk_is_said_and_the_run_goes_on(tmp_path, monkeypatch):
    train(ToyTask(), quick(), tmp_path / "whole")
    writes = 0

    def full(descriptor: int) -> None:
        nonlocal writes
        writes += 1
        if writes > 30:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(LocardError, match=r"cannot write .*: No space left"):
            train(ToyTask(), quick(), tmp_path / "run")
    result = train(ToyTask(), quick(), tmp_path / "run")
    assert result.weights.read_bytes() == (tmp_path / "whole/best.safetensors").read_bytes()
    assert not list((tmp_path / "run").rglob("*.partial"))


class Exploding(ToyTask):
    """Its loss is no number from the fifth step on."""

    def loss(
        self, module: torch.nn.Module, batch: Numbers
    ) -> tuple[torch.Tensor, dict[str, float | torch.Tensor]]:
        loss, figures = super().loss(module, batch)
        return (loss * math.nan if self.losses >= 5 else loss), figures


def test_nan_stops_and_the_best_is_kept(tmp_path):
    with pytest.raises(TrainingError, match="the loss is nan at step 4 of epoch 2") as caught:
        train(Exploding(), quick(epochs=9), tmp_path / "run")
    assert "weights of epoch 1 are kept" in str(caught.value)
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (facts["state"], facts["best_epoch"]) == ("failed", 1)
    task = ToyTask(seed=3)
    load_weights(task.module, tmp_path / "run" / "best.safetensors")
    assert task.validate(task.module.eval()) == facts["best"]


class Stuck(ToyTask):
    """It is best after its second epoch."""

    figures = (3.0, 1.0, 2.0, 1.0, 5.0, 0.5, 0.1, 0.1)

    def validate(self, module: torch.nn.Module) -> dict[str, float]:
        return {"error": self.figures[self.losses // self.batch_count - 1]}


def test_patience(tmp_path):
    result = train(Stuck(), quick(epochs=8, patience=3), tmp_path / "run")
    assert (result.reason, result.epochs, result.best_epoch) == ("patience", 5, 2)
    assert train(Stuck(), quick(epochs=8), tmp_path / "all").best_epoch == 7


def test_more_can_be_better(tmp_path):
    task = Stuck()
    task.more_is_better = True
    assert train(task, quick(epochs=8), tmp_path / "run").best_epoch == 5


def test_steps_end_it_inside_an_epoch(tmp_path):
    result = train(ToyTask(), quick(steps=5), tmp_path / "run")
    assert (result.reason, result.steps, result.epochs) == ("steps", 5, 2)
    assert [line["step"] for line in log(tmp_path / "run")] == [3, 5]
    assert not train(ToyTask(), quick(steps=5), tmp_path / "run").trained


def test_minutes_end_it_and_more_minutes_go_on(tmp_path):
    whole = train(ToyTask(), quick(), tmp_path / "whole")
    short = train(ToyTask(), quick(minutes=1e-9), tmp_path / "run")
    assert (short.reason, short.steps, short.best_epoch) == ("minutes", 1, 1)
    assert not train(ToyTask(), quick(minutes=1e-9), tmp_path / "run").trained
    full = train(ToyTask(), quick(), tmp_path / "run")
    assert (full.reason, full.steps) == ("epochs", whole.steps)
    assert full.seconds > short.seconds
    ends = [load(tmp_path / name / "checkpoint") for name in ("whole", "run")]
    for name, value in ends[0].weights.items():
        assert torch.equal(value, ends[1].weights[name])


def test_a_task_that_miscounts_is_told(tmp_path):
    class Short(ToyTask):
        def batches(self, epoch: int, generator: torch.Generator):  # type: ignore[override]
            return list(super().batches(epoch, generator))[:-1]

    with pytest.raises(ValueError, match="has 3 batches an epoch, and gave 2"):
        train(Short(), quick(), tmp_path / "run")


def test_bf16(tmp_path):
    result = train(ToyTask(), quick(precision="bf16"), tmp_path / "run")
    weights = load(tmp_path / "run" / "checkpoint").weights
    assert weights["0.weight"].dtype == torch.float32
    plain = train(ToyTask(), quick(), tmp_path / "plain")
    assert result.figures != plain.figures
    assert result.figures["error"] == pytest.approx(plain.figures["error"], rel=0.1)


def test_global_random_states_are_left_alone(tmp_path):
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    threads = torch.get_num_threads()
    train(ToyTask(), quick(), tmp_path / "run")
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_learning_rate_is_torchs_cosine():
    config = quick(warm_up=0, learning_rate=0.3)
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    for step in range(50):
        assert learning_rate(config, step, 50) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()


def test_in_thirds_the_learning_rate_is_torchs_multi_step():
    config = quick(warm_up=0, learning_rate=0.3, schedule="thirds")
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.3)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [20, 40])
    for step in range(60):
        assert learning_rate(config, step, 60) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()


def test_the_warm_up_rises_to_the_peak():
    config = quick(warm_up=0.1, learning_rate=1.0, schedule="constant")
    rates = [learning_rate(config, step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert rates[10:] == [1.0] * 90


def test_only_weights_of_two_axes_decay():
    module = ToyTask().module
    before = copy.deepcopy(module)
    optimizer = make_optimizer(module, quick(weight_decay=0.5, learning_rate=0.1))
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for now, then in zip(module.parameters(), before.parameters(), strict=True):
        share = 1 - 0.1 * 0.5 if now.ndim > 1 else 1.0
        assert torch.allclose(now, then * share)


def test_the_average_is_that_of_its_definition():
    module = torch.nn.Linear(1, 1, bias=False)
    average = copy.deepcopy(module)
    expected = 0.0
    torch.nn.init.constant_(average.weight, 0.0)
    for step in range(1, 60):
        torch.nn.init.constant_(module.weight, float(step))
        move_average(average, module, 0.8, step)
        decay = min(0.8, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    assert float(average.weight.detach()) == pytest.approx(expected, rel=1e-5)


class Pair(NamedTuple):
    one: torch.Tensor
    other: str


def test_batches_of_all_kinds_move():
    tensor = torch.zeros(2)
    device = torch.device("meta")
    moved = to_device({"a": [tensor, 3], "b": (tensor,), "c": Pair(tensor, "x")}, device)
    assert moved["a"][0].is_meta
    assert moved["a"][1] == 3
    assert moved["b"][0].is_meta
    assert isinstance(moved["c"], Pair)
    assert moved["c"].one.is_meta
    assert to_device(Numbers(tensor, tensor), device).sums.is_meta


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_said():
    assert choose_device("auto").type == "cpu"
    with pytest.raises(LocardError, match="no GPU"):
        choose_device("cuda")


def test_epochs_have_generators_of_their_own():
    draws = {
        (seed, epoch): float(torch.rand(1, generator=epoch_generator(seed, epoch)))
        for seed in range(4)
        for epoch in range(4)
    }
    assert len(set(draws.values())) == 16
    assert draws[1, 2] == float(torch.rand(1, generator=epoch_generator(1, 2)))


def test_weights_of_another_kind_are_refused(tmp_path):
    module = torch.nn.Linear(2, 3)
    path = tmp_path / "weights.safetensors"
    save_weights(module, path)
    with pytest.raises(LocardError, match=r"0.weight: missing"):
        load_weights(ToyTask().module, path)
    path.write_bytes(b"PK\x03\x04 a pickle in a zip")
    with pytest.raises(LocardError, match="not a safetensors file"):
        load_weights(module, path)
    with pytest.raises(LocardError, match="cannot read the weights"):
        load_weights(module, tmp_path / "none")


def test_the_same_seed_gives_the_same_numbers():
    def draw() -> tuple[float, float]:
        with reproducible(7):
            return float(torch.rand(1)), float(np.random.random())

    assert draw() == draw()
