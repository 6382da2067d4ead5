"""Carries a case out of a vault: a BagIt bag that can be verified without Locard.

The bag holds, under ``data/``: the originals and artifacts, the ledger, every row that the ledger
covers as a line of canonical JSON (its SHA-256 is the one in the ledger), and a README for people.
File names in the bag are made of labels and hashes; the exhibits' own names stand in the records
alone. The layout is described in ``docs/vault.md``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import bagit  # type: ignore[import-untyped]
from sqlalchemy import select
from sqlalchemy.orm import Session

from locard import __version__
from locard.errors import LocardError
from locard.vault import ledger
from locard.vault.bundle_import import import_bundle as import_bundle
from locard.vault.bundle_layout import (
    FORMAT,
    README,
    Layout,
    artifact_name,
    original_name,
    validation_name,
)
from locard.vault.canonical import canonical_json
from locard.vault.errors import BundleError, CaseError
from locard.vault.models import (
    CUSTODY_TABLES,
    ArtifactRow,
    ExhibitRow,
    LedgerRow,
    plain_row,
)
from locard.vault.store import CHUNK, ObjectStore, sync_folder
from locard.vault.validations import relied_on
from locard.vault.verify import record_problems

if TYPE_CHECKING:
    from locard.vault.case import Case
    from locard.vault.vault import Vault

# The library logs what it also raises; without a handler that would appear on the terminal twice.
logging.getLogger("bagit").addHandler(logging.NullHandler())


def export(case: Case, destination: Path) -> Path:
    """Write a case as a bundle, whole or not at all.

    Args:
        case: The case, open or closed.
        destination: Folder to make.

    Returns:
        The folder's absolute path.

    Raises:
        CaseError: The destination is there already.
        LocardError: The destination cannot be written.
        BundleError: A file or row of the case is missing or altered.
    """
    destination = destination.absolute()
    if destination.exists():
        raise CaseError(f"{destination} is there already", "Name a folder that is not there yet.")
    # Under this name nobody takes it for a bundle; the next attempt removes what a killed one left.
    partial = destination.with_name(f".{destination.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _write(case, partial)
        partial.replace(destination)
        sync_folder(destination.parent)
    except OSError as error:
        raise LocardError(
            f"the bundle {destination} cannot be written: {error.strerror or error}",
            "Check the folder above it and the room on its disk.",
        ) from error
    except bagit.BagError as error:
        raise BundleError(f"the bundle {destination} cannot be written: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return destination


def _write(case: Case, folder: Path) -> None:
    problems = record_problems(case.vault.database.engine, case.id)
    if problems:
        raise _unfit(f"the case's records are not as they were recorded: {problems[0].message}")
    layout = Layout(folder)
    layout.make_folders()
    with case.vault.database.reading() as session:
        head = ledger.head(session, case.id)
        _write_records(session, case.id, layout)
        for sha256, name in _files(session, case.id):
            _copy(case.vault.store, sha256, folder / name)
        validations = list(relied_on(session, case.id))
    for sha256 in validations:
        _write_validation(case.vault, sha256, folder)
    _write_summary(case, head, layout)
    bagit.make_bag(
        str(folder),
        {
            "External-Identifier": case.facts.name,
            "External-Description": case.facts.title,
            "Contact-Name": case.facts.examiner,
            "Internal-Sender-Identifier": case.id,
            "Internal-Sender-Description": f"Locard case; ledger head {head.hash}",
            "Bag-Software-Agent": f"Locard {__version__}, bagit.py {bagit.VERSION}",
        },
        checksums=["sha256"],
    )


def _write_records(session: Session, case_id: str, layout: Layout) -> None:
    with layout.ledger.open("w", encoding="ascii") as file:
        entries = select(LedgerRow).where(LedgerRow.case_id == case_id).order_by(LedgerRow.number)
        for entry in session.scalars(entries.execution_options(yield_per=500)):
            fields = {name: value for name, value in plain_row(entry).items() if name != "case_id"}
            file.write(canonical_json(fields) + "\n")
    for table in CUSTODY_TABLES:
        columns = table.metadata.tables[table.__tablename__].c
        query = select(table).where(columns.case_id == case_id).order_by(columns.entry)
        with layout.records(table.__tablename__).open("w", encoding="ascii") as file:
            for row in session.scalars(query.execution_options(yield_per=500)):
                file.write(canonical_json(row.plain()) + "\n")


def _files(session: Session, case_id: str) -> Iterator[tuple[str, str]]:
    """Yield hash and name in the bundle of every original and artifact of a case."""
    exhibits = select(ExhibitRow.number, ExhibitRow.sha256, ExhibitRow.format)
    exhibits = exhibits.where(ExhibitRow.case_id == case_id)
    for number, sha256, kind in session.execute(exhibits.execution_options(yield_per=500)):
        yield sha256, original_name(number, sha256, kind)
    artifacts = select(ArtifactRow.sha256, ArtifactRow.kind).distinct()
    artifacts = artifacts.where(ArtifactRow.case_id == case_id)
    for sha256, kind in session.execute(artifacts.execution_options(yield_per=500)):
        yield sha256, artifact_name(sha256, kind)


def _copy(store: ObjectStore, sha256: str, target: Path) -> None:
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source = store.path(sha256).open("rb")
    except FileNotFoundError:
        raise _unfit(f"a file of the case is missing from the store: {sha256}") from None
    with source, target.open("wb") as copy:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    if digest.hexdigest() != sha256:
        raise _unfit(f"a file of the case was altered in the store: {sha256}")


def _write_validation(vault: Vault, sha256: str, folder: Path) -> None:
    """Write a validation record that the case relied on, and the results behind it."""
    try:
        record, results = vault.validations.get(sha256)
    except LocardError as error:
        raise _unfit(error.message) from None
    for digest, text in ((record.sha256, record.text), (record.results_sha256, results)):
        path = folder / validation_name(digest)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())


def _unfit(message: str) -> BundleError:
    return BundleError(message, "`locard case verify CASE` says which one. Nothing was exported.")


def _write_summary(case: Case, head: ledger.Head, layout: Layout) -> None:
    facts = case.facts
    summary = {
        "format": FORMAT,
        "software": f"Locard {__version__}",
        "case_id": facts.id,
        "name": facts.name,
        "title": facts.title,
        "examiner": facts.examiner,
        "created_at": facts.created_at.isoformat(),
        "closed_at": facts.closed_at.isoformat() if facts.closed_at else None,
        "entries": head.number,
        "head": head.hash,
    }
    layout.summary.write_text(json.dumps(summary, indent=2, ensure_ascii=True) + "\n", "ascii")
    layout.readme.write_text(README, "utf-8")
