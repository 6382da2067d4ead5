"""The layers that the block-evidence network is built of."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_CHANNELS_A_GROUP = 8


class Norm(nn.GroupNorm):
    """Group normalisation with groups of 8 channels (Wu and He, ECCV 2018).

    Args:
        channels: A multiple of 8.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels // _CHANNELS_A_GROUP, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the same shape; without torch's own check of sizes, which no export can trace."""
        return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


class Residual(nn.Module):
    """Two 3×3 convolutions beside an identity, normalised before (He et al., ECCV 2016).

    Args:
        channels: A multiple of 8.
        dilation: Of the first convolution.
    """

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.norm1, self.norm2 = Norm(channels), Norm(channels)
        self.conv1 = nn.Conv2d(
            channels, channels, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, channels, h, w) for the same shape."""
        inner = self.conv1(functional.gelu(self.norm1(x)))
        updated: Tensor = x + self.conv2(functional.gelu(self.norm2(inner)))
        return updated


class Attention(nn.Module):
    """Self-attention of all places with all others (Vaswani et al., NIPS 2017).

    Without any code of the place: what counts is which places resemble each other.

    Args:
        channels: A multiple of ``heads``.
        heads: Number of heads.
    """

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads, self.each = heads, channels // heads
        self.norm = Norm(channels)
        self.asked = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.answer = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)  # type: ignore[arg-type]  # it has a bias

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, channels, h, w) for the same shape."""
        # Sizes stay symbols in an export: places are counted by -1 alone.
        split = self.asked(self.norm(x)).reshape(x.shape[0], 3 * self.heads, self.each, -1)
        query, key, value = split.transpose(2, 3).chunk(3, dim=1)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        updated: Tensor = x + self.answer(mixed.transpose(2, 3).reshape(x.shape))
        return updated


class Level(nn.Module):
    """One scale of the U: residual blocks, around what the coarser scales say.

    Args:
        widths: Channels of this scale and of all coarser ones.
        depth: Residual blocks before, and after.
        attention: Whether the coarsest scale ends in self-attention.
    """

    def __init__(self, widths: tuple[int, ...], depth: int, attention: bool) -> None:
        super().__init__()
        width = widths[0]
        self.before = nn.Sequential(*(Residual(width) for _ in range(depth)))
        self.coarser: nn.Module | None = None
        if len(widths) > 1:
            self.down = nn.Conv2d(width, widths[1], 2, stride=2)
            self.coarser = Level(widths[1:], depth, attention)
            self.up = nn.ConvTranspose2d(widths[1], width, 2, stride=2)
            self.after = nn.Sequential(*(Residual(width) for _ in range(depth)))
        elif attention:
            self.after = nn.Sequential(Attention(width), Residual(width))
        else:
            self.after = nn.Sequential(Residual(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, width, h, w) for the same shape; h and w fit the halvings."""
        x = self.before(x)
        if self.coarser is not None:
            x = x + self.up(self.coarser(self.down(x)))
        result: Tensor = self.after(x)
        return result


def one_hot_groups(groups: tuple[int, ...]) -> Tensor:
    """Return which channel belongs to which group: float32, (groups, channels)."""
    return torch.nn.functional.one_hot(torch.tensor(groups)).T.float().contiguous()
