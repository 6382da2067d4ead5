"""The loss of the paper: both heads' weighted cross entropies, and what ties the heads together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from locard_semi_global.paper.networks import Answers


@dataclass(frozen=True, slots=True)
class Loss:
    """``L = CE_label + beta · CE_mask + lambda · smooth``.

    ``smooth`` is the mean over patches of abs(mean of the mask − label), both as probabilities of
    "spliced". The talk's formulas have slips (a sign, two names); the meaning is what counts here.

    Attributes:
        authentic: W_n, weight of authentic pixels and patches.
        spliced: W_s, weight of spliced ones. Both cross entropies are divided by the sum of the
            weights that they add up.
        beta: Weight of the mask.
        smooth: Lambda, weight of the tie.
    """

    authentic: float = 1.0
    spliced: float = 5.0
    beta: float = 10.0
    smooth: float = 0.1

    def parts(self, answers: Answers, masks: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Return the three terms, not yet weighted: ``label``, ``mask``, ``smooth``.

        Args:
            answers: Of the network.
            masks: int64, 1 where spliced, shape (n, 64, 64).
            labels: int64, 1 where the patch counts as spliced, shape (n,).
        """
        weights = torch.tensor(
            [self.authentic, self.spliced], dtype=torch.float32, device=labels.device
        )
        share = answers.mask[:, 1].exp().mean((1, 2))
        return {
            "label": functional.nll_loss(answers.label, labels, weights),
            "mask": functional.nll_loss(answers.mask, masks, weights),
            "smooth": (share - answers.label[:, 1].exp()).abs().mean(),
        }

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """Return the loss, a scalar."""
        return parts["label"] + self.beta * parts["mask"] + self.smooth * parts["smooth"]
