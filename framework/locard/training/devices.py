"""Where a training runs, and how batches get there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch

from locard.errors import LocardError


def choose_device(name: str) -> torch.device:
    """Return a device by its name in the config.

    Raises:
        LocardError: There is no GPU that torch can use.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise LocardError(
            "there is no GPU that torch can use",
            'Set device = "cpu" or "auto", or install a torch for the GPU.',
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def to_device(batch: Any, device: torch.device) -> Any:
    """Return a batch with its tensors on a device: in tuples, lists, dicts and dataclasses."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, Mapping):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, tuple | list):
        moved = [to_device(value, device) for value in batch]
        return type(batch)(*moved) if hasattr(batch, "_fields") else type(batch)(moved)
    if dataclasses.is_dataclass(batch) and not isinstance(batch, type):
        fields = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
        return dataclasses.replace(batch, **to_device(fields, device))
    return batch
