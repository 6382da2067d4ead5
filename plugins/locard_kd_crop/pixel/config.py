"""Configs of the pixel networks' trainings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from locard.training.config import TrainingConfig


class PixelConfig(TrainingConfig):
    """What teacher and student have in common."""

    classes: Literal[2, 65] = Field(
        65, description="65: the phases of the old grid and none; 2: cropped or not"
    )
    side: int = Field(
        128, ge=64, le=512, multiple_of=8, description="side of the windows, in pixels"
    )
    windows: int = Field(4, ge=1, le=64, description="windows of each picture of the training")
    epoch_windows: int = Field(
        0, ge=0, description="windows in an epoch; 0: as many as there are. Validation comes after"
    )
    strata: dict[str, float] = Field(
        default_factory=dict,
        description="how often a stratum's windows are taken relative to the others'; else 1",
    )


class TeacherConfig(PixelConfig):
    """EfficientNet-B0 and its surgery."""

    kind: Literal["pixel-teacher"] = Field("pixel-teacher", description="what is trained")
    no_stride: bool = Field(True, description="the stem does not reduce the picture")
    post_stem: int = Field(
        0, ge=0, le=8, description="further blocks before anything is reduced, as wide as the stem"
    )


class StudentConfig(PixelConfig):
    """A student, and how it is taught."""

    kind: Literal["pixel-student"] = Field("pixel-student", description="what is trained")
    size: Literal["small", "medium", "large", "folded"] = Field(
        "medium", description="of the network; folded: the one that is told the period"
    )
    learned_stem: bool = Field(
        False, description="training goes on from the high-pass filters; not if folded"
    )
    alpha: float = Field(
        0.7, ge=0, le=1, description="weight of the teacher in the loss; the labels have the rest"
    )
    temperature: float = Field(
        4.0, gt=0, allow_inf_nan=False, description="by which logits are divided in distillation"
    )
