"""Finds spliced regions by traces of cells of 8×8 pixels, each judged against the whole picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locard import hookimpl

if TYPE_CHECKING:
    from locard.plugins import RegisterCommand


@hookimpl
def register_commands(register: RegisterCommand) -> None:
    """Offer ``locard splice``."""
    register("splice", "locard_semi_global.commands:app", "Data sets of spliced photographs.")
