"""``kill -9`` in the middle of things: nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from locard.vault.vault import Vault
from locard.vault.verify import verify

ADD = """
import sys
from pathlib import Path
from locard.vault.vault import Vault
with Vault.open(Path(sys.argv[1])) as vault:
    for one in vault.case("c").add([sys.argv[2]], actor="x"):
        if one.status == "added":
            print(one.path, flush=True)
"""

RECORD = """
import hashlib, sys
from pathlib import Path
from locard.engine.records import ArtifactRecord, ExhibitResult, FindingRecord
from locard.outcomes import Outcome
from locard.vault.vault import Vault
with Vault.open(Path(sys.argv[1])) as vault, vault.lock_case("c"):
    examination = vault.case("c").open_examination()
    examination.resume("x")
    for exhibit in examination.pending():
        maps = []
        for number in range(3):
            path = vault.scratch / f"{exhibit.label}-{number}"
            path.write_bytes(f"{exhibit.label} {number}".encode())
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            maps.append(ArtifactRecord("picture", f"p{number}", path, digest, 7, "image/png"))
        finding = FindingRecord("s", "p", "1", Outcome.DETECTED, artifacts=tuple(maps))
        examination.record(exhibit.label, ExhibitResult(exhibit.sha256, 1, 1, (finding,)), "x")
        print(exhibit.label, flush=True)
"""

EXHIBITS = 40


def run_and_kill(script: str, *arguments: Path, lines: int, seconds: float) -> bool:
    """Run a script, and kill it a moment after its so-manieth line; say whether it had ended."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(lines):
            process.stdout.readline()
        time.sleep(seconds)
        process.kill()
        process.wait()
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode == 0


def until_done(script: str, *arguments: Path, seed: int) -> int:
    """Run and kill a script until it ends by itself; return how often it was killed."""
    moments = random.Random(seed)
    killed = 0
    while not run_and_kill(
        script, *arguments, lines=moments.randint(3, 12), seconds=moments.uniform(0, 0.01)
    ):
        killed += 1
        with Vault.open(arguments[0]) as vault:
            assert [p for p in verify(vault.case("c")) if p.kind != "note"] == []
    return killed


@pytest.mark.slow
def test_add_that_is_killed_again_and_again(vault, lab):
    vault.create_case("c", "", "", lab.actor)
    folder = lab.photographs(EXHIBITS)
    assert until_done(ADD, vault.folder, folder, seed=1) > 0
    case = vault.case("c")
    names = [name for exhibit in case.exhibits() for name in exhibit.names]
    assert names == [str(path) for path in sorted(folder.iterdir())]
    assert {p.kind for p in verify(case)} <= {"note"}


@pytest.mark.slow
def test_examination_that_is_killed_again_and_again(vault, lab):
    vault.create_case("c", "", "", lab.actor)
    case = vault.case("c")
    list(case.add([lab.photographs(EXHIBITS)], actor=lab.actor))
    examination = lab.begin(case)
    killed = until_done(RECORD, vault.folder, seed=2)
    assert killed > 0
    examination.finish(lab.actor)
    assert [one.exhibit for one in case.findings()] == [e.label for e in case.exhibits()]
    events = [entry.event for entry in case.ledger()]
    assert events.count("finding.recorded") == EXHIBITS
    assert events.count("examination.resumed") == killed + 1
    assert examination.totals() == {"s": {"detected": EXHIBITS}}
    assert {p.kind for p in verify(case)} <= {"note"}


def test_one_kill_in_the_middle_of_each(vault, lab):
    vault.create_case("c", "", "", lab.actor)
    case = vault.case("c")
    folder = lab.photographs(12)
    assert not run_and_kill(ADD, vault.folder, folder, lines=4, seconds=0)
    assert 4 <= case.exhibit_count() < 12
    list(case.add([folder], actor=lab.actor))
    examination = lab.begin(case)
    assert not run_and_kill(RECORD, vault.folder, lines=4, seconds=0)
    assert 4 <= examination.facts.done < 12
    run_and_kill(RECORD, vault.folder, lines=99, seconds=0)
    examination.finish(lab.actor)
    assert [p for p in verify(case) if p.kind != "note"] == []


DIE_IN_RECORD = RECORD.replace(
    "with Vault.open",
    """
import os
import locard.vault.ledger
if sys.argv[2] == "after":
    from sqlalchemy import event
    from sqlalchemy.orm import Session
    event.listen(Session, "after_commit", lambda session: (
        os.kill(os.getpid(), 9) if armed else None))
from locard.vault.examination import Examination
take = Examination._take_artifacts
armed = False
def taken(self, result):
    global armed
    take(self, result)
    armed = True
    if sys.argv[2] == "before":
        os.kill(os.getpid(), 9)
Examination._take_artifacts = taken
with Vault.open""",
    1,
)


@pytest.mark.parametrize(("moment", "done", "notes"), [("before", 0, 3), ("after", 1, 0)])
def test_kill_between_files_and_rows(vault, lab, moment, done, notes):
    """Files go first: killed before the commit they are explained leftovers, after it nothing."""
    vault.create_case("c", "", "", lab.actor)
    case = vault.case("c")
    list(case.add([lab.photographs(2)], actor=lab.actor))
    examination = lab.begin(case)
    command = [sys.executable, "-c", DIE_IN_RECORD, str(vault.folder), moment]
    assert subprocess.run(command, stdout=subprocess.DEVNULL).returncode == -signal.SIGKILL
    assert examination.facts.done == done
    problems = list(verify(case))
    assert [p.kind for p in problems] == ["note"] * notes
    run_and_kill(RECORD, vault.folder, lines=99, seconds=0)
    examination.finish(lab.actor)
    assert list(verify(case)) == []
