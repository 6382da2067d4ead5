"""A calibration as its JSON file holds it: small, complete, and signed by its own hash."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from locard.calibration.likelihood import Likelihood, Refusal, in_words
from locard.calibration.stratum import Stratum
from locard.canonical import canonical_json, sha256_of
from locard.errors import LocardError, words_of
from locard.image.file_facts import FileFacts

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from locard.evaluation.results import DatasetFacts as EvaluatedFacts
    from locard.image import Header

FORMAT = "locard-calibration/1"
_FAMILY = "locard-calibration/"


class CalibrationError(LocardError):
    """A calibration cannot be read, made or used; the message says what is wrong with which."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModelFacts(_Model):
    """A model file that the method uses."""

    name: str
    version: str
    sha256: str


class DetectorFacts(_Model):
    """The method that gave the scores; another version, parameter or model is another method."""

    plugin: str
    version: str
    parameters: Mapping[str, Any]
    models: tuple[ModelFacts, ...] = ()


class DatasetFacts(_Model):
    """The images that it was calibrated on."""

    name: str
    layout: str
    sha256: str = Field(description="of the list of all images, as the evaluation computed it")
    treatments: tuple[str, ...] = Field(("none",), description="what was done to the images before")
    images: Mapping[str, int] = Field(description="how many of each kind the strata hold together")
    leaks: tuple[str, ...] | None = Field(
        None,
        description="what tells the classes apart and is no content; null where nobody looked",
    )

    def same_as(self, other: EvaluatedFacts) -> bool:
        """Return whether an evaluation was of the same images, as far as hash or name tell."""
        named = (self.name, self.layout) == (other.name, other.layout)
        return named or self.sha256 == other.sha256


class Hypotheses(_Model):
    """What is compared, as clauses that can follow "if"."""

    h1: str = Field(min_length=1, description="the trace is there")
    h2: str = Field(min_length=1, description="it is not")


class Content(_Model):
    """All that a calibration says, without the hash over it."""

    format: Literal["locard-calibration/1"] = "locard-calibration/1"
    created: str = Field(description="UTC, ISO 8601")
    locard: str = Field(description="version of Locard that made it")
    detector: DetectorFacts
    dataset: DatasetFacts
    hypotheses: Hypotheses
    strata: tuple[Stratum, ...] = Field(
        min_length=1, description="an exhibit takes the first whose conditions it meets"
    )

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [stratum.name for stratum in self.strata]
        if len(set(names)) < len(names):
            raise ValueError("two strata have one name")
        return self


