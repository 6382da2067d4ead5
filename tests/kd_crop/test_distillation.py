"""The loss of distillation, against its formula in numpy."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from locard_kd_crop.distillation import Distillation  # noqa: E402

RANDOM = np.random.default_rng(5)


def softmax(logits: np.ndarray) -> np.ndarray:
    likely = np.exp(logits - logits.max(1, keepdims=True))
    return likely / likely.sum(1, keepdims=True)


def by_formula(
    student: np.ndarray, teacher: np.ndarray, labels: np.ndarray, alpha: float, temperature: float
) -> float:
    hard = -np.log(softmax(student)[np.arange(len(labels)), labels]).mean()
    p, q = softmax(teacher / temperature), softmax(student / temperature)
    divergence = (p * np.log(p / q)).sum(1).mean()
    return float((1 - alpha) * hard + alpha * temperature**2 * divergence)


@pytest.mark.parametrize("classes", [2, 65])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 8.0])
def test_loss_is_the_formula(classes: int, alpha: float, temperature: float) -> None:
    student, teacher = RANDOM.normal(0, 3, (2, 7, classes))
    labels = RANDOM.integers(classes, size=7)
    loss = Distillation(alpha, temperature).loss(
        torch.from_numpy(student), torch.from_numpy(teacher), torch.from_numpy(labels)
    )
    assert float(loss) == pytest.approx(by_formula(student, teacher, labels, alpha, temperature))


def test_nothing_is_left_to_learn_from_a_teacher_that_is_equal() -> None:
    logits = torch.from_numpy(RANDOM.normal(0, 5, (6, 65)))
    shifted = logits + 3.0
    assert float(Distillation(1.0, 4.0).divergence(logits, shifted)) == pytest.approx(0, abs=1e-12)


def test_gradient_reaches_the_student_alone() -> None:
    student, teacher = (torch.randn(4, 65, requires_grad=True) for _ in range(2))
    Distillation().loss(student, teacher, torch.tensor([0, 1, 63, 64])).backward()
    assert student.grad is not None
    assert student.grad.abs().sum() > 0
    assert teacher.grad is None


def test_size_of_the_gradient_stays_with_the_temperature() -> None:
    """At high temperatures, T² takes out what division by T brings in (Hinton et al., eq. 4)."""
    values = [torch.from_numpy(RANDOM.normal(0, 1, (8, 65))) for _ in range(2)]
    sizes = []
    for temperature in (20.0, 40.0):
        student = values[0].clone().requires_grad_()
        Distillation(1.0, temperature).divergence(student, values[1]).backward()
        assert student.grad is not None
        sizes.append(float(student.grad.norm()))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)
