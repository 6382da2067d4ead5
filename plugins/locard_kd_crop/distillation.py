"""Knowledge distillation: a student learns from the labels and from its teacher's doubts.

Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, 2015, section 2. With logits s
of the student and t of the teacher, p(z, T) = softmax(z / T):

    L = (1 − α) · CE(label, p(s, 1)) + α · T² · KL(p(t, T) ‖ p(s, T))

T² keeps the size of the second term's gradient as it is when T changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Distillation:
    """How much a student learns from whom.

    Attributes:
        alpha: Weight of the teacher, from 0 (labels alone) to 1 (teacher alone).
        temperature: By which logits are divided before the two are compared; above 0.
    """

    alpha: float = 0.7
    temperature: float = 4.0

    def loss(self, student: Tensor, teacher: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss of a batch.

        Args:
            student: Logits with gradient, shape (n, classes).
            teacher: Logits of the same shape, in nats.
            labels: Index of the true class, int64, shape (n,).

        Returns:
            A scalar with gradient.
        """
        hard = torch.nn.functional.cross_entropy(student, labels)
        return (1 - self.alpha) * hard + self.alpha * self.divergence(student, teacher)

    def divergence(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Return T² · KL(teacher ‖ student), the mean over a batch; shapes as in :meth:`loss`."""
        softened = torch.log_softmax(student / self.temperature, dim=1)
        target = torch.log_softmax(teacher.detach() / self.temperature, dim=1)
        divergence = torch.nn.functional.kl_div(
            softened, target, reduction="batchmean", log_target=True
        )
        return divergence * self.temperature**2
