"""Finds spliced regions by traces of cells of 8×8 pixels, each judged against the whole picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from locard import hookimpl

if TYPE_CHECKING:
    from locard.plugins import Register, RegisterCommand


@hookimpl
def register_commands(register: RegisterCommand) -> None:
    """Offer ``locard splice``."""
    register("splice", "locard_semi_global.commands:app", "Data sets of spliced photographs.")


@hookimpl
def register_detectors(register: Register) -> None:
    """Offer the localiser of splices."""
    from locard_semi_global.detector import SemiGlobal

    register(SemiGlobal)


@hookimpl
def register_pipelines(register: Register) -> None:
    """Offer the ``splice`` pipeline."""
    register(Path(__file__).parent / "pipelines" / "splice.toml")
