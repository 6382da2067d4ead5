"""Weights as safetensors files, whole or not at all; never pickled."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch

from locard.errors import LocardError
from locard.text import printable
from locard.training.libraries import missing

try:
    import safetensors
    import safetensors.torch
except ImportError as error:
    raise missing(error) from None


def tensors_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return copies of a module's parameters and buffers on the CPU, by name."""
    return {name: plain(value) for name, value in module.state_dict().items()}


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """Return a contiguous copy on the CPU that shares nothing."""
    return tensor.detach().to("cpu", copy=True).contiguous()


def to_bytes(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """Return tensors as a safetensors file; the same tensors give the same bytes."""
    return safetensors.torch.save(dict(tensors))


def from_bytes(data: bytes, source: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file.

    Args:
        data: The file.
        source: What to call it in a message.

    Raises:
        LocardError: It is no safetensors file.
    """
    try:
        return safetensors.torch.load(data)
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError) as error:
        raise LocardError(
            f"{printable(source)} is not a safetensors file that can be read: "
            f"{printable(str(error))}",
            "Give the file as it was written; weights of another kind (.pt, .pth) are not read.",
        ) from None


def save_weights(module: torch.nn.Module, path: Path) -> None:
    """Write a module's parameters and buffers as safetensors.

    Raises:
        LocardError: The file cannot be written.
    """
    replace(path, to_bytes(tensors_of(module)))


def load_weights(module: torch.nn.Module, path: Path) -> None:
    """Read a module's parameters and buffers from a safetensors file.

    Raises:
        LocardError: The file cannot be read, or has other tensors than the module.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LocardError(
            f"cannot read the weights {printable(str(path))}: {error.strerror}"
        ) from None
    fill(module, from_bytes(data, str(path)), str(path))


def fill(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor], source: str) -> None:
    """Copy tensors into a module that has exactly these.

    Args:
        module: What is filled, in place.
        tensors: By name, as the module's ``state_dict`` has them.
        source: Where they are from, for the message.

    Raises:
        LocardError: Names, shapes or dtypes are others; nothing is changed then.
    """
    own = module.state_dict()
    details = [f"{name}: missing" for name in sorted(own.keys() - tensors.keys())]
    details += [f"{printable(name)}: unknown" for name in sorted(tensors.keys() - own.keys())]
    for name in sorted(own.keys() & tensors.keys()):
        ours, theirs = _kind(own[name]), _kind(tensors[name])
        if ours != theirs:
            details.append(f"{name}: {theirs} instead of {ours}")
    if details:
        more = [f"and {len(details) - 10} more"] if len(details) > 10 else []
        raise LocardError(
            f"{printable(source)} has the weights of another network:",
            "Give the weights of this network, or build the network that they belong to.",
            details=[*details[:10], *more],
        )
    module.load_state_dict(dict(tensors))


def replace(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, whenever the machine stops.

    Raises:
        LocardError: The place cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            # A full disk gets its room back.
            partial.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise LocardError(
            f"cannot write {printable(str(path))}: {error.strerror}",
            "Make room or give another folder; a training goes on from its last checkpoint.",
        ) from error


def _kind(tensor: torch.Tensor) -> str:
    shape = "×".join(str(size) for size in tensor.shape) or "scalar"
    return f"{str(tensor.dtype).removeprefix('torch.')} {shape}"
