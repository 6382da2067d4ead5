"""The requirements that a method is validated against, as a laboratory writes them down in TOML.

A file says::

    title = "Foreign JPEG grids in photographs"
    laboratory = "Questioned Images Unit"
    author = "Dr. Lacassagne"
    intended_use = "Point an examiner to parts of a photograph that were pasted in."
    scope = "JPEG photographs of 0.3 megapixels or more."

    [[risks]]
    risk = "An untouched photograph is taken for a composite."
    control = "R1; an examiner looks at every map before it is reported."

    [[requirements]]
    id = "R1"
    statement = "Of untouched photographs, at most one in twenty is flagged."
    metric = "false_positive_rate"
    subset = { by = "kind", value = "authentic" }
    at_most = 0.05
    minimum_images = 100
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from locard.errors import LocardError
from locard.evaluation.rows import UNTREATED

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Check = Literal["metric", "repeatability", "conformance", "bad-input"]

_OF_METRICS = ("metric", "subset", "treatment", "at_least", "at_most", "bound", "minimum_images")


class RequirementsError(LocardError):
    """A file of requirements is wrong; the message names file, requirement and key."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Subset(_Table):
    """Which images: those whose ``by`` (``kind``, ``source``, a fact, …) is ``value``."""

    by: Text = "all"
    value: Text = "all"

    def __str__(self) -> str:
        return "all images" if self.by == "all" else f"images whose {self.by} is {self.value}"


class Risk(_Table):
    """A risk of using the method, and what is done about it."""

    risk: Text
    control: Text


class Requirement(_Table):
    """One thing that the end user needs, and the acceptance criterion by which it is judged.

    Attributes:
        id: What people call it, unique in the file.
        statement: What the end user needs, in words.
        check: ``metric`` (of an evaluation); ``repeatability`` (two runs say the same, to the bit);
            ``conformance`` (the conformance kit passes); ``bad-input`` (files that are no image
            end in an outcome, not a crash).
        metric: Name of the metric.
        subset: Which images it is taken over.
        treatment: What is done to the images before.
        at_least: The criterion.
        at_most: The criterion.
        bound: ``interval``: the unfavourable bound of the 95 % interval must meet the criterion;
            ``value``: the value itself.
        minimum_images: Fewer images that define the metric, and it is not assessable.
        images: For ``repeatability``, how many images are examined twice.
    """

    id: Annotated[str, Field(min_length=1, max_length=40)]
    statement: Text
    check: Check = "metric"
    metric: Text | None = None
    subset: Subset = Subset()
    treatment: Text = UNTREATED
    at_least: float | None = None
    at_most: float | None = None
    bound: Literal["interval", "value"] = "interval"
    minimum_images: int | None = Field(None, ge=2)
    images: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> list[str]:
        if self.check != "metric":
            # Set apart from the default: read back from a record, every key is there.
            fields = type(self).model_fields
            odd = [key for key in _OF_METRICS if getattr(self, key) != fields[key].default]
            problems = [f'key {key!r} goes with check = "metric" only' for key in odd]
            if self.images is not None and self.check != "repeatability":
                problems.append("key 'images' goes with check = \"repeatability\" only")
            return problems
        problems = []
        if self.metric is None:
            problems.append("key 'metric' is missing")
        if (self.at_least is None) == (self.at_most is None):
            problems.append("one of the keys 'at_least' and 'at_most' is needed, and not both")
        if self.minimum_images is None:
            problems.append("key 'minimum_images' is missing: on how many images it must rest")
        if self.images is not None:
            problems.append("key 'images' goes with check = \"repeatability\" only")
        return problems

    @property
    def criterion(self) -> str:
        """The acceptance criterion in words."""
        match self.check:
            case "repeatability":
                return f"findings of {self.repeated} images are the same twice, to the bit"
            case "conformance":
                return "every check of the conformance kit passes"
            case "bad-input":
                return "no file that cannot be examined crashes the method"
            case _:
                limit = self.at_least if self.at_least is not None else self.at_most
                word = "at least" if self.at_least is not None else "at most"
                end = "lower" if self.at_least is not None else "upper"
                what = f"{end} 95 % bound of " if self.bound == "interval" else ""
                treated = "" if self.treatment == UNTREATED else f", after {self.treatment}"
                return (
                    f"{what}{self.metric} {word} {limit:g}, over {self.subset}{treated}, "
                    f"{self.minimum_images} or more"
                )

    @property
    def repeated(self) -> int:
        """How many images are examined twice where repeatability is checked."""
        return self.images or 10


