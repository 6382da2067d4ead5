"""The libraries of the extra ``train``, and what to say where they are missing."""

from __future__ import annotations

from importlib.util import find_spec

from locard.errors import LocardError

_LIBRARIES = ("matplotlib", "onnx", "safetensors", "torch")
_HINT = "Install it with: pip install 'locard[train]'"


def require_libraries() -> None:
    """Check that all is there that training needs; commands call it before they load any of it.

    Raises:
        LocardError: Names what is missing, and how to install it.
    """
    absent = [name for name in _LIBRARIES if find_spec(name) is None]
    if absent:
        raise LocardError(f"training needs what is not installed: {', '.join(absent)}", _HINT)


def missing(error: ImportError) -> LocardError:
    """Return the error for a library that cannot be loaded."""
    return LocardError(
        f"training needs {error.name or 'a library'}, which cannot be loaded: {error}", _HINT
    )
