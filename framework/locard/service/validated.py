"""Whether what is installed is what was validated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locard.errors import LocardError, PipelineError
from locard.evaluation.validation.methods import Method, changes, in_words, installed_methods
from locard.vault.validations import failed_since

if TYPE_CHECKING:
    from locard.evaluation.validation.record import ValidationRecord
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue
    from locard.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Standing:
    """How a record stands to the plugins that are installed now.

    Attributes:
        record: The record.
        own: Whether it was made in this vault; another's came with an imported case.
        changes: What is different now from what was validated (parameters are those of the record),
            and which later records take back what it says.
    """

    record: ValidationRecord
    own: bool
    changes: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Whether a pipeline that demands validation may rely on it."""
        return self.own and self.record.validated and not self.changes

    @property
    def words(self) -> str:
        """How it stands, for people."""
        if not self.own:
            return "made in another vault: came with an imported case, and validates nothing here"
        if not self.record.validated:
            return "never valid: requirements were not met"
        return f"revoked: {'; '.join(self.changes)}" if self.changes else "valid"


def standings(vault: Vault, plugins: Catalogue) -> list[Standing]:
    """Return the records of a vault, the oldest first, and how each stands now.

    Raises:
        AlteredError: A record is not what was recorded.
    """
    own, records = vault.validations.vault_id, vault.validations.list()
    return [
        Standing(
            record,
            record.vault == own,
            (*_since(record.method, plugins), *failed_since(record, records)),
        )
        for record in records
    ]


def _since(method: Method, plugins: Catalogue) -> tuple[str, ...]:
    """Return what of a validated method the plugins have otherwise: version, model, schema."""
    try:
        present = _present(method, plugins)
    except LocardError as error:
        return (error.message,)
    return changes(method, present)


def _present(method: Method, plugins: Catalogue) -> Method:
    """Return the method with the parameters that were validated, as it is installed now.

    Raises:
        LocardError: The plugin is not there, or does not take the parameters any more.
    """
    from locard.service.validate import method_pipeline

    on = method.input
    pipeline = method_pipeline(
        method.plugin,
        plugins,
        parameters=method.parameters,
        on=None if on is None else on.plugin,
        input_parameters=None if on is None else on.parameters,
    )
    present = installed_methods(pipeline, plugins)[method.plugin]
    # A calibration is the pipeline's own, and not installed.
    return present.model_copy(update={"calibration": method.calibration})


def require_validated(vault: Vault, pipeline: Pipeline, plugins: Catalogue) -> dict[str, str]:
    """Return, by step, the hash of the record by which each step of a pipeline is validated.

    Nothing where the pipeline does not demand it.

    Args:
        vault: Where the records are.
        pipeline: As :func:`locard.pipelines.load` returns it.
        plugins: Where its steps come from.

    Raises:
        PipelineError: A step is not validated as it would run; names each, and what changed since.
        AlteredError: A record is not what was recorded.
    """
    if not pipeline.validated:
        return {}
    records: dict[str, str] = {}
    missing = []
    for step, method in installed_methods(pipeline, plugins).items():
        record = vault.validations.valid_for(method)
        if record is None:
            missing.append(f"step {step!r}: {_why_not(vault, method)}")
        else:
            records[step] = record.sha256
    if missing:
        raise PipelineError(
            f"pipeline {pipeline.name} demands validated methods, and not all are:",
            "Validate them as they are (`locard plugin validate`), install what was validated "
            "(`locard plugin validations`), or take validated = true out of the pipeline.",
            details=missing,
        )
    return records


def _why_not(vault: Vault, method: Method) -> str:
    """Say what is nearest to a validation of a method, and what separates the two."""
    own, records = vault.validations.vault_id, vault.validations.list()
    of_plugin = [
        record
        for record in records
        if record.vault == own and record.method.plugin == method.plugin
    ]
    passed = [record for record in of_plugin if record.validated]
    if passed:
        # Of equally near ones the newest, which comes last.
        nearest = min(reversed(passed), key=lambda record: len(changes(record.method, method)))
        what = "; ".join((*changes(nearest.method, method), *failed_since(nearest, records)))
        return (
            f"{method.plugin} was validated on {nearest.created[:10]} (record "
            f"{nearest.sha256[:16]}); since then, {what}"
        )
    if of_plugin:
        return (
            f"{method.plugin} did not fulfil its requirements on {of_plugin[-1].created[:10]} "
            f"(record {of_plugin[-1].sha256[:16]})"
        )
    return f"there is no validation record of {in_words(method)} in this vault"


def write_record(vault: Vault, sha256: str, folder: Path) -> None:
    """Write a record out of the vault: ``record.json``, ``record.html`` and ``results.json``.

    Args:
        vault: The vault.
        sha256: The record's hash, or the beginning of it.
        folder: Made where it does not exist.

    Raises:
        LocardError: There is no such record, it was altered, or the folder cannot be written.
    """
    from locard.evaluation.runs.output import RESULTS
    from locard.evaluation.validation.html import write_page
    from locard.report.atomic import write_whole
    from locard.service.validate import PAGE, RECORD

    record, results = vault.validations.get(sha256)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocardError(
            f"cannot write the record to {folder}: {error.strerror}",
            "Give another folder with --output.",
        ) from error
    write_whole(folder / RECORD, [record.text.encode()])
    write_whole(folder / RESULTS, [results.encode()])
    write_page(record, folder / PAGE)
