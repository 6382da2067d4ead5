"""A JSON schema of parameters, as rows of a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_BOUNDS = (
    ("minimum", "≥ "),
    ("exclusiveMinimum", "> "),
    ("maximum", "≤ "),
    ("exclusiveMaximum", "< "),
    ("multipleOf", "multiple of "),
    ("minLength", "length ≥ "),
    ("maxLength", "length ≤ "),
    ("minItems", "items ≥ "),
    ("maxItems", "items ≤ "),
    ("pattern", "matches "),
)


def parameter_rows(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield name, type, default, range and description of each parameter.

    Args:
        schema: What ``Parameters.model_json_schema()`` returns.
    """
    definitions = schema.get("$defs", {})
    for name, field in schema.get("properties", {}).items():
        alternatives = list(_alternatives(field, definitions))
        yield (
            name,
            " or ".join(_type(alternative) for alternative in alternatives),
            json.dumps(field["default"]) if "default" in field else "required",
            " or ".join(filter(None, (_range(alternative) for alternative in alternatives))),
            field.get("description", ""),
        )


def _alternatives(
    field: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Yield the plain schemas that a field may match."""
    if "$ref" in field:
        yield from _alternatives(definitions[field["$ref"].rpartition("/")[2]], definitions)
    elif "anyOf" in field:
        for alternative in field["anyOf"]:
            yield from _alternatives(alternative, definitions)
    else:
        yield field


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return "choice"
    kind = str(schema.get("type", "any"))
    return "list" if kind == "array" else kind


def _range(schema: Mapping[str, Any]) -> str:
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if choices:
        return ", ".join(json.dumps(choice) for choice in choices)
    return ", ".join(f"{sign}{schema[key]}" for key, sign in _BOUNDS if key in schema)
