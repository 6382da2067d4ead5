"""The loss, against its formula written out in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from locard_semi_global.paper.losses import Loss
from locard_semi_global.paper.networks import Answers


def by_hand(mask_logits, label_logits, masks, labels, loss):
    def probabilities(logits):
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    weights = np.array([loss.authentic, loss.spliced])
    mask, label = probabilities(mask_logits), probabilities(label_logits)
    total = weight = 0.0
    for patch in range(len(masks)):
        for row in range(masks.shape[1]):
            for column in range(masks.shape[2]):
                truth = masks[patch, row, column]
                total -= weights[truth] * np.log(mask[patch, truth, row, column])
                weight += weights[truth]
    of_mask = total / weight
    total = sum(-weights[truth] * np.log(label[n, truth]) for n, truth in enumerate(labels))
    of_label = total / weights[labels].sum()
    smooth = np.mean([abs(mask[n, 1].mean() - label[n, 1]) for n in range(len(labels))])
    return of_label + loss.beta * of_mask + loss.smooth * smooth


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.1, 50),
    st.floats(0, 20),
    st.floats(0, 1),
)
def test_the_loss_is_the_formula(seed, spliced, beta, smooth):
    random = np.random.default_rng(seed)
    mask_logits = random.normal(0, 2, (3, 2, 4, 4))
    label_logits = random.normal(0, 2, (3, 2))
    masks, labels = random.integers(0, 2, (3, 4, 4)), random.integers(0, 2, 3)
    loss = Loss(1.0, spliced, beta, smooth)
    answers = Answers(
        torch.from_numpy(mask_logits).float().log_softmax(1),
        torch.from_numpy(label_logits).float().log_softmax(1),
    )
    found = loss.total(loss.parts(answers, torch.from_numpy(masks), torch.from_numpy(labels)))
    assert float(found) == pytest.approx(
        by_hand(mask_logits, label_logits, masks, labels, loss), rel=1e-4
    )


def test_heads_that_agree_have_nothing_to_smooth():
    half = torch.full((2, 2, 64, 64), 0.5).log()
    label = torch.full((2, 2), 0.5).log()
    parts = Loss().parts(
        Answers(half, label), torch.zeros(2, 64, 64, dtype=torch.int64), torch.tensor([0, 1])
    )
    assert float(parts["smooth"]) == pytest.approx(0, abs=1e-6)
    assert float(parts["mask"]) == pytest.approx(np.log(2), rel=1e-5)
