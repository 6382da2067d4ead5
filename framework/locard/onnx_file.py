"""Looks into an ONNX file without running it: is it one, whole in itself, and for which opset.

Neither the onnx package nor a protobuf library is needed to run a model, so that the few fields
that matter are read here from the wire format itself.

Formats: ONNX IR specification, ``onnx.proto`` (field numbers); Protocol Buffers, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator

from locard.errors import LocardError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_PARTS = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse tensor",
        23: "sparse tensor",
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
    "function": {7: "node", 11: "attribute"},
    "training": {1: "graph", 2: "graph"},
}
"""Where tensors can lie: by kind of message, its fields that are messages of a kind."""

_TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION = 13, 14
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_MODEL_IR_VERSION, _MODEL_GRAPH = 1, 7
_OWN_DOMAINS = (b"", b"ai.onnx")


class ModelError(LocardError):
    """A model or its card cannot be used; the message says which file and why."""


def check_onnx(data: bytes, source: str) -> int:
    """Check that bytes are an ONNX model that needs no other file.

    Args:
        data: Content of the file.
        source: Names it in errors.

    Returns:
        Version of the ONNX operator set that it imports.

    Raises:
        ModelError: It is no ONNX model, or keeps weights in other files.
    """
    try:
        return _check(memoryview(data), source)
    except _NotProtobufError as error:
        raise ModelError(
            f"{source} is no ONNX model: {error}", "Models are ONNX files, and nothing else."
        ) from None


class _NotProtobufError(ValueError):
    """The bytes do not follow the wire format."""


def _check(data: memoryview, source: str) -> int:
    opset: int | None = None
    seen: set[int] = set()
    todo = [("model", data)]
    while todo:
        kind, message = todo.pop()
        fields = list(_fields(message))
        if kind == "model":
            seen = {number for number, _ in fields}
        elif kind == "opset":
            version = _opset(fields)
            opset = opset if version is None else version
        elif kind == "tensor" and _is_external(fields):
            raise ModelError(
                f"{source} keeps weights in another file, which no hash of it covers",
                "Export the model again with its weights inside.",
            )
        parts = _PARTS.get(kind, {})
        for number, value in fields:
            if number in parts:
                if isinstance(value, int):
                    raise _NotProtobufError(f"field {number} of a {kind} is a number")
                todo.append((parts[number], value))
    if not {_MODEL_IR_VERSION, _MODEL_GRAPH} <= seen or opset is None:
        raise _NotProtobufError("it has no version, no graph or no operator set")
    return opset


def _opset(fields: list[tuple[int, int | memoryview]]) -> int | None:
    """Return the version of an operator set that is ONNX's own; None of another."""
    domain, version = b"", 0
    for number, value in fields:
        if number == _OPSET_DOMAIN and not isinstance(value, int):
            domain = bytes(value)
        elif number == _OPSET_VERSION and isinstance(value, int):
            version = value
    return version if domain in _OWN_DOMAINS else None


def _is_external(fields: list[tuple[int, int | memoryview]]) -> bool:
    return any(
        number == _TENSOR_EXTERNAL_DATA or (number == _TENSOR_DATA_LOCATION and value != 0)
        for number, value in fields
    )


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field of a message."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise _NotProtobufError("there is a field without a number")
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == _BYTES:
            size, at = _varint(message, at)
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            raise _NotProtobufError(f"there is a field of unknown type {wire}")
        if size > end - at:
            raise _NotProtobufError("it is cut off")
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place behind it."""
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise _NotProtobufError("it is cut off, or has a number that is too long")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
