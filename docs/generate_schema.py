"""Writes the JSON schema of ``results.json``; a test checks that it is up to date."""

from __future__ import annotations

import json
from pathlib import Path

from locard.evaluation.runs.output import schema

TARGET = Path(__file__).parents[1] / "framework" / "locard" / "schemas" / "evaluation.schema.json"

if __name__ == "__main__":
    TARGET.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
