"""The error that models raise."""

from __future__ import annotations

from locard.errors import LocardError


class ModelError(LocardError):
    """A model or its card cannot be used; the message says which file and why."""
