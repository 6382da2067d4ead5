"""Walks a case from end to end and names everything that was altered, removed or slipped in.

Nothing is assumed but the identifier of the case: the chain is recomputed, every row is hashed
again and held against the entry that covers it, every file is read again, and the database's own
schema is held against the one that the migrations make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from locard.vault import validations, verify_files, verify_rows, verify_schema
from locard.vault.facts import Problem
from locard.vault.models import FindingRow

if TYPE_CHECKING:
    from locard.vault.case import Case
    from locard.vault.vault import Vault

ModelHash = Callable[[str, str], str | None]
"""Name and version of a model to the SHA-256 that the registry has for it now, or None."""


def verify(
    case: Case, models: ModelHash | None = None, expected_head: str | None = None
) -> Iterator[Problem]:
    """Verify a case.

    Args:
        case: The case.
        models: Where to look up the models that receipts name; None leaves them out.
        expected_head: Hash of a ledger entry that was noted elsewhere. Only with one can a chain
            be told from another that was rewritten to its end.

    Yields:
        What was found; a :class:`Problem` of kind ``note`` is explained and harmless.

    Raises:
        VaultError: The database cannot be read.
    """
    yield from verify_case(case.vault, case.id, models, expected_head)


def verify_case(
    vault: Vault,
    case_id: str,
    models: ModelHash | None = None,
    expected_head: str | None = None,
) -> Iterator[Problem]:
    """Verify a case of which no more is known than its identifier.

    Args:
        vault: The vault.
        case_id: The case's identifier.
        models: As for :func:`verify`.
        expected_head: As for :func:`verify`.
    """
    with vault.database.reading() as session:
        yield from verify_schema.schema_problems(vault.database.engine)
        yield from verify_schema.integrity_problems(session)
        yield from verify_rows.chain_problems(session, case_id, expected_head)
        yield from verify_rows.row_problems(session, case_id)
        yield from verify_rows.orphan_problems(session)
        yield from validations.validation_problems(session, case_id)
        yield from verify_files.original_problems(session, vault.store, case_id)
        yield from verify_files.artifact_problems(session, vault.store, case_id)
        yield from verify_files.stray_problems(vault.database, vault.store)
        if models is not None:
            yield from model_problems(session, case_id, models)
    yield from verify_files.leftovers(vault.scratch)


def record_problems(
    engine: Engine, case_id: str, expected_head: str | None = None
) -> list[Problem]:
    """Return what is wrong with the chain and rows of a case, files and notes left aside."""
    with Session(engine) as session:
        problems = [
            *verify_rows.chain_problems(session, case_id, expected_head),
            *verify_rows.row_problems(session, case_id),
        ]
    return [problem for problem in problems if problem.kind != "note"]


def model_problems(session: Session, case_id: str, models: ModelHash) -> Iterator[Problem]:
    """Yield the models of a case's receipts that the registry has not, or has with other bytes."""
    seen: set[tuple[str, str, str]] = set()
    bodies = select(FindingRow.body).where(FindingRow.case_id == case_id)
    for body in session.scalars(bodies.execution_options(yield_per=500)):
        # A body that was tampered with may be anything; its own hash tells on it.
        with suppress(AttributeError, KeyError, TypeError):
            for model in body["receipt"].get("models", ()):
                seen.add((str(model["name"]), str(model["version"]), str(model["sha256"])))
    for name, version, sha256 in sorted(seen):
        found = models(name, version)
        if found == sha256:
            continue
        subject = f"{name} {version}"
        if found is None:
            message = f"model {subject}, which findings rest on, is not in the registry"
            yield Problem("missing", "model", subject, message)
        else:
            message = f"model {subject} is not the one that findings rest on"
            details = {"recorded": sha256, "found": found}
            yield Problem("altered", "model", subject, message, details)
