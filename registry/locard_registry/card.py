"""What is said of a model: its card, ``card.toml`` beside the model's files.

A card holds the SHA-256 of every other file of its model, so that the SHA-256 of the card itself
covers everything that decides a finding: weights, thresholds and calibration.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from locard.calibration import Conditions
from locard.errors import words_of
from locard.onnx_file import ModelError

if TYPE_CHECKING:
    from locard.image.file_facts import FileFacts

FORMAT = "locard-model/1"
MODEL_FILE = "model.onnx"

Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Version = Annotated[
    str, Field(pattern=r"^[0-9]+(\.[0-9]+)*(-[a-z0-9]+([.-][a-z0-9]+)*)?$", max_length=60)
]
"""Numbers with dots; a laboratory's own model adds a suffix: ``1.0.0-lab-cameras``."""
OnnxName = Annotated[str, Field(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*\.onnx$", max_length=60)]
JsonName = Annotated[str, Field(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*\.json$", max_length=60)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, Field(min_length=1)]
Dimension = Annotated[int, Field(ge=1)] | Words


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModelFile(_Model):
    """One ONNX file of the model."""

    file: OnnxName = Field(description="its name, beside the card")
    sha256: Sha256 = Field(description="of its bytes")
    bytes: int = Field(ge=1, description="its size")
    precision: Literal["fp32", "int8"] = Field(description="of its weights")
    opset: int = Field(ge=1, description="version of the ONNX operator set that it needs")


class CalibrationFile(_Model):
    """The file that makes the model's scores likelihood ratios."""

    file: JsonName = Field("calibration.json", description="its name, beside the card")
    sha256: Sha256 = Field(description="of its bytes")
    bytes: int = Field(ge=1, description="its size")


class Tensor(_Model):
    """An input or output of the network."""

    name: Words = Field(description="as the ONNX file has it")
    dtype: Words = Field(description="type of its elements, as numpy calls it")
    shape: tuple[Dimension, ...] = Field(description="sides; a word names one that may vary")
    meaning: Words = Field(description="what it holds, in which unit and order")


class Data(_Model):
    """What the model was trained, validated and tested on, and how to build it again."""

    photographs: Words = Field(description="which photographs, from where, under which licence")
    commands: tuple[Words, ...] = Field(
        min_length=1, description="commands that rebuild data and model, in their order"
    )
    seeds: tuple[int, ...] = Field(description="seeds that the commands use")


class Training(_Model):
    """How long it was trained, and on what."""

    seconds: float = Field(ge=0, description="time of training, by the clock on the wall")
    epochs: int = Field(ge=0, description="passes over the training data")
    hardware: Words = Field(description="processor or GPU, and how many cores or cards")


class Figure(_Model):
    """A figure that was measured, with its 95 % interval."""

    set: Words = Field(description="data set, or part of one: test photographs, tools, cameras")
    stratum: Words = Field(description="which images of the set")
    n: int = Field(ge=1, description="how many images it was taken over")
    figure: Words = Field(description="what was measured")
    value: float = Field(description="what it came to")
    low: float | None = Field(None, description="lower end of the interval")
    high: float | None = Field(None, description="upper end of the interval")
    file: OnnxName = Field(MODEL_FILE, description="which of the model's files was measured")

    @model_validator(mode="after")
    def _check(self) -> Self:
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not low <= self.value <= high:
            raise ValueError("the value lies outside its interval")
        return self


class Macs(_Model):
    """Multiplications with additions that one picture takes."""

    value: int = Field(ge=1, description="how many")
    at: Words = Field(description="size of the picture that they were counted for")


class Latency(_Model):
    """How fast it is beside something that was timed in the same run."""

    against: Words = Field(description="what it is compared with")
    ratio: float = Field(gt=0, description="its time divided by the other's")
    at: Words = Field(description="size of the picture, threads and machine")
    file: OnnxName = Field(MODEL_FILE, description="which of the model's files was timed")


class Threshold(_Model):
    """From which score on a finding is positive, and for which exhibits that was measured."""

    name: Words = Field(description="names it in findings and tables")
    conditions: Conditions = Field(description="exhibits that it holds for")
    value: float = Field(description="the score, on the scale of the detector")
    false_alarm_rate: float = Field(gt=0, lt=1, description="share of negatives aimed at above it")
    images: int = Field(ge=1, description="negative images of the validation set that it rests on")
    power: float | None = Field(
        None, ge=0, le=1, description="share of the validation set's positive images that reach it"
    )
    positives: int | None = Field(None, ge=1, description="positive images that the share is of")
    file: OnnxName = Field(MODEL_FILE, description="which of the model's files it is for")


class Comparison(_Model):
    """Another method on the same images: what the model was chosen over."""

    method: Words = Field(description="name of the other method")
    set: Words = Field(description="as in the figures")
    stratum: Words = Field(description="as in the figures")
    n: int = Field(ge=1, description="how many images")
    figure: Words = Field(description="what was measured")
    value: float = Field(description="what it came to for the other method")
    low: float | None = Field(None, description="lower end of its 95 % interval")
    high: float | None = Field(None, description="upper end of its 95 % interval")
    parameters: int | None = Field(None, ge=0, description="trained values of the other method")
    macs: int | None = Field(
        None, ge=0, description="its multiplications with additions, at the size of the model's own"
    )
    time: float | None = Field(
        None, gt=0, description="its time divided by the model's, on the same picture in one run"
    )


class Card(_Model):
    """Everything that is known of a model."""

    format: Literal["locard-model/1"] = Field("locard-model/1", description="of the card itself")
    name: Name = Field(description="of the model, which is the folder's name")
    version: Version = Field(description="of the model, which is the folder's name inside that")
    created: date = Field(description="day on which the model was exported")
    licence: Words = Field(description="SPDX identifier")
    purpose: Words = Field(description="what it is for")
    made_by: Words = Field(description="who made it")
    parameters: int = Field(ge=1, description="trained values in the network")
    limits: tuple[Words, ...] = Field(
        min_length=1, description="what it cannot see and when it is wrong, a sentence each"
    )
    requires: Mapping[Words, Words] = Field(
        {}, description="code that makes its input, and which version of that it was trained with"
    )
    macs: Macs | None = Field(None, description="what one picture takes to compute")
    data: Data = Field(description="what it was made from")
    training: Training = Field(description="how it was made")
    calibration: CalibrationFile | None = Field(
        None, description="file of a Locard calibration, for likelihood ratios"
    )
    refinement: Mapping[Name, Mapping[Words, float | int | str]] = Field(
        {}, description="parameters of refiners, by their names, tuned on this model's maps"
    )
    files: tuple[ModelFile, ...] = Field(min_length=1, description="the model's ONNX files")
    inputs: tuple[Tensor, ...] = Field(min_length=1, description="what the network takes")
    outputs: tuple[Tensor, ...] = Field(min_length=1, description="what the network gives")
    thresholds: tuple[Threshold, ...] = Field(
        (), description="an exhibit takes the first whose conditions it meets"
    )
    figures: tuple[Figure, ...] = Field((), description="how good it is, by set and stratum")
    latency: tuple[Latency, ...] = Field((), description="how fast it is")
    comparisons: tuple[Comparison, ...] = Field((), description="how good other methods are")

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [entry.file for entry in self.files]
        _check_once(names, "file")
        _check_once([f"{t.file}: {t.name}" for t in self.thresholds], "threshold")
        if MODEL_FILE not in names:
            raise ValueError(f"there is no file {MODEL_FILE}")
        rows: tuple[Threshold | Figure | Latency, ...]
        rows = (*self.thresholds, *self.figures, *self.latency)
        for row in rows:
            if row.file not in names:
                raise ValueError(f"a row is about {row.file}, which is not among the files")
        return self

    @classmethod
    def from_toml(cls, text: bytes, source: str) -> Self:
        """Read a card.

        Args:
            text: Content of ``card.toml``.
            source: Names it in errors.

        Raises:
            ModelError: It is no TOML, or a field is missing, wrong or unknown.
        """
        try:
            plain = tomllib.loads(text.decode())
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{source} is not valid TOML: {error}", _GET_AGAIN) from None
        said = plain.get("format")
        if said != FORMAT:
            raise ModelError(
                f"{source} has the format {said!r}, and this Locard reads {FORMAT}",
                "Use the Locard that made it, or export the model again.",
            )
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            raise ModelError(f"{source} is wrong: {words_of(error)}", _GET_AGAIN) from None

    @property
    def listed(self) -> tuple[ModelFile | CalibrationFile, ...]:
        """All files that belong to the model, besides the card."""
        return (*self.files, *([self.calibration] if self.calibration else ()))

    def threshold(
        self, file: FileFacts, measurements: Mapping[str, Any], model_file: str = MODEL_FILE
    ) -> Threshold | None:
        """Return the first threshold whose conditions an exhibit meets, or None.

        Args:
            file: What the exhibit's header says.
            measurements: Of the finding.
            model_file: Which of the model's files gave the score.
        """
        for row in self.thresholds:
            if row.file == model_file and not row.conditions.unmet(file, measurements):
                return row
        return None


_GET_AGAIN = "Get the model again from who made it, or export it again."


def describe_file(path: Path, precision: Literal["fp32", "int8"]) -> ModelFile:
    """Return what a card says of an ONNX file.

    Args:
        path: The file, under the name that it keeps.
        precision: Of its weights.

    Raises:
        ModelError: It cannot be read, is no ONNX, or keeps weights in other files.
    """
    from locard.onnx_file import check_onnx

    data = _read(path)
    opset = check_onnx(data, str(path))
    return ModelFile(
        file=path.name,
        sha256=_sha256(data),
        bytes=len(data),
        precision=precision,
        opset=opset,
    )


def describe_calibration(path: Path) -> CalibrationFile:
    """Return what a card says of the file of a calibration.

    Raises:
        ModelError: It cannot be read.
        CalibrationError: It is no calibration.
    """
    from locard.calibration import Calibration

    Calibration.load(path)
    data = _read(path)
    return CalibrationFile(file=path.name, sha256=_sha256(data), bytes=len(data))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from None


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _check_once(names: Iterable[str], what: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"there are two rows for the {what} {twice[0]}")
