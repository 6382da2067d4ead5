"""Writes the JSON schemas of evaluations and calibrations; tests check that they are up to date."""

from __future__ import annotations

import json
from pathlib import Path

from locard.calibration.schema import schema_text
from locard.evaluation.runs.output import schema

FOLDER = Path(__file__).parents[1] / "framework" / "locard" / "schemas"

if __name__ == "__main__":
    evaluation = json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
    (FOLDER / "evaluation.schema.json").write_text(evaluation, encoding="utf-8")
    (FOLDER / "calibration.schema.json").write_text(schema_text(), encoding="utf-8")
