"""Distils the small global network from a larger one's features of whole pictures.

G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network" (2015); here it is
features that are taught, as in A. Romero et al., "FitNets", ICLR (2015).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from locard_semi_global.paper.config import GlobalConfig
from locard_semi_global.paper.global_network import GlobalNetwork
from locard_semi_global.paper.views import Views, described

Batch = tuple[Tensor, Tensor]
"""Views, uint8, (n, 224, 224, 3), and the teacher's features of them, (n, features)."""


class GlobalTask:
    """What the training loop asks for, see :class:`locard.training.task.Task`.

    The loss is the mean squared difference of the features, each divided by its standard deviation
    over the training's views: 1 is what the mean would score, and 1 minus it is the share of the
    variance that is explained.

    Args:
        config: How it is trained.
        module: The small network.
        views: What it learns from.
    """

    watched = "explained"
    more_is_better = True

    def __init__(self, config: GlobalConfig, module: GlobalNetwork, views: Views) -> None:
        self.config, self._views = config, views
        self.module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        photographs = np.flatnonzero(~views.held_back)
        count = views.pixels.shape[1]
        self._training = np.stack(np.meshgrid(photographs, np.arange(count)), -1).reshape(-1, 2)
        taught = views.features[photographs].reshape(-1, views.features.shape[2])
        self._deviation = torch.from_numpy(taught.std(0) + np.float32(1e-3))
        self._mean = taught.mean(0)
        self._begin_at_mean(module)

    def _begin_at_mean(self, module: GlobalNetwork) -> None:
        """Let the network begin near the teacher's mean, on the scale of its features."""
        last = module.body.fc
        if last is None:
            raise ValueError("the network has no layer that gives the teacher's features")
        with torch.no_grad():
            last.bias.copy_(torch.from_numpy(self._mean))
            last.weight.mul_(self._deviation[:, None])

    @property
    def batch_count(self) -> int:
        """Batches in an epoch; what does not fill one is left to other epochs."""
        return max(1, len(self._training) // self.config.batch_size)

    def batches(self, epoch: int, generator: torch.Generator) -> Iterator[Batch]:
        """Yield an epoch's batches."""
        random = np.random.default_rng(generator.initial_seed())
        order, size = random.permutation(self._training), self.config.batch_size
        for start in range(0, self.batch_count * size, size):
            photographs, which = order[start : start + size].T
            yield (
                torch.from_numpy(self._views.pixels[photographs, which]),
                torch.from_numpy(self._views.features[photographs, which]),
            )

    def loss(self, module: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the loss of a batch."""
        pixels, taught = batch
        found = module(pixels.permute(0, 3, 1, 2).float() / 255).float()
        loss = ((found - taught) / self._deviation.to(found.device)).square().mean()
        return loss, {}

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        """Return the loss, and the share of the variance explained, over whole photographs."""
        assert isinstance(module, GlobalNetwork)  # noqa: S101  what the loop was given
        held_back = self._views.held_back
        found = described(module, self._views.pixels[held_back, 0])
        taught = self._views.features[held_back, 0]
        scale = self._deviation.numpy()
        loss = float(np.square((found - taught) / scale).mean())
        constant = float(np.square((self._mean - taught) / scale).mean())
        return {"loss": loss, "explained": 1 - loss / constant}