class Requirements(_Table):
    """A file of requirements.

    Attributes:
        title: What is validated, for people.
        laboratory: Who validates.
        author: Who wrote the requirements.
        intended_use: What the method is to be used for.
        scope: On which images.
        risks: The risk assessment.
        requirements: What the end user needs, one by one.
    """

    title: Text
    laboratory: Text
    author: Text
    intended_use: Text
    scope: Text
    risks: tuple[Risk, ...] = ()
    requirements: tuple[Requirement, ...] = Field(min_length=1)

    @property
    def treatments(self) -> tuple[str, ...]:
        """Treatments that are asked for, the untreated images always first."""
        wanted = (requirement.treatment for requirement in self.requirements)
        return tuple(dict.fromkeys((UNTREATED, *wanted)))


_HINT = "`locard plugin validate --template` prints a file to start from."


def load(path: Path, metrics: Collection[str]) -> tuple[Requirements, str]:
    """Read a file of requirements.

    Args:
        path: The file.
        metrics: Names of the metrics that an evaluation has.

    Returns:
        The requirements, and the file's text.

    Raises:
        RequirementsError: It cannot be read or is wrong; names file, requirement and key.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise RequirementsError(
            f"cannot read the requirements {path}: {error.strerror}", _HINT
        ) from None
    except ValueError:
        raise RequirementsError(f"{path} is not text in UTF-8", _HINT) from None
    return parse(text, str(path), metrics), text


def parse(text: str, source: str, metrics: Collection[str]) -> Requirements:
    """Check the text of a file of requirements; ``source`` names it in errors.

    Raises:
        RequirementsError: As for :func:`load`.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequirementsError(f"{source} is not valid TOML: {error}", _HINT) from None
    try:
        found = Requirements.model_validate(raw)
    except ValidationError as error:
        raise RequirementsError(f"{source}: {_explain(error, raw)}", _HINT) from None
    seen: set[str] = set()
    for requirement in found.requirements:
        where = f"{source}: requirement {requirement.id!r}"
        if requirement.id in seen:
            raise RequirementsError(f"{where}: there are two of this id")
        seen.add(requirement.id)
        if requirement.metric is not None and requirement.metric not in metrics:
            near = get_close_matches(requirement.metric, list(metrics), n=1)
            guess = f"Did you mean {near[0]}? " if near else ""
            raise RequirementsError(
                f"{where}: key 'metric': there is no metric {requirement.metric!r}",
                f"{guess}There are: {', '.join(sorted(metrics))}.",
            )
    return found


def template() -> str:
    """Return a file of requirements to start from."""
    package = files("locard.evaluation.validation")
    return (package / "templates" / "requirements.toml").read_text(encoding="utf-8")


def _explain(error: ValidationError, raw: Mapping[str, Any]) -> str:
    """Say what is wrong in the words of the file: requirement by id, key by name."""
    sentences = []
    problems = error.errors()
    # Where one requirement is wrong, pydantic also says that there are too few of them.
    for problem in [p for p in problems if p["type"] != "too_short"] or problems:
        path = list(problem["loc"])
        words = []
        if len(path) > 1 and path[0] in {"requirements", "risks"} and isinstance(path[1], int):
            table, number = str(path[0]), path[1]
            words.append(_named(raw[table][number], table, number))
            path = path[2:]
        words += [f"key {str(part)!r}" for part in path]
        message = problem["msg"].removeprefix("Value error, ")
        sentences.append(": ".join([*words, message]))
    return "; ".join(sentences)


def _named(entry: object, table: str, number: int) -> str:
    if table == "risks":
        return f"risk {number + 1}"
    given = entry.get("id") if isinstance(entry, Mapping) else None
    return f"requirement {given!r}" if isinstance(given, str) else f"requirement {number + 1}"
