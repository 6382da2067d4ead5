"""Finds cropped photographs by the JPEG grid that a crop moves."""

from __future__ import annotations

from pathlib import Path
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


@hookimpl
def register_detectors(register: Register) -> None:
    """Offer the detector of crops."""
    from locard_kd_crop.detector import KdCrop

    register(KdCrop)


@hookimpl
def register_pipelines(register: Register) -> None:
    """Offer the ``crop`` pipeline."""
    register(Path(__file__).parent / "pipelines" / "crop.toml")
