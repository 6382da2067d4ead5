"""Evaluations with made-up scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from calibrating import Scored, catalogue


@pytest.fixture
def write_evaluation(tmp_path: Path) -> Callable[..., Path]:
    """Write what ``locard evaluate`` leaves of one step: its own writer, made-up rows."""

    def write(data: Scored, plugin: str = "double-jpeg", **changes: Any) -> Path:
        from locard.evaluation.results import Results
        from locard.evaluation.rows import Row
        from locard.evaluation.runs.output import write as write_output
        from locard.outcomes import Outcome

        step = catalogue().step(plugin)
        qualities = changes.pop("qualities", [90])
        missing = changes.pop("missing", 0)
        name = changes.pop("name", "lab")
        treatments = changes.pop("treatments", ["none"])
        rows = [
            Row(
                sample=f"{number}.jpg",
                sha256=f"{number:064x}",
                kind="splice" if tampered else "authentic",
                treatment=treatment,
                step="history",
                outcome=Outcome.NOT_DETECTED,
                group=str(group),
                score=None if number < missing else float(score),
                format="JPEG",
                width=96,
                height=80,
                jpeg_quality=qualities[number % len(qualities)],
            )
            for treatment in treatments
            for number, (score, tampered, group) in enumerate(
                zip(data.scores, data.tampered, data.groups, strict=True)
            )
        ]
        kinds = {"authentic": int((~data.tampered).sum()), "splice": int(data.tampered.sum())}
        results = Results(
            created="2026-11-21T12:00:00+00:00",
            environment={},
            command={},
            dataset={
                "name": name,
                "layout": "folder",
                "sha256": f"{abs(hash(name)):064x}"[:64],
                "images": len(data.scores),
                "kinds": kinds,
            },
            pipeline={"name": "p", "version": "1", "steps": []},
            pipeline_sha256="cd" * 32,
            steps=[
                {
                    "name": "history",
                    "plugin": plugin,
                    "version": step.version,
                    "parameters": step.Parameters().model_dump(mode="json"),
                }
            ],
            treatments=treatments,
            subsets=[],
            **changes,
        )
        folder = tmp_path / name
        write_output(results, rows, folder)
        return folder

    return write