class Calibration(Content):
    """How scores of one method become likelihood ratios.

    Make one with :meth:`sealed`, or read one with :meth:`load`; both leave a right hash.
    """

    sha256: str = Field(
        description="of the canonical JSON of everything else: keys sorted, no spaces, ASCII"
    )

    @model_validator(mode="after")
    def _check_hash(self) -> Self:
        if self.sha256 != _digest(self.model_dump(mode="json")):
            raise ValueError("it was altered since it was made: its hash is another")
        return self

    @classmethod
    def sealed(cls, **fields: Any) -> Self:
        """Return a calibration with its hash.

        Args:
            **fields: All fields but ``sha256``.

        Raises:
            pydantic.ValidationError: A field is wrong.
        """
        unsealed = Content.model_validate(fields).model_dump(mode="json")
        return cls.model_validate({**unsealed, "sha256": _digest(unsealed)})

    @classmethod
    def from_plain(cls, plain: object, source: str) -> Self:
        """Check what a JSON file, or a recorded pipeline, holds.

        Args:
            plain: The JSON value.
            source: Names it in errors.

        Raises:
            CalibrationError: It is no calibration, of another format, or was altered.
        """
        said = plain.get("format") if isinstance(plain, Mapping) else None
        if not isinstance(said, str) or not said.startswith(_FAMILY):
            raise CalibrationError(
                f"{source} is no calibration: it does not begin as one",
                "Make one with `locard calibration fit`.",
            )
        if said != FORMAT:
            raise CalibrationError(
                f"{source} has the format {said}, and this Locard reads {FORMAT}",
                "Use the Locard that made it, or calibrate again.",
            )
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            raise CalibrationError(
                f"{source} cannot be used: {words_of(error)}",
                "Get the file again from who made it, or calibrate again.",
            ) from None

    @classmethod
    def load(cls, path: Path | Traversable) -> Self:
        """Read a calibration from a file, or from a package's resources.

        Raises:
            CalibrationError: It cannot be read, is no calibration, or was altered.
        """
        try:
            text = path.read_bytes()
        except OSError as error:
            raise CalibrationError(f"cannot read calibration {path}: {error.strerror}") from None
        return cls.from_json(text, str(path))

    @classmethod
    def from_json(cls, text: bytes, source: str) -> Self:
        """Check the content of a file.

        Args:
            text: The file's bytes.
            source: Names it in errors.

        Raises:
            CalibrationError: It is no calibration, of another format, or was altered.
        """
        try:
            plain = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise CalibrationError(f"{source} is not valid JSON: {error}") from None
        return cls.from_plain(plain, source)

    def to_json(self) -> str:
        """Return the text of the file."""
        return json.dumps(self.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"

    def differences(
        self,
        plugin: str,
        version: str,
        parameters: Mapping[str, Any],
        models: Sequence[str],
    ) -> tuple[str, ...]:
        """Return what another method has that the calibrated one has not, a clause each.

        Args:
            plugin: Name of the detector.
            version: Its version.
            parameters: Complete with defaults.
            models: SHA-256 of each model that it uses.

        Returns:
            Empty where it is the method that was calibrated.
        """
        mine = self.detector
        if plugin != mine.plugin:
            return (f"it is for {mine.plugin}, not for {plugin}",)
        found = []
        if version != mine.version:
            found.append(f"it is for version {mine.version} of {plugin}, and this is {version}")
        for name in sorted(mine.parameters.keys() | parameters.keys()):
            was, now = mine.parameters.get(name), parameters.get(name)
            if was != now:
                found.append(f"it is for {name} = {was!r}, and here {name} = {now!r}")
        if sorted(models) != sorted(model.sha256 for model in mine.models):
            found.append("it is for other model files")
        return tuple(found)

    def stratum_for(self, file: FileFacts, measurements: Mapping[str, Any]) -> Stratum | None:
        """Return the first stratum whose conditions an exhibit meets, or None."""
        met = (s for s in self.strata if not s.conditions.unmet(file, measurements))
        return next(met, None)

    def for_finding(
        self, score: float | None, header: Header, measurements: Mapping[str, Any]
    ) -> Likelihood | Refusal:
        """Return the likelihood ratio of a score, or why there is none.

        Args:
            score: Of a finding of the calibrated method.
            header: Of the exhibit.
            measurements: Of the finding.
        """
        if score is None:
            return Refusal("no-score", "The step gave no score to calibrate.", self.sha256)
        file = FileFacts.of(header)
        stratum = self.stratum_for(file, measurements)
        if stratum is None:
            unmet = {s.name: s.conditions.unmet(file, measurements) for s in self.strata}
            return Refusal("outside-conditions", _refused(unmet), self.sha256)
        log10_lr = float(stratum.log10_lrs(score))
        bound = stratum.reached(score)
        words = in_words(log10_lr, bound, self.hypotheses.h1, self.hypotheses.h2)
        if self.dataset.leaks:
            leaks = ", ".join(self.dataset.leaks)
            words += (
                f" It may mean nothing: the classes there differ in more than content ({leaks})."
            )
        return Likelihood(log10_lr, bound, stratum.name, self.sha256, words)


def _digest(plain: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in plain.items() if name != "sha256"}
    return sha256_of(canonical_json(rest))


def _refused(unmet: Mapping[str, tuple[str, ...]]) -> str:
    if len(unmet) == 1:
        return " ".join(*unmet.values())
    strata = (f"{name}: {' '.join(why)}" for name, why in unmet.items())
    return f"No stratum of the calibration fits this exhibit. {' '.join(strata)}"
