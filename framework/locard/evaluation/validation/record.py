"""The validation record: what was required, what was found, and everything it rests on.

It holds what ISO/IEC 17025, 7.2.2.4, asks to be retained of a validation (the procedure used, the
requirements, the performance characteristics, the results, a statement on fitness for the intended
use), as one JSON object. Its SHA-256 is that of its canonical text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from locard.canonical import canonical_json, sha256_of
from locard.errors import ExitCode, LocardError
from locard.evaluation.results import DatasetFacts, LeakFinding
from locard.evaluation.validation.judging import Verdict
from locard.evaluation.validation.methods import Method
from locard.evaluation.validation.requirements import Requirements
from locard.evaluation.wording import LEAKS_NOT_CHECKED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locard.evaluation.results import Results


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RecordError(LocardError):
    """A validation record is not what Locard wrote."""

    exit_code = ExitCode.ATTENTION


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MethodStatement(_Table):
    """What the plugin's authors say of the method, as it was when it was validated.

    Attributes:
        kind: ``detector`` or ``refiner``.
        distribution: The package that brought it, with its version.
        summary: One line.
        method: How it works.
        limits: What it cannot see, and when it is wrong.
    """

    kind: Literal["detector", "refiner"]
    distribution: str
    summary: str
    method: str
    limits: str


class ValidationRecord(_Table):
    """One validation.

    Attributes:
        format: Of this object.
        locard: Version of Locard.
        vault: Identifier of the vault that it was made in.
        created: UTC, ISO 8601.
        actor: Who ran the validation.
        method: What was validated, and what the record is valid for.
        statement: What the method's authors say of it.
        requirements: Parsed.
        requirements_text: The file as it was written.
        requirements_sha256: Of that text.
        results_sha256: Of the evaluation's ``results.json``.
        command: How the evaluation was run.
        environment: Software and hardware.
        dataset: Which images.
        leaks: Whether facts that are no content tell the classes apart; None where not checked.
        verdicts: One a requirement.
        outcomes: How many findings of the untreated images had each outcome.
        validated: Whether every requirement is met.
    """

    format: Literal["locard-validation/1"] = "locard-validation/1"
    locard: str
    vault: str
    created: str
    actor: str
    method: Method
    statement: MethodStatement
    requirements: Requirements
    requirements_text: str
    requirements_sha256: Sha256
    results_sha256: Sha256
    command: Mapping[str, Any]
    environment: Mapping[str, Any]
    dataset: DatasetFacts
    leaks: tuple[LeakFinding, ...] | None
    verdicts: tuple[Verdict, ...]
    validated: bool
    outcomes: Mapping[str, int] = {}
    _text: str = PrivateAttr()

    def model_post_init(self, _context: object) -> None:
        """Fix the canonical text."""
        self._text = canonical_json(self.model_dump(mode="json"))

    @property
    def text(self) -> str:
        """The canonical text, which is stored and hashed: of a record that was read, as it was.

        A later Locard may know more of a record than stands in an older one.
        """
        return self._text

    @property
    def sha256(self) -> str:
        """Hash of the canonical text."""
        return sha256_of(self.text)

    @property
    def outcome(self) -> str:
        """The statement on fitness for the intended use, in one sentence."""
        if self.validated:
            return (
                "Validated for the scope stated: objective evidence was provided that every "
                "requirement for the intended use is fulfilled."
            )
        open_ = [verdict.id for verdict in self.verdicts if verdict.status != "met"]
        return (
            f"Not validated: {len(open_)} of {len(self.verdicts)} requirements not met or not "
            f"assessable ({', '.join(open_)})."
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before relying on the figures, one sentence each."""
        no_risks = "The requirements come without a risk assessment."
        failed, all_ = self.outcomes.get("failed", 0), sum(self.outcomes.values())
        limit = self.command.get("limit")
        trial = f"The run was limited to {limit} images (--limit): it is a trial of the validation."
        return (
            *_leak_warning(self.leaks or ()),
            *(() if self.leaks else (LEAKS_NOT_CHECKED,)),
            *(() if limit is None else (trial,)),
            *self.dataset.problems,
            *((f"{failed} of {all_} findings failed.",) if failed else ()),
            *(() if self.requirements.risks else (no_risks,)),
        )

    @classmethod
    def parse(cls, text: str, sha256: str | None = None) -> Self:
        """Read a record from its canonical text.

        Args:
            text: As :attr:`text` wrote it.
            sha256: Hash that it must have; None does not look.

        Raises:
            RecordError: It is no record, or has another hash.
        """
        which = "the validation record" if sha256 is None else f"validation record {sha256[:16]}"
        if sha256 is not None and _hash(text) != sha256:
            raise RecordError(f"{which} was altered: it does not have its own hash")
        try:
            plain = json.loads(text)
            record = cls.model_validate(plain)
            same = canonical_json(plain) == text
            consistent = record.validated == all_met(record.verdicts)
        except ValidationError as error:
            raise RecordError(f"{which} cannot be read: {error.errors()[0]['msg']}") from None
        except (ValueError, TypeError, RecursionError) as error:
            raise RecordError(f"{which} cannot be read: {error}") from None
        if not same:
            raise RecordError(f"{which} is not in canonical JSON")
        if not consistent:
            raise RecordError(f"{which} contradicts itself: its outcome is not its verdicts'")
        record._text = text
        return record


def _leak_warning(leaks: Sequence[LeakFinding]) -> tuple[str, ...]:
    found = "; ".join(
        f"{leak.feature} ({leak.balanced_accuracy:.2f}, {leak.low:.2f} to {leak.high:.2f})"
        for leak in leaks
        if leak.leaks
    )
    if not found:
        return ()
    return (
        "The data set's classes can be told apart by what is no content, so the figures may "
        "flatter the method. Balanced accuracy of a classifier that sees nothing else (chance is "
        f"0.50; 95 % interval): {found}.",
    )


def _hash(text: str) -> str | None:
    try:
        return sha256_of(text)
    except UnicodeEncodeError:
        return None


def all_met(verdicts: Sequence[Verdict]) -> bool:
    """Return whether there are verdicts, and each requirement is met."""
    return bool(verdicts) and all(verdict.status == "met" for verdict in verdicts)


def make(
    *,
    vault: str,
    actor: str,
    method: Method,
    statement: MethodStatement,
    requirements: Requirements,
    requirements_text: str,
    results: Results,
    results_sha256: str,
    verdicts: Sequence[Verdict],
    outcomes: Mapping[str, int],
) -> ValidationRecord:
    """Put a record together; see :class:`ValidationRecord` for what is what."""
    from locard import __version__

    return ValidationRecord(
        locard=__version__,
        vault=vault,
        created=datetime.now(UTC).isoformat(timespec="microseconds"),
        actor=actor,
        method=method,
        statement=statement,
        requirements=requirements,
        requirements_text=requirements_text,
        requirements_sha256=sha256_of(requirements_text),
        results_sha256=results_sha256,
        command=dict(results.command),
        environment=dict(results.environment),
        dataset=results.dataset,
        leaks=results.leaks,
        verdicts=tuple(verdicts),
        validated=all_met(verdicts),
        outcomes=dict(outcomes),
    )
