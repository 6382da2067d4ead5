"""What an evaluation found, as its JSON holds it."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT = "locard-splice-evaluation/1"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MethodResult(_Model):
    """Who marked the pictures: a network, with or without some traces and the CRF."""

    network: str
    without: tuple[str, ...] = Field((), description="groups of traces that were taken out")
    refined: bool = Field(False, description="whether its maps were refined by the CRF")

    @property
    def words(self) -> str:
        """Names it in tables."""
        without = f" without {', '.join(self.without)}" if self.without else ""
        return f"{self.network}{without}{' + CRF' if self.refined else ''}"


class FigureResult(_Model):
    """A figure of a method on some pictures, with its 95 % interval over their sources."""

    set: str = Field(description="data set")
    treatment: str = Field(description="what was done to the pictures; none for nothing")
    part: str = Field(description="which pictures of the set")
    method: MethodResult
    figure: str = Field(description="its name")
    value: float = Field(description="what it came to")
    low: float | None = Field(None, description="lower bound; null of a single source")
    high: float | None = Field(None, description="upper bound")
    images: int = Field(description="pictures that define it")
    left_out: int = Field(0, description="pictures of the part that do not")


class ThresholdResult(_Model):
    """From which score on pictures of a kind are flagged, at 5 % false alarms."""

    network: str
    file: str = Field(description="kind of file")
    size: str = Field(description="size in megapixels")
    value: float
    photographs: int = Field(description="authentic photographs that it rests on")
    own: int = Field(description="those of its own size, of JPEG files those of any quality")
    pictures: int = Field(description="authentic pictures that it rests on")
    false_alarms: float = Field(description="share of its own that reach it")
    power: float | None = Field(None, description="share of tampered pictures that reach it")
    tampered: int = Field(description="how many pictures that is of")

    @property
    def kind(self) -> str:
        """Names it in tables: ``JPEG 90-94, below 0.5 MP``."""
        return f"{self.file}, {self.size}"


class ScoreResult(_Model):
    """How well a statistic of the map tells tampered from authentic pictures of a kind."""

    network: str
    statistic: str = Field(description="score stands for the network's own")
    kind: str = Field(description="kind of file, and size")
    authentic: int
    tampered: int
    auc: float
    power: float = Field(description="share of tampered found at 5 % false alarms, crossed")


class SetResult(_Model):
    """A data set that was measured on."""

    name: str
    layout: str
    sha256: str = Field(description="of its files' hashes, names and kinds")
    images: int = Field(description="pictures that were to be measured")
    kinds: dict[str, int] = Field(description="how many of each kind")


class SpliceResults(_Model):
    """One evaluation."""

    format: Literal["locard-splice-evaluation/1"] = "locard-splice-evaluation/1"
    created: str = Field(description="UTC, ISO 8601")
    locard: str = Field(description="version")
    crf: dict[str, dict[str, float | int | str]] = Field(
        description="parameters of the CRF by network, where it was measured; none for its own"
    )
    sets: tuple[SetResult, ...]
    figures: tuple[FigureResult, ...]
    thresholds: tuple[ThresholdResult, ...]
    scores: tuple[ScoreResult, ...]
    problems: tuple[str, ...] = Field((), description="what could not be measured, and why")

    def find(
        self, set_name: str, treatment: str, part: str, method: MethodResult, figure: str
    ) -> FigureResult | None:
        """Return a figure, or None."""
        return self._by_key.get((set_name, treatment, part, method, figure))

    @cached_property
    def _by_key(self) -> dict[tuple[str, str, str, MethodResult, str], FigureResult]:
        return {
            (one.set, one.treatment, one.part, one.method, one.figure): one for one in self.figures
        }

    @property
    def methods(self) -> tuple[MethodResult, ...]:
        """Who was measured, in order."""
        return tuple(dict.fromkeys(one.method for one in self.figures))
