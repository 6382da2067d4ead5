"""Brings a bundle into a vault: verified first, and taken over exactly as it is.

The case keeps its identifier, its rows and its chain, so the ledger head is the same in both
vaults. That it was imported, when and by whom, is a fact about the vault and not about the case:
it is noted in the vault's own table of imports, which the chain does not cover.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bagit  # type: ignore[import-untyped]
from sqlalchemy import Engine, func, insert, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from locard.vault import exhibits, ledger
from locard.vault.bundle_layout import (
    FORMAT,
    Layout,
    artifact_name,
    original_name,
    validation_name,
)
from locard.vault.bundle_rows import read_rows
from locard.vault.canonical import moment, now, sha256_of
from locard.vault.database import memory_database
from locard.vault.errors import BundleError, CaseError, in_words
from locard.vault.facts import CaseFacts
from locard.vault.models import (
    CUSTODY_TABLES,
    ArtifactRow,
    Base,
    CaseRow,
    ClosingRow,
    ExhibitRow,
    ImportRow,
    LedgerRow,
    OriginalRow,
    ValidationRow,
    insert_original,
    plain_row,
)
from locard.vault.store import ObjectStore
from locard.vault.validations import checked_row, refuse_pretended, relied_on
from locard.vault.verify import record_problems

if TYPE_CHECKING:
    from locard.vault.vault import Vault

_BATCH = 500
_SUMMARY = (
    "case_id",
    "name",
    "title",
    "examiner",
    "created_at",
    "closed_at",
    "entries",
    "head",
)
_NAMED = 10
"""How many differences an error names before it says how many more there are."""


def import_bundle(
    vault: Vault, path: Path, actor: str, expected_head: str | None = None
) -> CaseFacts:
    """Take a bundle's case into a vault.

    Args:
        vault: The vault.
        path: The bundle's folder.
        actor: Who imports it.
        expected_head: The ledger head as it was noted elsewhere; None where it is not known.

    Returns:
        The case.

    Raises:
        BundleError: The folder is no bundle, or it was altered; names what.
        CaseError: The case is in this vault already, or its name is taken.
        VaultError: The vault cannot be written.
    """
    path = path.absolute()
    manifest = _check_bag(path)
    layout = Layout(path / "data")
    summary = _summary(layout)
    trial = memory_database()
    try:
        _load_on_trial(trial, layout, path)
        _check_records(trial, summary, path, expected_head)
        _load_validations(trial, layout, path)
        _check_files(trial, manifest, path)
        with vault.database.reading() as session:
            _refuse_known(session, summary)
            _refuse_pretended(session, trial)
        with in_words(vault.folder):
            _store_files(trial, layout, vault.store)
        with vault.database.writing() as session:
            _refuse_known(session, summary)
            _take_over(trial, session)
            session.add(
                ImportRow(
                    case_id=summary["case_id"],
                    imported_at=now(),
                    actor=actor,
                    entries=summary["entries"],
                    head=summary["head"],
                )
            )
    finally:
        trial.dispose()
    return vault.case(summary["name"]).facts


def _check_bag(path: Path) -> Mapping[str, str]:
    """Validate a folder as a bag; return the SHA-256 of each file below ``data/``."""
    for folder, folders, names in os.walk(path):
        for name in (*folders, *names):
            found = Path(folder, name)
            if found.is_symlink():
                raise _altered(path, [f"{name} is a symbolic link, which no bundle holds"])
            if not (found.is_file() or found.is_dir()):
                raise _altered(path, [f"{name} is no file but a pipe or device"])
    try:
        bag = bagit.Bag(str(path))
        # With the sum of sizes the library stops at "too many bytes" and names no file.
        bag.info.pop("Payload-Oxum", None)
        bag.validate()
        return {name: hashes["sha256"] for name, hashes in bag.payload_entries().items()}
    except bagit.BagValidationError as error:
        raise _altered(path, [str(detail) for detail in error.details] or [str(error)]) from None
    except KeyError:
        raise _altered(path, ["manifest-sha256.txt does not name every file"]) from None
    # The last three: what the library makes of a tag file in an encoding that is none.
    except (bagit.BagError, OSError, LookupError, TypeError, ValueError) as error:
        raise BundleError(
            f"{path} is not a bundle: {error}", "Give the folder that `locard case export` made."
        ) from None


def _summary(layout: Layout) -> dict[str, Any]:
    try:
        summary = dict(json.loads(layout.summary.read_text("ascii")))
        version = summary["format"]
        known = {field: summary[field] for field in _SUMMARY}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(
            f"{layout.folder.parent} is a bag, but holds no case: {error}",
            "Give the folder that `locard case export` made.",
        ) from None
    if version != FORMAT:
        raise BundleError(
            f"the bundle has format {version}, and this Locard knows {FORMAT}",
            "Install the Locard that wrote it, or a newer one.",
        )
    return known


def _load_on_trial(trial: Engine, layout: Layout, path: Path) -> None:
    """Load the records into a database in memory: what cannot be loaded there is refused."""
    try:
        with Session(trial) as session, session.begin():
            _load(session, layout)
    except (OSError, OverflowError, ValueError) as error:
        raise _altered(path, [f"its records cannot be read: {error}"]) from None
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise _altered(path, [f"its records do not fit together: {cause}"]) from None


def _load_validations(trial: Engine, layout: Layout, path: Path) -> None:
    """Load the validation records that the case relied on, each under its own hash."""
    problems = []
    with Session(trial) as session, session.begin():
        (case_id,) = session.scalars(select(CaseRow.case_id))
        for sha256 in list(relied_on(session, case_id)):
            try:
                session.add(checked_row(sha256, partial(_validation_text, layout)))
            except BundleError as error:
                problems.append(error.message)
    if problems:
        raise _altered(path, problems)


def _refuse_pretended(session: Session, trial: Engine) -> None:
    """Raise where a validation record says that it was made here, and was not."""
    with Session(trial) as source:
        for row in source.scalars(select(ValidationRow)):
            refuse_pretended(session, row)


def _validation_text(layout: Layout, sha256: str) -> str:
    name = validation_name(sha256)
    try:
        return (layout.folder / name).read_bytes().decode()
    except (OSError, ValueError) as error:
        raise BundleError(f"data/{name} cannot be read: {error}") from None


def _check_records(
    trial: Engine, summary: dict[str, Any], path: Path, expected_head: str | None
) -> None:
    with Session(trial) as session:
        case = session.scalars(select(CaseRow)).one()
        closing = session.get(ClosingRow, case.case_id)
        head = ledger.head(session, case.case_id)
        gaps = exhibits.count(session, case.case_id) - _count(session, ExhibitRow)
    problems = [problem.message for problem in record_problems(trial, case.case_id, expected_head)]
    recorded = {
        "case_id": case.case_id,
        "name": case.name,
        "title": case.title,
        "examiner": case.examiner,
        "created_at": moment(case.created_at).isoformat(),
        "closed_at": moment(closing.closed_at).isoformat() if closing else None,
        "entries": head.number,
        "head": head.hash,
    }
    problems += [
        f"case.json does not agree with the ledger: {field} is {summary[field]!r}, not {value!r}"
        for field, value in recorded.items()
        if summary[field] != value
    ]
    if gaps:
        problems.append(f"{gaps} exhibits are missing: numbers are left out")
    if problems:
        raise _altered(path, problems)


def _count(session: Session, table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def _check_files(trial: Engine, manifest: Mapping[str, str], path: Path) -> None:
    """Hold the bag's files against the records, before one of them enters the vault."""
    layout = Layout(Path("data"))
    own = (layout.summary, layout.ledger, layout.readme)
    records = (layout.records(table.__tablename__) for table in CUSTODY_TABLES)
    other = set(manifest) - {file.as_posix() for file in (*own, *records)}
    problems = []
    for name, sha256 in chain(_files(trial), _validation_files(trial)):
        other.discard(f"data/{name}")
        if f"data/{name}" not in manifest:
            problems.append(f"data/{name} is missing")
        elif manifest[f"data/{name}"] != sha256:
            problems.append(f"data/{name} is not what the ledger says")
    problems += [f"{name} is nothing that the ledger knows" for name in sorted(other)]
    if problems:
        raise _altered(path, problems)


