"""Configs: read, refused in words, written and read again."""

from __future__ import annotations

import tomllib
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from locard.training.config import ConfigError, TrainingConfig, differences, read, to_toml


class OwnConfig(TrainingConfig):
    temperature: float = Field(4.0, gt=0, description="of distillation")
    name: str = Field("", description="of the run")
    sizes: tuple[int, ...] = Field((96, 128), description="of pictures")
    weights: dict[str, float] = Field({}, description="of strata")
    net: Literal["small", "large"] = Field("small", description="which network")


def test_only_what_differs_is_said(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('seed = 3\nlearning_rate = 5e-4\nnet = "large"\nsizes = [64]\n')
    config = read(path, OwnConfig)
    assert (config.seed, config.learning_rate, config.net, config.sizes) == (
        3,
        5e-4,
        "large",
        (64,),
    )
    assert config.epochs == TrainingConfig().epochs


def test_every_key_is_described():
    assert all(field.description for field in TrainingConfig.model_fields.values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("epoch = 3", ["epoch: there is no such key; did you mean epochs?"]),
        ("zzz = 3", ["zzz: there is no such key; there are seed, epochs"]),
        ("epochs = 0", ["epochs = 0", "greater than or equal to 1"]),
        ("epochs = 1.5", ["epochs = 1.5", "valid integer"]),
        ("learning_rate = inf", ["learning_rate = inf", "finite"]),
        ('device = "tpu"', ["device = 'tpu'", "'auto', 'cpu' or 'cuda'"]),
        ("ema_decay = 1", ["ema_decay = 1", "less than 1"]),
        ("seed = -1\nthreads = -2", ["seed = -1", "threads = -2"]),
        ("[minutes]\nof = 2", ["minutes = "]),
    ],
)
def test_wrong_keys(tmp_path, text, words):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read(path, OwnConfig)
    assert str(path) in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "data", [b"seed = ", b"\xff\xfe", b"seed = 1\nseed = 2", b"a = " + b"[" * 5000]
)
def test_not_toml(tmp_path, data):
    path = tmp_path / "wrong.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"wrong.toml is not valid TOML"):
        read(path, TrainingConfig)


def test_no_file(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read the training config .*none.toml"):
        read(tmp_path / "none.toml", TrainingConfig)


@given(
    st.builds(
        OwnConfig,
        seed=st.integers(0, 2**32 - 1),
        learning_rate=st.floats(1e-300, 1e300),
        name=st.text(st.characters(codec="utf-8")),
        weights=st.dictionaries(st.text(st.characters(codec="utf-8")), st.floats(-1e9, 1e9)),
        sizes=st.lists(st.integers(0, 2**60)).map(tuple),
        precision=st.sampled_from(["fp32", "bf16"]),
    )
)
def test_what_is_written_is_read_again(config):
    table = tomllib.loads(to_toml(config))
    assert OwnConfig.model_validate(table) == config


def test_differences_leave_out_what_may_change():
    def table(**keys: Any) -> dict[str, Any]:
        return OwnConfig(**keys).model_dump(mode="json")

    assert differences(table(minutes=3), table(minutes=5, checkpoint_every=4)) == []
    assert differences(table(seed=1), table(seed=2)) == ["seed: the run has 1, now it is 2"]
    assert differences({}, {"data": "x"}) == ["data: the run has none, now it is 'x'"]
