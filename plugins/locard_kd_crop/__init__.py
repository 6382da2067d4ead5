"""Finds cropped photographs by the JPEG grid that a crop moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locard import hookimpl

if TYPE_CHECKING:
    from locard.plugins import Register, RegisterCommand


@hookimpl
def register_commands(register: RegisterCommand) -> None:
    """Offer ``locard crop``."""
    register("crop", "locard_kd_crop.commands:app", "Data sets of cropped photographs.")


@hookimpl
def register_layouts(register: Register) -> None:
    """Offer the layout of the data sets."""
    from locard_kd_crop.datasets.layout import CropPairs

    register(CropPairs)
