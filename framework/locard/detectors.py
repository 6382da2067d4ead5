"""The two kinds of plugin that examine pictures: detectors and refiners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from locard.calibration import Calibration
    from locard.findings import Finding
    from locard.image import Header, Image


class Parameters(BaseModel):
    """Base of a plugin's parameters.

    Each field has a default, a range where it has one, and a description; the conformance kit
    refuses a plugin that leaves one undescribed. Unknown keys are errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Unmet:
    """Why a step does not apply to an image: a code for machines, a sentence for people."""

    reason: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a step needs of an image. The engine checks it on the header, before anything runs.

    Attributes:
        jpeg: The file must be a JPEG whose DCT coefficients can be read.
        coefficients: The step opens ``image.coefficients`` of a JPEG that has them, and examines
            other files without. Only a step that says this or ``jpeg`` may open them.
        colour: The file must have colour: more than one channel besides alpha.
        min_side: Smallest width and height, in pixels.
        max_megapixels: Largest picture, in millions of pixels; None for no limit.
    """

    jpeg: bool = False
    coefficients: bool = False
    colour: bool = False
    min_side: int = 1
    max_megapixels: float | None = None

    def unmet(self, header: Header) -> Unmet | None:
        """Return why the step does not apply, or None where it does."""
        size = f"{header.width}×{header.height}"
        if self.jpeg and header.format != "JPEG":
            return Unmet("not-jpeg", f"the method reads JPEG coefficients; this is {header.format}")
        if self.jpeg and header.jpeg is not None and header.jpeg.unsupported_coding:
            return Unmet("jpeg-coding", f"no coefficients of {header.jpeg.unsupported_coding} JPEG")
        if self.colour and header.channels < 3:
            return Unmet("no-colour", "the method compares colour channels; this picture is grey")
        if min(header.width, header.height) < self.min_side:
            return Unmet("too-small", f"{size} pixels; the method needs {self.min_side} a side")
        megapixels = header.width * header.height / 1e6
        if self.max_megapixels is not None and megapixels > self.max_megapixels:
            return Unmet(
                "too-large", f"{size} pixels; the method goes to {self.max_megapixels:g} megapixels"
            )
        return None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a step may take on one core, of which the conformance kit holds it to its word.

    The engine kills a step at ten times the declared time (60 seconds at least) and refuses it
    memory beyond twice the declared figure (512 MiB at least); a pipeline can set other limits.

    Attributes:
        seconds: Time that does not depend on the picture.
        seconds_per_megapixel: Time a million pixels.
        mebibytes: Memory that does not depend on the picture.
        mebibytes_per_megapixel: Memory a million pixels.
    """

    seconds: float = 1.0
    seconds_per_megapixel: float = 5.0
    mebibytes: float = 200.0
    mebibytes_per_megapixel: float = 200.0

    def seconds_for(self, pixels: int) -> float:
        """Return the declared time for a picture of so many pixels."""
        return self.seconds + self.seconds_per_megapixel * pixels / 1e6

    def mebibytes_for(self, pixels: int) -> float:
        """Return the declared memory for a picture of so many pixels."""
        return self.mebibytes + self.mebibytes_per_megapixel * pixels / 1e6


@dataclass(frozen=True, slots=True)
class ModelReference:
    """A model file that a step used, as receipts name it.

    Attributes:
        name: Name of the model.
        version: Its version.
        sha256: Of the file.
        card_sha256: Of the model's card, which holds thresholds and the hashes of all its files;
            None for a model without one.
    """

    name: str
    version: str
    sha256: str
    card_sha256: str | None = None

    def plain(self) -> dict[str, str]:
        """Return what receipts hold; a hash that is not there is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class Step(ABC):
    """What detectors and refiners share. Subclass :class:`Detector` or :class:`Refiner`.

    Class attributes to set:
        name: What pipelines call it, in kebab-case.
        version: Changes whenever the same picture may give another finding.
        summary: One line.
        method: How it works and where it was published, in a few sentences.
        limits: What it cannot see and when it is wrong; the report prints it beside the outcome.
        score_meaning: The scale of the score.
        glossary: A sentence for each measurement.
        gives_verdict: False for an aid to the eye, which shows where to look and decides nothing:
            it may never say ``detected`` or ``not_detected``, and a report's summary leaves it out.
            A refiner keeps the outcome of what it refines, so it has no use for this.
        Parameters: The parameters' class.
        needs, budget: See :class:`Needs`, :class:`Budget`.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    summary: ClassVar[str]
    method: ClassVar[str] = ""
    limits: ClassVar[str] = ""
    score_meaning: ClassVar[str] = ""
    glossary: ClassVar[Mapping[str, str]] = {}
    gives_verdict: ClassVar[bool] = True
    Parameters: ClassVar[type[Parameters]] = Parameters
    needs: ClassVar[Needs] = Needs()
    budget: ClassVar[Budget] = Budget()

    def __init__(self, parameters: BaseModel | Mapping[str, Any] | None = None) -> None:
        """Keep validated parameters.

        Args:
            parameters: An instance of the class's ``Parameters``, a mapping of its fields, or None
                for the defaults.

        Raises:
            pydantic.ValidationError: A parameter is unknown or out of range.
        """
        if not isinstance(parameters, self.Parameters):
            values = parameters.model_dump() if isinstance(parameters, BaseModel) else parameters
            parameters = self.Parameters.model_validate(dict(values or {}))
        self.parameters: Any = parameters

    def load(self) -> None:  # noqa: B027  (optional, not abstract)
        """Load models or warm up compiled code: called once in each worker process."""

    def models(self) -> tuple[ModelReference, ...]:
        """Return the models that the step uses, for the receipt and the cache key."""
        return ()


class Detector(Step):
    """Looks at an image and says what it found."""

    def calibration(self) -> Calibration | None:
        """Return what makes likelihood ratios of the scores, where the detector brings it along.

        It is asked when a pipeline is loaded that names no calibration for the step, and goes into
        that pipeline's text. For a method other than the one that it says (plugin, version,
        parameters, models), findings carry the reason why there is no ratio.
        """
        return None

    def refinement(self, refiner: str) -> Mapping[str, Any]:
        """Return parameters for a refiner of this detector's maps, where its model brings some.

        It is asked when a pipeline is loaded, and what it says goes into that pipeline's text;
        parameters that the pipeline names for the refiner go first.

        Args:
            refiner: Name of the refiner.
        """
        return {}

    @abstractmethod
    def examine(self, image: Image) -> Finding:
        """Examine one image.

        The same bytes and parameters must give the same finding. The image must not be altered,
        nothing may be fetched from a network, nothing is written. Exceptions become failed
        findings; a picture on which the method has nothing to say is not an exception but a
        finding that says so.
        """


class Refiner(Step):
    """Takes another step's finding and draws its map anew, from the picture's edges for example.

    A refiner never changes the score or the outcome of the step that it refines: the engine
    refuses the finding if it does.
    """

    @abstractmethod
    def refine(self, image: Image, finding: Finding) -> Finding:
        """Return the finding with a refined map, mask and regions.

        Args:
            image: The image that the finding is about.
            finding: What the input step said; its ``map`` is not None.
        """