def _altered(path: Path, problems: list[str]) -> BundleError:
    more = [f"and {len(problems) - _NAMED} more"] if len(problems) > _NAMED else []
    return BundleError(
        f"the bundle {path} was altered:",
        "Nothing was imported. Ask whoever sent the bundle for another copy.",
        details=[*problems[:_NAMED], *more],
    )


def _load(session: Session, layout: Layout) -> None:
    """Insert a bundle's rows as they are."""
    (case,) = read_rows(layout.records("cases"), CaseRow)
    session.execute(insert(CaseRow), [case])
    entries = read_rows(layout.ledger, LedgerRow, case_id=case["case_id"])
    _insert_all(session, LedgerRow, entries)
    for exhibit in read_rows(layout.records("exhibits"), ExhibitRow):
        insert_original(session, exhibit["sha256"], exhibit["size"])
    for table in CUSTODY_TABLES:
        if table is not CaseRow:
            _insert_all(session, table, read_rows(layout.records(table.__tablename__), table))


def _take_over(trial: Engine, session: Session) -> None:
    """Insert the rows that were verified: the bundle's own files may have changed since."""
    with Session(trial) as source:
        for sha256, size in source.execute(select(OriginalRow.sha256, OriginalRow.size)):
            insert_original(session, sha256, size)
        tables: tuple[type[Base], ...] = (CaseRow, LedgerRow, *CUSTODY_TABLES[1:])
        for table in tables:
            rows = source.scalars(select(table).execution_options(yield_per=_BATCH))
            _insert_all(session, table, map(plain_row, rows))
        for validation in source.scalars(select(ValidationRow)):
            if session.get(ValidationRow, validation.sha256) is None:
                session.add(ValidationRow(**plain_row(validation)))


