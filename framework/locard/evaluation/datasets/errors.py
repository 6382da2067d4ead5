"""What is wrong with a data set, said to the user."""

from __future__ import annotations

from locard.errors import LocardError


class DatasetError(LocardError):
    """A data set cannot be used; the message names folder or file and what was expected there."""
