"""Runs a step in a process of its own, to see what it does to the world around it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locard.testing.samples import Sample

if TYPE_CHECKING:
    from locard.detectors import Step

STARTING_SECONDS = 300
"""Patience with imports and the compilation that :meth:`Step.load` may do."""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a step did in a fresh process.

    Attributes:
        died: How the process ended, where it did not end by itself with a report.
        fingerprints: Of the finding on each file that was examined, by the file's name.
        errors: What the step raised, one sentence each.
        network: Attempts to reach a network; each was refused.
        altered: Files of the exhibits that were changed or removed.
        left: New files in the working or temporary folder.
        pixels: Size of the picture on which the rest was measured; 0 where it was not examined.
        cpu_seconds: Processor time of all threads, decoding left out.
        mebibytes: How far memory rose above what the process held before; None where the system
            does not tell.
        measuring_error: What the step raised on the picture on which it was to be measured.
    """

    died: str | None = None
    fingerprints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    pixels: int = 0
    cpu_seconds: float = 0.0
    mebibytes: float | None = None
    measuring_error: str | None = None


def probe(step_class: type[Step], files: Iterable[Sample], large: Sample) -> ProbeReport:
    """Let a step examine files in a fresh process that watches it.

    The process has its own hash seed, working folder and temporary folder.

    Args:
        step_class: Importable by module and name.
        files: Pictures whose findings are compared with those of this process.
        large: Picture on which time and memory are measured.
    """
    with tempfile.TemporaryDirectory(prefix="locard-probe-") as name:
        folder = Path(name)
        for part in ("exhibits", "work", "tmp"):
            (folder / part).mkdir()
        names = [_write(folder / "exhibits", sample) for sample in files]
        order = {
            "step": f"{step_class.__module__}:{step_class.__qualname__}",
            "files": names,
            "large": _write(folder / "exhibits", large),
            "report": str(folder / "report.json"),
        }
        before = _contents(folder / "exhibits")
        died = _run_child(folder, order, _patience(step_class))
        after = _contents(folder / "exhibits")
        return _report(
            folder / "report.json",
            died=died,
            altered=sorted(_short(path) for path in before if after.get(path) != before[path]),
            left=sorted(
                _short(path)
                for path in {**after, **_contents(folder / "work"), **_contents(folder / "tmp")}
                if path not in before
            ),
        )


def _patience(step_class: type[Step]) -> float:
    return STARTING_SECONDS + 10 * max(6.0, step_class.budget.seconds_for(1_000_000))


def _write(folder: Path, sample: Sample) -> str:
    path = folder / sample.name
    path.write_bytes(sample.data)
    return str(path)


def _contents(folder: Path) -> dict[Path, str]:
    """Return a hash of each file, and a mark for each folder, below a folder."""
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _run_child(folder: Path, order: Mapping[str, Any], seconds: float) -> str | None:
    """Run the probe; return how it died, or None."""
    environment = {
        **os.environ,
        # The step's module may lie in a folder that only this process knows of.
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHASHSEED": "4711",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder / "tmp"),
    }
    try:
        child = subprocess.run(
            [sys.executable, "-m", "locard.testing.probe"],
            input=json.dumps(order),
            text=True,
            capture_output=True,
            cwd=folder / "work",
            env=environment,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it was not done after {seconds:.0f} seconds"
    if child.returncode == 0:
        return None
    if child.returncode == -signal.SIGALRM:
        return "it overran the time at which the engine kills a step (see its declared budget)"
    if child.returncode < 0:
        return f"its process was killed by {signal.Signals(-child.returncode).name}"
    lines = child.stderr.strip().splitlines() or [f"exit status {child.returncode}"]
    return f"its process ended early: {lines[-1]}"


def _report(path: Path, *, died: str | None, altered: list[str], left: list[str]) -> ProbeReport:
    if died is None and not path.is_file():
        died = "its process ended without a report"
    found = {} if died else json.loads(path.read_text())
    return ProbeReport(died=died, altered=tuple(altered), left=tuple(left), **found)
