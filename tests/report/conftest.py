"""A small case by hand: real photographs, real artifacts, hostile names."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image as Pillow

from locard.engine.artifacts import write_artifacts
from locard.engine.records import FindingRecord
from locard.findings import Finding, HeatMap, Region
from locard.report.model import (
    Chain,
    ExhibitFindings,
    JpegFacts,
    Measurement,
    Method,
    QuantisationTable,
    Report,
    ReportExamination,
    ReportExhibit,
    ReportFinding,
    Software,
    Verification,
)
from locard.vault.facts import CaseFacts, LedgerEntry

PHOTOGRAPHS = Path(skimage.__file__).parent / "data"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAYLOAD = "document.documentElement.setAttribute('data-broken-out', 'yes')"
HOSTILE = (
    f"<script>{PAYLOAD}</script>",
    f'"><img src=x onerror="{PAYLOAD}">\'.jpg',
    "</style></title><svg onload=" + PAYLOAD.replace(" ", "") + ">",
    "holiday\u202egpj.exe",
    "two\nlines\r\ttabs\x00\x1b[31m.jpg",
    "undecodable-\udcff\udcfe.jpg",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "x" * 250 + ".jpg",
    "תמונה.jpg",
)
STEPS = (
    {"name": "grid", "plugin": "jpeg-grid"},
    {"name": "history", "plugin": "double-jpeg"},
    {"name": "history-refined", "plugin": "dense-crf", "input": "history"},
)


def record(folder: Path, step: str, plugin: str, finding: Finding) -> FindingRecord:
    """Return a finding as the engine hands it over, its artifacts written into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    return FindingRecord(
        step=step,
        plugin=plugin,
        plugin_version="1.0",
        outcome=finding.outcome,
        score=finding.score,
        reason=finding.reason,
        explanation=finding.explanation,
        regions=tuple(
            {"x": r.x, "y": r.y, "width": r.width, "height": r.height, "label": r.label, "score": 1}
            for r in finding.regions
        ),
        measurements=dict(finding.measurements),
        artifacts=write_artifacts(finding, step, folder),
        seconds=0.25,
        receipt={"parameters": {"window": 9}, "environment": {"python": "3.11"}, "models": []},
    )


def reported(record: FindingRecord, input_step: str | None = None) -> ReportFinding:
    """Return a record as a report holds it."""
    measurements = tuple(
        Measurement(name, value, f"Meaning of {name}.")
        for name, value in record.measurements.items()
    )
    return ReportFinding(record, NOON, measurements, input_step)


def photograph_exhibit(label: str, path: Path, names: Sequence[str], **more: object):
    """Return an exhibit of a real file."""
    data = path.read_bytes()
    with Pillow.open(path) as picture:
        width, height = picture.size
        kind = picture.format
    return ReportExhibit(
        label=label,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        names=tuple(names),
        path=path,
        format=kind,
        width=width,
        height=height,
        added_at=NOON,
        **more,
    )


