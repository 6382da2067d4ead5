"""Reads a bundle's records, and takes none that Locard would not have written.

A chain that holds proves that nothing was altered since it was made; it says nothing about who made
it. Rows of a foreign bundle become rows of this vault: a time that is none would break every list
of cases, an identifier that is a path would lead to files outside.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import BigInteger, Column, Double, String

from locard.vault.canonical import canonical_json, moment
from locard.vault.models import Base, CanonicalJson, FileName, Moment, Sha256, Uuid

_LONGEST_LINE = 64 << 20
"""In characters; the findings of one step with thousands of regions take less than one."""

_HASH = re.compile(r"[0-9a-f]{64}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Likelihood(BaseModel):
    model_config = ConfigDict(extra="forbid")

    log10_lr: float | None
    bound: Literal["lower", "upper"] | None
    stratum: str | None
    refused: str | None
    explanation: str
    calibration: str


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str | None
    explanation: str | None
    regions: list[dict[str, Any]]
    measurements: dict[str, Any]
    seconds: float
    receipt: dict[str, Any]
    reused: bool
    likelihood: _Likelihood | None = None


class _Pipeline(BaseModel):
    name: str
    version: str
    steps: list[dict[str, Any]]


_Object = dict[str, Any]
_Number = Annotated[int, Field(ge=1)]
_SHAPES: dict[tuple[str, str], Any] = {
    ("ledger", "details"): _Object,
    ("examinations", "environment"): _Object,
    ("examinations", "exhibits"): list[Annotated[list[_Number], Field(min_length=2, max_length=2)]],
    ("results", "totals"): dict[str, dict[str, int]],
    ("findings", "body"): _Body,
    ("artifacts", "kind"): Literal["map", "mask", "picture"],
    ("artifacts", "geometry"): _Object,
}
"""What a column holds where its type does not say it."""


def read_rows(path: Path, table: type[Base], **given: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of records.

    Args:
        path: The file: a row a line, in canonical JSON.
        table: What they are rows of.
        **given: Columns that the file leaves out.

    Raises:
        ValueError: A line is not what Locard writes; names file, line and what is wrong.
        OSError: The file cannot be read.
    """
    number = 1
    with path.open(encoding="ascii", newline="\n") as file:
        try:
            while line := file.readline(_LONGEST_LINE):
                row = _parsed(line) | given
                _check(table, row)
                yield row
                number += 1
        except (RecursionError, TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from None


def _parsed(line: str) -> dict[str, Any]:
    if not line.endswith("\n"):
        raise ValueError("it is cut off, or longer than any that Locard writes")
    row = json.loads(line)
    if not isinstance(row, dict) or canonical_json(row) + "\n" != line:
        raise ValueError("it is no object in canonical JSON")
    return row


def _check(table: type[Base], row: dict[str, Any]) -> None:
    columns = table.metadata.tables[table.__tablename__].c
    if row.keys() != set(columns.keys()):
        odd = ", ".join(sorted(row.keys() ^ set(columns.keys())))
        raise ValueError(f"its columns are not those of the table: {odd}")
    for column in columns:
        value = row[column.name]
        if value is None and column.nullable:
            continue
        try:
            _check_value(column, value)
        except ValidationError as error:
            raise ValueError(f"{column.name}: {error.errors()[0]['msg']}") from None
        except (TypeError, ValueError) as error:
            raise ValueError(f"{column.name}: {error}") from None
    if "pipeline" in row:
        _check_pipeline(row)


def _check_value(column: Column[Any], value: Any) -> None:
    kind = column.type
    shape = _SHAPES.get((column.table.name, column.name))
    if shape is not None:
        _adapter(column.table.name, column.name).validate_python(value, strict=True)
    elif isinstance(kind, BigInteger):
        if type(value) is not int or not 0 <= value < 1 << 63:
            raise ValueError("it is no natural number")
    elif isinstance(kind, Double):
        if type(value) is not float:
            raise ValueError("it is no number with a decimal point")
    elif isinstance(kind, CanonicalJson):
        raise ValueError(f"no shape is known for {column}")
    else:
        _check_text(kind, value)


@cache
def _adapter(table: str, column: str) -> TypeAdapter[Any]:
    return TypeAdapter(_SHAPES[table, column])


def _check_text(kind: Any, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError("it is no text")
    if isinstance(kind, FileName):
        return
    if kind is Sha256 and not _HASH.fullmatch(value):
        raise ValueError(f"{value[:80]!r} is no SHA-256")
    if kind is Uuid and not _UUID.fullmatch(value):
        raise ValueError(f"{value[:80]!r} is no identifier")
    if kind is Moment:
        moment(value)
    if isinstance(kind, String) and kind.length is not None and len(value) > kind.length:
        raise ValueError(f"it has more than {kind.length} characters")


def _check_pipeline(row: dict[str, Any]) -> None:
    if hashlib.sha256(row["pipeline"].encode()).hexdigest() != row["pipeline_sha256"]:
        raise ValueError("pipeline: it does not have the hash beside it")
    try:
        _Pipeline.model_validate_json(row["pipeline"], strict=True)
    except ValidationError as error:
        raise ValueError(f"pipeline: {error.errors()[0]['msg']}") from None
