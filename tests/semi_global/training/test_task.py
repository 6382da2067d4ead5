"""The task of the block-evidence network: batches, loss, validation, and a training from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from noisy_squares import make_set

from locard.errors import LocardError
from locard.training.config import ConfigError, parse
from locard.training.loop import train
from locard_semi_global.evidence.channels import CHANNELS
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.prepared import Given, Prepared
from locard_semi_global.tasks import prepare
from locard_semi_global.training.config import BlockEvidenceConfig
from locard_semi_global.training.preparing import network_of
from locard_semi_global.training.task import Batch, BlockEvidenceTask

SMALL = "epochs = 2\nbatch_size = 4\nwidths = [8, 8]\nthreads = 1\nlearning_rate = 1e-2\n"


def given(folder: Path) -> Given:
    def advance(words: str, done: int, total: int) -> None:
        pass

    sets = (make_set(folder / "set", 8), make_set(folder / "val", 4, "val"))
    return Given(sets, (), folder / "cache", 1, None, None, advance)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("task")
    config = folder / "config.toml"
    config.write_text(SMALL, encoding="utf-8")
    return prepare("block-evidence", config, given(folder))


def task_of(prepared: Prepared) -> BlockEvidenceTask:
    assert isinstance(prepared.task, BlockEvidenceTask)
    return prepared.task


def test_an_epochs_batches_are_the_same_whenever_they_are_asked_for(prepared: Prepared) -> None:
    task = task_of(prepared)

    def batches(epoch: int) -> list[Batch]:
        return list(task.batches(epoch, torch.Generator().manual_seed(epoch)))

    first, again, other = batches(1), batches(1), batches(2)
    assert len(first) == task.batch_count
    for one, two in zip(first, again, strict=True):
        assert torch.equal(one.evidence, two.evidence)
        assert torch.equal(one.groups, two.groups)
    assert not all(
        one.evidence.shape == two.evidence.shape and torch.equal(one.evidence, two.evidence)
        for one, two in zip(first, other, strict=True)
    )
    assert first[0].evidence.dtype == torch.float16
    assert first[0].evidence.shape[1] == len(CHANNELS)
    assert first[0].labels.shape[1:] == tuple(2 * n for n in first[0].evidence.shape[2:])


def test_loss_is_what_is_written_down() -> None:
    logits = torch.tensor([[[2.0, -1.0], [0.5, -3.0]], [[-1.0, -1.0], [0.0, -2.0]]])
    labels = torch.tensor([[[255, 0], [255, 0]], [[0, 0], [0, 0]]], dtype=torch.uint8)
    batch = Batch(
        torch.zeros(2, 1, 1, 1), torch.zeros(2, 1), torch.ones(2, 1), torch.ones(2, 9), labels
    )
    task = object.__new__(BlockEvidenceTask)
    task.config = BlockEvidenceConfig(positive_weight=1.5, dice=0.7)

    class Fixed(torch.nn.Module):
        def forward(self, *_: torch.Tensor) -> torch.Tensor:
            return logits

    loss, said = task.loss(Fixed(), batch)
    truth = labels.numpy() / 255
    chance = 1 / (1 + np.exp(-logits.numpy().astype(np.float64)))
    entropy = -(truth * np.log(chance) + (1 - truth) * np.log(1 - chance)) * (1 + 1.5 * truth)
    both, marked = (chance[0] * truth[0]).sum(), chance[0].sum()
    # The second picture is authentic: it has no Dice.
    dice = 1 - (2 * both + 1) / (marked + truth[0].sum() + 1)
    assert float(said["entropy"]) == pytest.approx(entropy.mean(), rel=1e-5)
    assert float(said["dice"]) == pytest.approx(dice, rel=1e-5)
    assert float(loss) == pytest.approx(entropy.mean() + 0.7 * dice, rel=1e-5)


def test_groups_that_are_left_out_are_never_seen(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SMALL + 'without = ["noise", "ghost"]\ngroup_dropout = 0.5', encoding="utf-8")
    task = task_of(prepare("block-evidence", config, given(tmp_path)))
    left_out = [GROUPS.index("noise"), GROUPS.index("ghost")]
    for batch in task.batches(0, torch.Generator().manual_seed(0)):
        assert not batch.groups[:, left_out].any()
    figures = task.validate(task.module)
    torch.nn.init.constant_(task.module.get_buffer("means"), 0)
    assert 0 <= figures["f1"] <= 1


def test_a_mixture_with_an_unknown_data_set_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SMALL + "[mixture]\nelsewhere = 2.0", encoding="utf-8")
    with pytest.raises(LocardError, match="the mixture names the data set elsewhere"):
        prepare("block-evidence", config, given(tmp_path))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"widths": [10]}, "multiples of 8"),
        ({"without": ["nose"]}, "there is no group nose"),
        ({"dices": 1}, "did you mean dice"),
    ],
)
def test_a_wrong_config_is_named(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(table, BlockEvidenceConfig, "my.toml")
    assert words in " ".join([caught.value.message, *caught.value.details])


def test_it_learns_to_find_noise_and_its_weights_are_found_again(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(SMALL.replace("epochs = 2", "epochs = 25"), encoding="utf-8")
    prepared = prepare("block-evidence", config, given(tmp_path))
    result = train(prepared.task, prepared.config, tmp_path / "run", inputs=prepared.inputs)
    assert result.figures["f1"] > 0.8
    network = network_of(tmp_path / "run")
    assert task_of(prepared).validate(network)["f1"] == pytest.approx(result.figures["f1"])
    deviations = network.get_buffer("deviations")
    assert (deviations > 0).all()
