"""Config of a block-evidence network's training."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from locard.training.config import TrainingConfig
from locard_semi_global.evidence.groups import GROUPS


class BlockEvidenceConfig(TrainingConfig):
    """What is trained, on which mixture, and how wrong answers count."""

    kind: Literal["block-evidence"] = Field("block-evidence", description="what is trained")
    widths: tuple[int, ...] = Field(
        (40, 64, 96),
        min_length=1,
        max_length=6,
        description="channels at each scale, multiples of 8, each twice as coarse as the last",
    )
    depth: int = Field(1, ge=1, le=8, description="residual blocks a scale, down and up")
    attention: bool = Field(True, description="self-attention at the coarsest scale")
    globally: bool = Field(
        True, description="each channel against the picture's own statistics, too"
    )
    without: tuple[str, ...] = Field((), description="groups of traces that it never sees")
    group_dropout: float = Field(
        0.1, ge=0, lt=1, description="chance that a group of traces is taken out of a picture"
    )
    positive_weight: float = Field(
        1.5, ge=0, description="how much more a tampered place counts than another"
    )
    dice: float = Field(0.7, ge=0, description="weight of the Dice loss of tampered pictures")
    mixture: dict[str, float] = Field(
        default_factory=dict,
        description="how often the pictures of a data set (its folder's name) are taken relative "
        "to others; else 1",
    )
    validation_pictures: int = Field(
        800, ge=1, description="pictures that each epoch is validated on; the same ones each time"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if wrong := [width for width in self.widths if width < 8 or width % 8]:
            raise ValueError(f"widths must be multiples of 8, not {wrong[0]}")
        if unknown := sorted(set(self.without) - set(GROUPS)):
            raise ValueError(f"there is no group {unknown[0]}; there are {', '.join(GROUPS)}")
        return self
