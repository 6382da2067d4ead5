"""Configs of the trainings of the paper's networks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from locard.training.config import TrainingConfig


class PatchConfig(TrainingConfig):
    """``sgn-paper`` and ``jcs``: which patches are drawn, and how wrong answers count.

    The published optimiser is Adam, which is AdamW without decay: hence the default.
    """

    network: Literal["sgn-paper", "jcs"] = Field("sgn-paper", description="what is trained")
    weight_decay: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="AdamW's weight decay; 0 makes it Adam"
    )
    authentic_weight: float = Field(
        1.0,
        gt=0,
        allow_inf_nan=False,
        description="W_n: how much authentic pixels and patches count",
    )
    spliced_weight: float = Field(
        5.0, gt=0, allow_inf_nan=False, description="W_s: how much spliced pixels and patches count"
    )
    beta: float = Field(
        10.0, ge=0, allow_inf_nan=False, description="weight of the mask's cross entropy"
    )
    smooth: float = Field(
        0.1, ge=0, allow_inf_nan=False, description="lambda: weight of what ties mask and label"
    )
    epoch_patches: int = Field(
        8192, ge=1, description="patches that are drawn in an epoch; validation comes after"
    )
    spliced_share: float = Field(
        0.5, ge=0, le=1, description="share of the patches that are drawn around a spliced pixel"
    )
    validation_patches: int = Field(
        1024, ge=1, description="patches that each epoch is validated on; the same ones each time"
    )
    pictures: int = Field(
        3000, ge=1, description="pictures of a data set at most, evenly over its kinds"
    )


class GlobalConfig(TrainingConfig):
    """``sgn-global``: the small network that is taught what ResNet-18 says of whole pictures."""

    network: Literal["global"] = Field("global", description="what is trained")
    views: int = Field(
        3, ge=1, le=64, description="of each photograph: the whole, and else parts of it"
    )
    least_part: float = Field(
        0.35, gt=0, le=1, description="least share of the photograph's area that a part has"
    )
    pictures: int = Field(
        3000, ge=1, description="pictures of a folder at most, evenly over its kinds"
    )
