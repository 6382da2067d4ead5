"""One stratum of a calibration: its conditions, its mapping, its bounds, and how well it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from locard.calibration.conditions import Conditions
from locard.calibration.likelihood import Bound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Logistic(_Model):
    """log10 LR = slope · score + intercept."""

    method: Literal["logistic"] = "logistic"
    slope: float = Field(ge=0)
    intercept: float

    def log10_lrs(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Return unbounded log-likelihood ratios of scores."""
        from locard.calibration import mappings

        return mappings.logistic(scores, self.slope, self.intercept)


class Steps(_Model):
    """A step function that never falls, from pool-adjacent-violators."""

    method: Literal["pav"] = "pav"
    thresholds: tuple[float, ...] = Field(description="scores at which the next step begins")
    values: tuple[float, ...] = Field(min_length=1, description="log10 LR of each step")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.values) != len(self.thresholds) + 1:
            raise ValueError("there must be one value more than thresholds")
        if list(self.thresholds) != sorted(set(self.thresholds)):
            raise ValueError("the thresholds must ascend")
        if list(self.values) != sorted(self.values):
            raise ValueError("the values must not fall")
        return self

    def log10_lrs(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Return unbounded log-likelihood ratios of scores."""
        from locard.calibration import mappings

        return mappings.steps(scores, self.thresholds, self.values)


ScoreMapping = Annotated[Logistic | Steps, Field(discriminator="method")]


class Bounds(_Model):
    """Empirical lower and upper bound (ELUB) of the log10 LR: beyond, there is no data."""

    lower: float = Field(le=0)
    upper: float = Field(ge=0)


class Performance(_Model):
    """How well the calibration did on images that it was not fitted to."""

    cllr: float = Field(ge=0, description="log-likelihood-ratio cost; 1 is no information")
    cllr_min: float = Field(ge=0, description="what perfect calibration would have made of it")
    folds: int = Field(ge=2, description="of the cross-validation; images of one source together")


class Stratum(_Model):
    """Images of one sort, with a mapping of their own."""

    name: str = Field(min_length=1)
    conditions: Conditions
    tampered: int = Field(ge=1, description="images of H1 with a score")
    authentic: int = Field(ge=1, description="images of H2 with a score")
    without_score: Mapping[Literal["tampered", "authentic"], int] = Field(
        {}, description="images that got no score, and are in no figure"
    )
    mapping: ScoreMapping
    bounds: Bounds
    performance: Performance

    def log10_lrs(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Return bounded log-likelihood ratios of scores, float64 of the same shape."""
        import numpy as np

        return np.clip(self.mapping.log10_lrs(scores), self.bounds.lower, self.bounds.upper)

    def reached(self, score: float) -> Bound | None:
        """Return which bound the ratio of a score reaches."""
        raw = float(self.mapping.log10_lrs(score))
        if raw >= self.bounds.upper:
            return "upper"
        return "lower" if raw <= self.bounds.lower else None