def _insert_all(session: Session, table: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, _BATCH)):
        session.execute(insert(table), batch)


def _files(trial: Engine) -> Iterator[tuple[str, str]]:
    """Yield name below ``data/`` and hash of every original and artifact."""
    with Session(trial) as session:
        exhibits = select(ExhibitRow.sha256, ExhibitRow.number, ExhibitRow.format)
        for sha256, number, kind in session.execute(exhibits):
            yield original_name(number, sha256, kind), sha256
        artifacts = select(ArtifactRow.sha256, ArtifactRow.kind).distinct()
        for sha256, kind in session.execute(artifacts):
            yield artifact_name(sha256, kind), sha256


def _validation_files(trial: Engine) -> Iterator[tuple[str, str]]:
    """Yield name below ``data/`` and hash of every validation record, and of what it rests on."""
    with Session(trial) as session:
        for row in session.scalars(select(ValidationRow)):
            for sha256 in (row.sha256, sha256_of(row.results)):
                yield validation_name(sha256), sha256


def _store_files(trial: Engine, layout: Layout, store: ObjectStore) -> None:
    for name, sha256 in _files(trial):
        _store_file(layout, name, sha256, store)


def _store_file(layout: Layout, name: str, sha256: str, store: ObjectStore) -> None:
    try:
        file = (layout.folder / name).open("rb")
    except OSError as error:
        problem = f"data/{name} cannot be read: {error.strerror}"
        raise _altered(layout.folder.parent, [problem]) from None
    with file:
        if store.put(file).sha256 != sha256:
            raise _altered(layout.folder.parent, [f"data/{name} is not what the ledger says"])


def _refuse_known(session: Session, summary: dict[str, Any]) -> None:
    known = session.scalars(
        select(CaseRow).where(
            or_(CaseRow.case_id == summary["case_id"], CaseRow.name == summary["name"])
        )
    ).first()
    if known is None:
        return
    if known.case_id == summary["case_id"]:
        raise CaseError(
            f"the case of this bundle is in the vault already, as {known.name!r}",
            "`locard case verify` checks it there.",
        )
    raise CaseError(
        f"the vault has another case of the name {known.name!r}",
        "Import the bundle into another vault: name one with --vault.",
    )
