"""Costs, against counts by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from locard.training.macs import count_macs, count_parameters


class Einsum(nn.Module):
    def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bij,bkj->bik", one, other)


class Product(nn.Module):
    def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return one @ other


@pytest.mark.parametrize(
    ("module", "shapes", "macs"),
    [
        # out channels × in channels × kernel × output pixels
        (nn.Conv2d(3, 8, 3, padding=1), [(1, 3, 10, 12)], 8 * 3 * 9 * 120),
        (nn.Conv2d(3, 8, 3, stride=2, padding=1), [(1, 3, 10, 12)], 8 * 3 * 9 * 30),
        (nn.Conv2d(8, 8, 5, padding=2, groups=8), [(2, 8, 10, 12)], 2 * 8 * 25 * 120),
        (nn.Conv2d(8, 16, 1, groups=4), [(1, 8, 4, 4)], 16 * 2 * 16),
        (nn.Linear(20, 7), [(5, 20)], 5 * 20 * 7),
        (nn.Linear(20, 7, bias=False), [(2, 5, 20)], 10 * 20 * 7),
        # steps × (gates × (in + state)) of the first layer, then of the second
        (nn.LSTM(5, 6, 2, batch_first=True), [(3, 7, 5)], 21 * (24 * (5 + 6) + 24 * (6 + 6))),
        (Einsum(), [(2, 3, 4), (2, 5, 4)], 2 * 3 * 5 * 4),
        (Product(), [(2, 3, 4), (2, 4, 6)], 2 * 3 * 4 * 6),
        (nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.AvgPool2d(2)), [(1, 3, 4, 4)], 0),
    ],
)
def test_macs(module, shapes, macs):
    assert count_macs(module, *(torch.zeros(shape) for shape in shapes)) == macs


def test_parameters():
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(4, 5))
    assert count_parameters(module) == (8 * 27 + 8) + 16 + 25
