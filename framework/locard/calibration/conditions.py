"""For which exhibits a calibration holds: those like the images it was measured on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from locard.image.file_facts import FileKind

if TYPE_CHECKING:
    from locard.image.file_facts import FileFacts


class Range(BaseModel):
    """A closed range of numbers; an end that is None is open."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("a range needs a lower or an upper end")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("the lower end is above the upper end")
        return self

    def __contains__(self, value: float) -> bool:
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)

    @property
    def words(self) -> str:
        """``70 to 95``, ``at least 70``, ``at most 95`` or ``70``."""
        if self.low is None:
            return f"at most {self.high:.6g}"
        if self.high is None:
            return f"at least {self.low:.6g}"
        if self.low == self.high:
            return f"{self.low:.6g}"
        return f"{self.low:.6g} to {self.high:.6g}"


class Conditions(BaseModel):
    """What must hold for an exhibit; what is left out is not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    formats: tuple[FileKind, ...] = Field(
        min_length=1, description="kinds of file; lossless stands for BMP, PNG and TIFF"
    )
    jpeg_quality: Range | None = Field(
        None, description="estimated IJG quality, asked of JPEG files only"
    )
    width: Range | None = Field(None, description="stored width in pixels")
    height: Range | None = Field(None, description="stored height in pixels")
    megapixels: Range | None = Field(None, description="millions of stored pixels")
    measurements: Mapping[str, Range] = Field(
        {}, description="figures that the finding itself must have, by name"
    )

    def unmet(self, file: FileFacts, measurements: Mapping[str, Any]) -> tuple[str, ...]:
        """Return why an exhibit does not meet the conditions, a sentence each; empty if it does.

        Args:
            file: What the exhibit's header says.
            measurements: Those of the finding.
        """
        return (*self._unmet_by_file(file), *self._unmet_by_figures(measurements))

    def _unmet_by_file(self, file: FileFacts) -> Iterator[str]:
        if file.kind not in self.formats:
            wanted = " or ".join(self.formats)
            yield f"The file is {file.format}; the calibration is for {wanted} files."
        elif file.kind == "JPEG" and self.jpeg_quality is not None:
            if file.jpeg_quality is None:
                yield "The file defines no quantisation table, so that its JPEG quality is unknown."
            elif file.jpeg_quality not in self.jpeg_quality:
                yield _outside("The JPEG quality", file.jpeg_quality, self.jpeg_quality)
        for name, value, wanted_range in (
            ("width", file.width, self.width),
            ("height", file.height, self.height),
            ("size in megapixels", file.megapixels, self.megapixels),
        ):
            if wanted_range is not None and value not in wanted_range:
                yield _outside(f"The picture's {name}", value, wanted_range)

    def _unmet_by_figures(self, measurements: Mapping[str, Any]) -> Iterator[str]:
        for name, wanted in self.measurements.items():
            value = measurements.get(name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                yield f"The finding has no figure {name}, which the calibration depends on."
            elif value not in wanted:
                yield _outside(f"The finding's figure {name}", value, wanted)

    @property
    def words(self) -> tuple[str, ...]:
        """The conditions, a phrase each."""
        named = (
            ("JPEG quality", self.jpeg_quality),
            ("width", self.width),
            ("height", self.height),
            ("megapixels", self.megapixels),
            *self.measurements.items(),
        )
        ranges = (f"{name} {wanted.words}" for name, wanted in named if wanted is not None)
        return (f"{' or '.join(self.formats)} files", *ranges)


def _outside(what: str, value: float, wanted: Range) -> str:
    return f"{what} is {value:.6g}; the calibration holds for {wanted.words}."
