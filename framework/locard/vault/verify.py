"""Walks a case from end to end and names everything that was altered, removed or slipped in.

Nothing is assumed but the identifier of the case: the chain is recomputed, every row is hashed
again and held against the entry that covers it, every file is read again, and the database's own
schema is held against the one that the migrations make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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

ModelHashes = Callable[[str, str], Mapping[str, str]]
"""Name and version of a model to the SHA-256 that its files have now, its card's too, by name of
the file; nothing where the registry has no such model."""
_CARD = "card.toml"


def verify(
    case: Case, models: ModelHashes | None = None, expected_head: str | None = None
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
    models: ModelHashes | None = None,
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


def model_problems(session: Session, case_id: str, models: ModelHashes) -> Iterator[Problem]:
    """Yield the models of a case's receipts that the registry has not, or has with other bytes."""
    seen: set[tuple[str, str, str, str | None]] = set()
    bodies = select(FindingRow.body).where(FindingRow.case_id == case_id)
    for body in session.scalars(bodies.execution_options(yield_per=500)):
        # A body that was tampered with may be anything; its own hash tells on it.
        with suppress(AttributeError, KeyError, TypeError):
            for model in body["receipt"].get("models", ()):
                card = model.get("card_sha256")
                file = str(model["name"]), str(model["version"]), str(model["sha256"])
                seen.add((*file, None if card is None else str(card)))
    for name, version, sha256, card in sorted(seen, key=str):
        yield from named_model_problems(f"{name} {version}", sha256, card, models(name, version))


def named_model_problems(
    subject: str, sha256: str, card: str | None, found: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield what is wrong with a model that receipts name.

    Args:
        subject: Its name and version.
        sha256: Of the file that was used.
        card: SHA-256 of its card; None where receipts name none.
        found: Hashes of its files as they are now.
    """
    if not found:
        message = f"model {subject}, which findings rest on, is not in the registry"
        yield Problem("missing", "model", subject, message)
        return
    files = {name: has for name, has in found.items() if name != _CARD}
    if sha256 not in files.values():
        message = f"model {subject} is not the one that findings rest on"
        details = {"recorded": sha256, "found": ", ".join(files.values()) or None}
        yield Problem("altered", "model", subject, message, details)
    elif card is not None and found.get(_CARD) != card:
        message = f"the card of model {subject} is not the one that findings rest on"
        details = {"recorded": card, "found": found.get(_CARD)}
        yield Problem("altered", "model", subject, message, details)