def _chains(folder: Path, exhibit: ReportExhibit) -> tuple[Chain, ...]:
    width, height = exhibit.width, exhibit.height
    cells = np.zeros((height // 8, width // 8), dtype=np.float32)
    cells[2:6, 3:9] = 0.9
    coarse = HeatMap(cells, cell=8)
    grid = Finding.detected(
        12.5,
        f"Two grids. {HOSTILE[0]}",
        regions=(Region(24, 16, 48, 32, f"foreign grid {HOSTILE[1]}"),),
        measurements={
            "main_grid": [3, 5],
            HOSTILE[1]: HOSTILE[0],
            "log_nfa": -6373.7199,
            "periods": [{"index": index, "period": 20 - index} for index in range(12)],
        },
        pictures={"votes": np.full((height, width, 3), 90, dtype=np.uint8)},
    )
    history = Finding.detected(
        0.9, "Compressed twice.", map=coarse, mask=coarse.at_pixels(height, width) > 0.5
    )
    refined = Finding.detected(0.9, "Drawn to edges.", map=HeatMap(coarse.at_pixels(height, width)))
    return (
        Chain(reported(record(folder, "grid", "jpeg-grid", grid))),
        Chain(
            reported(record(folder, "history", "double-jpeg", history)),
            (reported(record(folder, "history-refined", "dense-crf", refined), "history"),),
        ),
    )


def _failed_chains(folder: Path) -> tuple[Chain, ...]:
    failed = Finding.failed("not-an-image", "The file is not an image that Locard reads.")
    first, *rest = (
        reported(record(folder, step["name"], step["plugin"], failed), step.get("input"))
        for step in STEPS
    )
    return Chain(first), Chain(rest[0], (rest[1],))


def make_ledger(length: int) -> tuple[LedgerEntry, ...]:
    """Return a chain of entries, hashed somehow."""
    entries, previous = [], hashlib.sha256(b"case").hexdigest()
    for number in range(1, length + 1):
        digest = hashlib.sha256(previous.encode()).hexdigest()
        entries.append(
            LedgerEntry(number, NOON, "examiner", "exhibit.added", "E0001", {}, previous, digest)
        )
        previous = digest
    return tuple(entries)


def make_report(folder: Path, photographs: Sequence[Path]) -> Report:
    """Return a report on photographs, the first under hostile names, and on a broken file."""
    exhibits, results = [], []
    for number, path in enumerate(photographs, start=1):
        label = f"E{number:04d}"
        exhibit = photograph_exhibit(
            label,
            path,
            HOSTILE if number == 1 else [f"/card/{path.name}"],
            jpeg=JpegFacts(
                88, True, "4:2:0", "baseline", (QuantisationTable(0, ((16,) * 8,) * 8),)
            ),
            metadata=tuple((f"Tag {place}", text) for place, text in enumerate(HOSTILE)),
            notes=(HOSTILE[2],),
        )
        exhibits.append(exhibit)
        results.append(ExhibitFindings(label, _chains(folder / label, exhibit)))
    label = f"E{len(exhibits) + 1:04d}"
    exhibits.append(
        ReportExhibit(label, "0" * 64, 17, ("notes.jpg",), None, None, None, None, NOON)
    )
    results.append(ExhibitFindings(label, _failed_chains(folder / label)))
    ledger = make_ledger(4)
    return Report(
        case=CaseFacts("c" * 36, HOSTILE[2], HOSTILE[1], HOSTILE[0], NOON),
        generated_at=NOON,
        software=(Software("Locard", "0.1.0"),),
        exhibits=tuple(exhibits),
        examinations=(
            ReportExamination(
                number=1,
                id="e" * 36,
                pipeline={"name": "quick", "version": "1", "steps": STEPS},
                pipeline_sha256="ab" * 32,
                environment={"python": "3.11"},
                actor=HOSTILE[0],
                started_at=NOON,
                finished_at=NOON,
                planned=len(exhibits),
                results=tuple(results),
            ),
        ),
        methods=(
            Method("jpeg-grid", ("1.0",), "1.0", "Grids.", "ZERO.", "Flat areas.", "Natural log."),
            Method("double-jpeg", ("1.0",), "1.1", "History.", limits="One in 64."),
            Method("dense-crf", ("1.0",), None),
        ),
        ledger=ledger,
        ledger_head=ledger[-1].hash,
        verification=Verification(NOON, ()),
    )


@pytest.fixture(scope="session")
def hostile() -> tuple[str, ...]:
    """Names that try to break out of what shows them."""
    return HOSTILE


@pytest.fixture(scope="session")
def payload() -> str:
    """JavaScript that leaves a mark on the document when it is run."""
    return PAYLOAD


@pytest.fixture(scope="session")
def report_on() -> Callable[[Path, Sequence[Path]], Report]:
    """Make a report on photographs, with artifacts in a folder."""
    return make_report


@pytest.fixture(scope="session")
def small_photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real JPEG, reduced so that tests stay quick."""
    path = tmp_path_factory.mktemp("photographs") / "rocket.jpg"
    with Pillow.open(PHOTOGRAPHS / "rocket.jpg") as picture:
        picture.resize((200, 136)).save(path, quality=88)
    return path


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, small_photograph: Path) -> Report:
    return make_report(tmp_path_factory.mktemp("findings"), [small_photograph] * 2)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run headless Chromium on a file, and return what it prints (``--dump-dom``)."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--virtual-time-budget=2000",
    ]
    profile = f"--user-data-dir={tmp_path_factory.mktemp('profile')}"

    def run(path: Path, *more: str) -> str:
        command = [program, *options, profile, *more, path.as_uri()]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    return run
