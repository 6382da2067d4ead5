"""Does ``case show`` and ``case list`` cost the same with 100,000 exhibits as with 100?

    python benchmarks/vault.py [--exhibits 100000] [--rounds 9]

Builds a vault with a small and one with a large case, each exhibit examined. Rows and ledger are
what real use would have written (``--verify`` checks them), but inserted in bulk and without the
files themselves. Then runs the real commands
in turns and prints the ratio of the medians. Ratios hold on a busy machine; milliseconds do not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from locard.engine.records import FindingRecord
from locard.outcomes import Outcome
from locard.vault import labels, ledger, verify_rows
from locard.vault.canonical import now
from locard.vault.findings import Totals, add_to_totals, rows_of
from locard.vault.models import (
    CUSTODY_TABLES,
    Base,
    CustodyRow,
    ExhibitRow,
    LedgerRow,
    NameRow,
    OriginalRow,
    ResultRow,
    plain_row,
)
from locard.vault.vault import Vault

PIPELINE = '{"name": "quick", "version": "1"}'
BATCH = 1000

FINDINGS = tuple(
    FindingRecord(step, step, "1", Outcome.NOT_DETECTED, score=0.5, cache_key=step)
    for step in ("grid", "noise", "ghost")
)


class Bulk:
    """Writes rows and the ledger entries that cover them, many in one statement.

    The fast path of this benchmark alone: it makes what :func:`locard.vault.ledger.append` makes,
    without asking the database for the head each time.
    """

    def __init__(self, session: Session, case_id: str) -> None:
        self._session = session
        self._case_id = case_id
        self._head = ledger.head(session, case_id)
        self._rows: dict[type[Base], list[dict[str, Any]]] = {
            table: [] for table in (OriginalRow, LedgerRow, *CUSTODY_TABLES)
        }

    def insert(self, row: Base) -> None:
        """Insert a row that no entry covers."""
        self._rows[type(row)].append(plain_row(row))

    def append(self, event: str, subject: str, rows: list[CustodyRow], **details: Any) -> None:
        """Insert rows and an entry."""
        number = self._head.number + 1
        covered = []
        for row in rows:
            row.entry = number
            self.insert(row)
            covered.append([row.__tablename__, row.row_key(), row.row_hash()])
        entry = {
            "case_id": self._case_id,
            "number": number,
            "at": now(),
            "actor": "bench",
            "event": event,
            "subject": subject,
            "details": {**details, "rows": covered},
            "previous": self._head.hash,
        }
        self._head = ledger.Head(number, ledger.entry_hash(entry))
        self._rows[LedgerRow].append({**entry, "hash": self._head.hash})

    def flush(self) -> None:
        """Send everything to the database."""
        for table, rows in self._rows.items():
            if rows:
                self._session.execute(insert(table), rows)
                rows.clear()


def build(folder: Path, exhibits: int) -> None:
    """Make a vault with one case of so many examined exhibits."""
    with Vault.open(folder, create=True) as vault:
        vault.create_case("bench", "A case to measure", "nobody", "bench")
        case = vault.case("bench")
        with vault.database.writing() as session:
            bulk = Bulk(session, case.id)
            for number in range(1, exhibits + 1):
                _add(bulk, case.id, number)
                if number % BATCH == 0:
                    bulk.flush()
            bulk.flush()
        digest = hashlib.sha256(PIPELINE.encode()).hexdigest()
        case.begin_examination(PIPELINE, digest, {}, None, "bench")
        with vault.database.writing() as session:
            bulk, totals = Bulk(session, case.id), {}
            for number in range(1, exhibits + 1):
                totals = add_to_totals(totals, FINDINGS)
                _record(bulk, case.id, number, totals)
                if number % BATCH == 0:
                    bulk.flush()
            bulk.flush()


def _add(bulk: Bulk, case_id: str, number: int) -> None:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    bulk.insert(OriginalRow(sha256=sha256, size=1000))
    exhibit = ExhibitRow(
        case_id=case_id,
        number=number,
        sha256=sha256,
        size=1000,
        format="JPEG",
        width=640,
        height=480,
        added_at=now(),
    )
    path = f"photographs/{number:06}.jpg"
    name = NameRow(case_id=case_id, exhibit=number, position=1, name=path)
    bulk.append("exhibit.added", labels.label(number), [exhibit, name], sha256=sha256)


def _record(bulk: Bulk, case_id: str, number: int, totals: Totals) -> None:
    result = ResultRow(
        case_id=case_id,
        examination=1,
        exhibit=number,
        ordinal=number,
        totals=totals,
        width=640,
        height=480,
        recorded_at=now(),
    )
    rows = [result, *rows_of((case_id, 1, number), FINDINGS)]
    bulk.append("finding.recorded", f"{labels.label(number)}, examination 1", rows)


def seconds(folder: Path, *words: str) -> float:
    """Return how long a command takes."""
    environment = {**os.environ, "LOCARD_VAULT": str(folder)}
    program = "from locard.cli import main; main()"
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", program, *words],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - begin


def main() -> None:
    """Build, measure, print a line of JSON a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exhibits", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--verify", action="store_true", help="check the large ledger and rows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        small, large = Path(temporary, "small"), Path(temporary, "large")
        build(small, 100)
        build(large, options.exhibits)
        if options.verify:
            _verify(large)
        for words in (("case", "show", "bench"), ("case", "list")):
            times = [
                (seconds(small, *words), seconds(large, *words)) for _ in range(options.rounds)
            ]
            few, many = (statistics.median(column) for column in zip(*times, strict=True))
            print(
                json.dumps(
                    {
                        "command": " ".join(words),
                        "exhibits": [100, options.exhibits],
                        "seconds": [round(few, 3), round(many, 3)],
                        "ratio": round(many / few, 2),
                        "target": 3.0,
                    }
                ),
                flush=True,
            )


def _verify(folder: Path) -> None:
    with Vault.open(folder) as vault, vault.database.reading() as session:
        case_id = vault.case("bench").id
        chain = list(verify_rows.chain_problems(session, case_id, None))
        rows = list(verify_rows.row_problems(session, case_id))
    print(json.dumps({"verified": folder.name, "problems": len(chain) + len(rows)}), flush=True)


if __name__ == "__main__":
    main()
