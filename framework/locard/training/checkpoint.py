"""Checkpoints: all that a run needs to go on as if it had never stopped.

A folder of two files. The tensors (weights, their average, the best ones, optimizer, random states)
lie in a safetensors file named by its own hash; ``state.json`` names that file and says the rest.
``state.json`` is replaced last, so that at any moment it names a file that is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from locard.errors import LocardError
from locard.text import printable
from locard.training.reproducible import RandomState
from locard.training.weights import from_bytes, plain, replace, to_bytes

FORMAT = 1
"""Version of what a checkpoint holds."""

Tensors = dict[str, torch.Tensor]


@dataclass
class Position:
    """Where a run stands.

    Attributes:
        epoch: Epochs done.
        batch: Batches done of the epoch it is in.
        step: Steps done.
        seconds: Training time over all sittings.
        sums: Sums of the training figures over this epoch's batches.
        best_epoch: The best epoch, 1 for the first; 0 before the first validation.
        best: The best epoch's validation figures.
        finished: Why the run ended; empty while it has not.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    best_epoch: int = 0
    best: dict[str, float] = field(default_factory=dict)
    finished: str = ""


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on.

    Attributes:
        position: Where it stands.
        weights: Of the module.
        average: Their moving average; empty without one.
        best: The best weights; empty before the first validation.
        optimizer: The optimizer's tensors, ``<parameter>/<name>``.
        random: Where the global generators stand.
    """

    position: Position
    weights: Tensors
    average: Tensors
    best: Tensors
    optimizer: Tensors
    random: RandomState


_GROUPS = ("weights", "average", "best", "optimizer")


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in the place of the one before.

    Raises:
        LocardError: The folder cannot be written.
    """
    tensors = {
        f"{group}/{name}": tensor
        for group in _GROUPS
        for name, tensor in getattr(checkpoint, group).items()
    }
    for name, numbers in checkpoint.random.tensors().items():
        tensors[f"random/{name}"] = numbers
    data = to_bytes(tensors)
    digest = hashlib.sha256(data).hexdigest()
    file = folder / f"{digest[:16]}.safetensors"
    replace(file, data)
    state = {
        "format": FORMAT,
        "tensors": file.name,
        "sha256": digest,
        "position": vars(checkpoint.position),
        "random": checkpoint.random.plain(),
    }
    replace(folder / "state.json", json.dumps(state).encode())
    tidy(folder)


def tidy(folder: Path) -> None:
    """Delete the checkpoints before the last one, and what killed processes left half written."""
    last = json.loads((folder / "state.json").read_bytes())["tensors"]
    for file in folder.iterdir():
        if file.suffix in (".safetensors", ".partial") and file.name != last:
            file.unlink(missing_ok=True)


def load(folder: Path) -> Checkpoint | None:
    """Read the checkpoint of a run.

    Returns:
        None where there is none yet.

    Raises:
        LocardError: It is of another version, or damaged.
    """
    path = folder / "state.json"
    try:
        state = json.loads(path.read_bytes())
        found = state["format"]
        if found != FORMAT:
            raise LocardError(
                f"{printable(str(path))} is a checkpoint of format {printable(str(found))}; this "
                f"version of Locard reads format {FORMAT}",
                "Go on with the version of Locard that wrote it, or train in a new folder.",
            )
        data = (folder / Path(state["tensors"]).name).read_bytes()
        if hashlib.sha256(data).hexdigest() != state["sha256"]:
            raise ValueError(f"{state['tensors']} is not what was written")
        groups = _groups(from_bytes(data, str(folder)))
        random = RandomState.parse(groups.pop("random"), state["random"])
        return Checkpoint(Position(**state["position"]), random=random, **groups)
    except FileNotFoundError as error:
        if not path.exists():
            return None
        raise _damaged(folder, error) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(folder, error) from None


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> Tensors:
    """Return an optimizer's tensors by parameter and name."""
    state: Mapping[int, Mapping[str, torch.Tensor]] = optimizer.state_dict()["state"]
    return {
        f"{parameter}/{name}": plain(tensor)
        for parameter, tensors in state.items()
        for name, tensor in tensors.items()
    }


def fill_optimizer(optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Put :func:`optimizer_tensors` back into an optimizer made as it was then."""
    state: dict[int, Tensors] = {}
    for key, tensor in tensors.items():
        parameter, name = key.split("/")
        state.setdefault(int(parameter), {})[name] = tensor
    groups: Any = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _groups(tensors: Tensors) -> dict[str, Tensors]:
    groups: dict[str, Tensors] = {name: {} for name in (*_GROUPS, "random")}
    for key, tensor in tensors.items():
        group, name = key.split("/", 1)
        groups[group][name] = tensor
    return groups


def _damaged(folder: Path, error: Exception) -> LocardError:
    return LocardError(
        f"the checkpoint in {printable(str(folder))} is damaged: {printable(str(error))}",
        "Train in a new folder, or put back a copy of this one. The weights in best.safetensors "
        "are not touched.",
    )
