"""What a teacher says of the windows or pictures that a student learns from.

A teacher's logits are computed once and kept. A pixel teacher sees the very windows. Any other
teacher speaks of whole pictures, in a safetensors file with two tensors: ``sha256``, uint8, shape
(n, 32), of the pictures' files, and ``logits``, float32, shape (n, 65), in nats. A window begins at
a multiple of 8, so that its picture's phase is its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from locard.errors import LocardError
from locard.text import printable
from locard.training.run_folder import RunFolder
from locard.training.weights import from_bytes, replace, to_bytes
from locard_kd_crop.pixel.networks import from_run
from locard_kd_crop.pixel.phases import BINARY, CLASSES, NO_GRID
from locard_kd_crop.pixel.windows import Windows

_BATCH = 32


def logits_of(
    teacher: Path, windows: Windows, cache: Path, advance: Callable[[int, int], None]
) -> NDArray[np.float32]:
    """Return a teacher's logits of windows.

    Args:
        teacher: Folder of a pixel network's run, or a file of logits.
        windows: Of the training.
        cache: Folder in which computed logits are kept.
        advance: Told how many windows are done, of how many.

    Returns:
        Float32, shape (n, classes of the teacher).

    Raises:
        LocardError: The teacher cannot be read, or does not know all pictures.
    """
    if teacher.is_file():
        return _of_pictures(teacher, windows)
    network, _ = from_run(teacher)
    kept = cache / f"logits-{_key(network, windows)}.safetensors"
    if kept.is_file():
        found = from_bytes(kept.read_bytes(), str(kept))["logits"]
    else:
        found = torch.from_numpy(predicted(network, windows, advance))
        replace(kept, to_bytes({"logits": found}))
    return np.asarray(found.numpy(), np.float32)


def teacher_hash(path: Path) -> str:
    """Return the SHA-256 of a file, or of the best weights of a run."""
    file = RunFolder(path).best if path.is_dir() else path
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise LocardError(f"cannot read {printable(str(file))}: {error.strerror}") from None


def predicted(
    network: nn.Module, windows: Windows, advance: Callable[[int, int], None]
) -> NDArray[np.float32]:
    """Return a network's logits of windows: float32, shape (n, classes)."""
    found = []
    network.eval()
    device = device_of(network)
    with torch.inference_mode():
        for start in range(0, len(windows), _BATCH):
            numbers = np.arange(start, min(start + _BATCH, len(windows)))
            pixels = as_tensor(windows.pixels(numbers)).to(device)
            found.append(network(pixels.float()).cpu().numpy())
            advance(int(numbers[-1]) + 1, len(windows))
    return np.concatenate(found)


def as_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Return pictures (n, height, width, 3) as a tensor (n, 3, height, width), channels last."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def device_of(network: nn.Module) -> torch.device:
    """Return where a network's parameters are."""
    return next(network.parameters()).device


def as_binary(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return logits of two classes that give a crop the probability that 65 give it."""
    whole = np.logaddexp(logits[:, 0], logits[:, NO_GRID])
    moved = np.logaddexp.reduce(logits[:, 1:NO_GRID], axis=1)
    return np.stack([whole, moved], axis=1)


def fitting(logits: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """Return a teacher's logits for a student of so many classes.

    Raises:
        LocardError: The teacher tells two classes apart, the student 65.
    """
    if classes == BINARY and logits.shape[1] == CLASSES:
        return as_binary(logits)
    if logits.shape[1] != classes:
        raise LocardError(
            f"the teacher has {logits.shape[1]} classes, and the student {classes}",
            "Set classes to the teacher's, or give a teacher of 65 classes.",
        )
    return logits


def _key(network: nn.Module, windows: Windows) -> str:
    known = hashlib.sha256(to_bytes({k: v.contiguous() for k, v in network.state_dict().items()}))
    for number in windows.picture:
        known.update(bytes.fromhex(windows.pack.pictures[int(number)].sha256))
    for values in (windows.top, windows.left):
        known.update(values.tobytes())
    known.update(str(windows.side).encode())
    return known.hexdigest()[:16]


def _of_pictures(path: Path, windows: Windows) -> NDArray[np.float32]:
    found = from_bytes(path.read_bytes(), str(path))
    shown = printable(str(path))
    logits, hashes = found.get("logits"), found.get("sha256")
    if logits is None or hashes is None or len(logits) != len(hashes) or logits.ndim != 2:
        raise LocardError(
            f"{shown} is not a file of a teacher's logits",
            "It has two tensors: sha256, of the pictures, and logits, a row for each.",
        )
    rows = {row.tobytes().hex(): place for place, row in enumerate(hashes.numpy())}
    names = [windows.pack.pictures[int(number)].sha256 for number in windows.picture]
    if absent := {name for name in names if name not in rows}:
        raise LocardError(
            f"{shown} knows nothing of {len(absent)} of the pictures to learn from",
            "Let the teacher see the training pictures of all data sets.",
        )
    return np.asarray(logits.numpy()[[rows[name] for name in names]], np.float32)
