"""Errors that are meant for the user.

Each says what was wrong, with what, and what to do next. The command line prints them without a
traceback and exits with :attr:`LocardError.exit_code`; anything else that escapes is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class ExitCode(IntEnum):
    """What the process says to the shell."""

    OK = 0
    ATTENTION = 1
    """The command finished, and found something that must be looked at: a failed finding, an
    unreadable file, a difference in a verification or replay."""
    USAGE = 2
    """The command, a parameter, a pipeline or a name was wrong; nothing was done."""
    VAULT = 3
    """The vault cannot be used: locked, read-only, full, damaged or from a newer version."""
    BUG = 70
    """An error that Locard did not expect."""
    INTERRUPTED = 130


class LocardError(Exception):
    """An error that the user can act on.

    Args:
        message: What was wrong, and with what.
        hint: What to do next, if there is something to do.
        details: What the message announces, item by item: each gets a line.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(
        self, message: str, hint: str | None = None, *, details: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """Message, details and hint, one a line."""
        details = (f"  {detail}" for detail in self.details)
        return (self.message, *details, *([self.hint] if self.hint else ()))

    @property
    def sentences(self) -> str:
        """Message and hint as running text on one line, which is how findings carry them."""
        message = " ".join((self.message, "; ".join(self.details))).rstrip()
        if not self.hint:
            return message
        stop = "" if message.endswith((".", "!", "?")) else "."
        return f"{message}{stop} {self.hint}"


class PluginError(LocardError):
    """A plugin is unknown, did not load, or breaks the contract."""


class PipelineError(LocardError):
    """A pipeline file is wrong; the message names file, step and key."""


class ImageError(LocardError):
    """A file is not an image that Locard can read.

    Args:
        reason: Machine-readable reason, which the finding carries: ``empty``, ``not-an-image``,
            ``truncated``, ``corrupt``, ``too-large``, ``unsupported``.
        message: What was wrong, and with what.
        hint: What to do next.
    """

    exit_code = ExitCode.ATTENTION

    def __init__(self, reason: str, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.reason = reason

    def __reduce__(self) -> tuple[type[ImageError], tuple[str, str, str | None]]:
        return type(self), (self.reason, self.message, self.hint)


class VaultError(LocardError):
    """The vault cannot be used."""

    exit_code = ExitCode.VAULT


def words_of(error: ValidationError) -> str:
    """Return what is wrong with the fields of a pydantic model, by name, on one line."""
    sentences = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        words = problem["msg"].removeprefix("Value error, ")
        sentences.append(f"{where}: {words}" if where else words)
    return "; ".join(sentences)
