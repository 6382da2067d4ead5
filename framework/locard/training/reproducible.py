"""The same seed, the same numbers: random states, deterministic algorithms, threads."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


@contextmanager
def reproducible(seed: int, threads: int = 0) -> Iterator[None]:
    """Seed torch, numpy and Python, and allow deterministic algorithms alone, while it lasts.

    The number of threads counts: sums come out differently in their last bits with another one.

    Args:
        seed: 0 to 2**32 - 1.
        threads: CPU threads of torch; 0 leaves them as they are.
    """
    before = RandomState.now()
    settings = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.benchmark,
        os.environ.get(_CUBLAS),
    )
    # cuBLAS is deterministic with a workspace of a fixed size alone.
    os.environ[_CUBLAS] = ":4096:8"
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)
    if threads:
        torch.set_num_threads(threads)
    seed_all(seed)
    try:
        yield
    finally:
        torch.set_num_threads(settings[0])
        torch.use_deterministic_algorithms(settings[1], warn_only=settings[2])
        torch.backends.cudnn.benchmark = settings[3]
        if settings[4] is None:
            del os.environ[_CUBLAS]
        else:
            os.environ[_CUBLAS] = settings[4]
        before.restore()


def seed_all(seed: int) -> None:
    """Seed torch (all devices), numpy's and Python's global generators."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Return a generator for one epoch's batches, which no other epoch's work can change.

    Args:
        seed: Of the run.
        epoch: 0 for the first.
    """
    state = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0])
    generator = torch.Generator()
    generator.manual_seed(state >> 1)
    return generator


@dataclass(frozen=True)
class RandomState:
    """Where the global generators of torch, numpy and Python stand."""

    torch_cpu: torch.Tensor
    torch_cuda: tuple[torch.Tensor, ...]
    numpy: tuple[Any, ...]
    python: tuple[Any, ...]

    @classmethod
    def now(cls) -> RandomState:
        """Take the states as they are."""
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        state: Any = np.random.get_state(legacy=True)
        return cls(torch.get_rng_state(), tuple(cuda), tuple(state), random.getstate())

    def restore(self) -> None:
        """Put the generators back to where they stood."""
        torch.set_rng_state(self.torch_cpu)
        if self.torch_cuda and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(self.torch_cuda)
        np.random.set_state(self.numpy)
        random.setstate(self.python)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return torch's states, uint8 each, by name."""
        cuda = {f"cuda{index}": state for index, state in enumerate(self.torch_cuda)}
        return {"cpu": self.torch_cpu, **cuda}

    def plain(self) -> dict[str, Any]:
        """Return numpy's and Python's states as JSON can hold them."""
        name, keys, position, has_gauss, gauss = self.numpy
        return {
            "numpy": [name, [int(key) for key in keys], int(position), int(has_gauss), gauss],
            "python": [self.python[0], list(self.python[1]), self.python[2]],
        }

    @classmethod
    def parse(cls, tensors: dict[str, torch.Tensor], plain: dict[str, Any]) -> RandomState:
        """Return the state that :meth:`tensors` and :meth:`plain` gave."""
        name, keys, position, has_gauss, gauss = plain["numpy"]
        version, internal, following = plain["python"]
        cuda = [tensors[f"cuda{index}"] for index in range(len(tensors) - 1)]
        return cls(
            tensors["cpu"],
            tuple(cuda),
            (name, np.array(keys, np.uint32), position, has_gauss, gauss),
            (version, tuple(internal), following),
        )
