"""Configs of the phase networks' trainings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from locard.training.config import TrainingConfig


class PhaseConfig(TrainingConfig):
    """What teacher and student have in common."""

    hidden: int = Field(32, ge=4, le=256, description="units of the layers that weigh evidence")
    free: int = Field(8, ge=1, le=64, description="sums of evidence that follow no table")
    maps: int = Field(24, ge=4, le=256, description="channels of the convolutions over the phases")
    strata: dict[str, float] = Field(
        default_factory=dict,
        description="how often a stratum's pictures are taken relative to the others'; else 1",
    )
    validation_pictures: int = Field(
        2000, ge=1, description="pictures that each epoch is validated on; the same ones each time"
    )


class TeacherConfig(PhaseConfig):
    """Several networks that differ by their first weights; together they are the teacher."""

    kind: Literal["phase-teacher"] = Field("phase-teacher", description="what is trained")
    members: int = Field(3, ge=1, le=16, description="networks, whose probabilities are averaged")


class StudentConfig(PhaseConfig):
    """One network, and how it is taught."""

    kind: Literal["phase-student"] = Field("phase-student", description="what is trained")
    alpha: float = Field(
        0.7, ge=0, le=1, description="weight of the teacher in the loss; the labels have the rest"
    )
    temperature: float = Field(
        2.0, gt=0, allow_inf_nan=False, description="by which logits are divided in distillation"
    )
