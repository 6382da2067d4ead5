"""The JSON schema of calibration files, as ``schemas/calibration.schema.json`` publishes it."""

from __future__ import annotations

import json

from locard.calibration.calibration import FORMAT, Calibration


def schema_text() -> str:
    """Return the text of the schema file, which ``docs/generate_schema.py`` writes."""
    schema = Calibration.model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"locard:{FORMAT.removeprefix('locard-')}",
    }
    return json.dumps({**head, **schema}, indent=2) + "\n"
