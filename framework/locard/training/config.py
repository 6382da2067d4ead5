"""How a training runs, from a TOML file.

A file says the keys that differ from the defaults::

    seed = 3
    epochs = 40
    learning_rate = 1e-3
    minutes = 90

Each task adds keys of its own in a subclass of :class:`TrainingConfig`.
"""

from __future__ import annotations

import json
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from locard.errors import LocardError
from locard.text import printable

FREE_KEYS = frozenset({"minutes", "checkpoint_every", "checkpoint_minutes"})
"""Keys that may change between the sittings of one run: they say how long and how often, and
nothing of what a step does."""


class ConfigError(LocardError):
    """A training config is wrong; the message names file and key."""


class TrainingConfig(BaseModel):
    """What every training needs to be told; 0 switches off what can be switched off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(
        1, ge=0, lt=2**32, description="all that is random follows from it: weights, order, dropout"
    )
    epochs: int = Field(30, ge=1, description="passes over the training data")
    steps: int = Field(
        0, ge=0, description="if not 0, training ends after so many steps, whatever epochs says"
    )
    batch_size: int = Field(64, ge=1, description="samples in a step")
    learning_rate: float = Field(
        1e-3, gt=0, allow_inf_nan=False, description="peak learning rate of AdamW"
    )
    weight_decay: float = Field(
        1e-2,
        ge=0,
        allow_inf_nan=False,
        description="AdamW's weight decay, on weights of two and more axes (no biases, no norms)",
    )
    schedule: Literal["cosine", "constant", "thirds"] = Field(
        "cosine",
        description="course of the learning rate after the warm-up; thirds: a tenth after one "
        "third of the steps, a hundredth after two",
    )
    warm_up: float = Field(
        0.05, ge=0, lt=1, description="share of all steps in which the learning rate rises from 0"
    )
    ema_decay: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="decay a step of the moving average of the weights, which is then what is "
        "validated and kept; 0: the weights themselves",
    )
    gradient_clipping: float = Field(
        1.0, ge=0, allow_inf_nan=False, description="largest norm of the gradient; 0: any"
    )
    patience: int = Field(
        0, ge=0, description="epochs without a better validation before it stops; 0: never"
    )
    minutes: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="training time, over all sittings, after which it stops and keeps the best; "
        "0: no limit",
    )
    checkpoint_every: int = Field(1, ge=1, description="epochs from checkpoint to checkpoint")
    checkpoint_minutes: float = Field(
        10.0,
        ge=0,
        allow_inf_nan=False,
        description="minutes after which a checkpoint is written inside an epoch, too; 0: never",
    )
    threads: int = Field(
        0, ge=0, le=1024, description="CPU threads of torch; 0: as many as torch chooses"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where it runs; auto: a GPU if there is one"
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="of the forward pass in training; weights and validation stay fp32"
    )


Config = TypeVar("Config", bound=TrainingConfig)


def read(path: Path, cls: type[Config]) -> Config:
    """Read a training config.

    Args:
        path: A TOML file.
        cls: The config of the task.

    Returns:
        The config, complete with defaults.

    Raises:
        ConfigError: The file cannot be read, or is wrong; names file, key, and what is allowed.
    """
    return parse(_table(path), cls, str(path))


def parse(table: dict[str, Any], cls: type[Config], source: str) -> Config:
    """Check a table of keys.

    Args:
        table: Keys and values, as TOML gives them.
        cls: The config of the task.
        source: What to call the table in a message.

    Raises:
        ConfigError: Names source, every wrong key, and what is allowed.
    """
    try:
        return cls.model_validate(table, strict=False)
    except ValidationError as error:
        details = [_words(cls, problem) for problem in error.errors(include_url=False)]
        raise ConfigError(
            f"{printable(source)} is not a training config that can be used:",
            "Correct the keys; those left out have defaults.",
            details=details,
        ) from None


def to_toml(config: TrainingConfig) -> str:
    """Return a config as the TOML that :func:`read` reads back, every key with its description."""
    values = config.model_dump(mode="json")
    return "\n".join(
        f"# {field.description}\n{name} = {_toml(values[name])}\n"
        for name, field in type(config).model_fields.items()
        if values[name] is not None
    )


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Say in words which keys of two configs differ, those aside that may.

    Args:
        before: Keys of the run's config.
        now: Keys of the config that was given.
    """
    names = sorted((before.keys() | now.keys()) - FREE_KEYS)
    return [
        f"{printable(name)}: the run has {_value(before, name)}, now it is {_value(now, name)}"
        for name in names
        if before.get(name) != now.get(name)
    ]


def load_table(text: str) -> dict[str, Any]:
    """Return the keys of a TOML text.

    Raises:
        ValueError: It is no TOML.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _table(path: Path) -> dict[str, Any]:
    try:
        return load_table(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(
            f"cannot read the training config {printable(str(path))}: {error.strerror}"
        ) from None
    except ValueError as error:
        raise ConfigError(f"{printable(str(path))} is not valid TOML: {error}") from None


def _words(cls: type[TrainingConfig], problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"]) or "the file"
    if problem["type"] == "extra_forbidden":
        near = get_close_matches(key, cls.model_fields, n=1)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(cls.model_fields)}"
        return f"{printable(key)}: there is no such key; {meant}"
    given = printable(repr(problem["input"]))[:60]
    field = cls.model_fields.get(str(problem["loc"][0])) if problem["loc"] else None
    about = f" ({field.description})" if field and field.description else ""
    return f"{printable(key)} = {given}: {problem['msg']}{about}"


def _toml(value: Any) -> str:
    """Return a value of JSON's types as TOML, on one line."""
    if isinstance(value, dict):
        items = (f"{_toml(key)} = {_toml(item)}" for key, item in value.items())
        return "{ " + ", ".join(items) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        # TOML's strings are JSON's, but that DEL is escaped, and characters beyond the first
        # plane are not written as pairs.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _value(table: dict[str, Any], name: str) -> str:
    return printable(repr(table[name])) if name in table else "none"
