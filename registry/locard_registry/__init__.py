"""The model catalogue: ``models/<name>/<version>/model.onnx`` beside its ``card.toml``."""

from __future__ import annotations

from locard.onnx_file import ModelError
from locard_registry.card import (
    CalibrationFile,
    Card,
    Comparison,
    Data,
    Figure,
    Latency,
    Macs,
    ModelFile,
    Tensor,
    Threshold,
    Training,
    describe_calibration,
    describe_file,
)
from locard_registry.loading import Entry, Model, catalogue, load
from locard_registry.places import newest, roots
from locard_registry.verifying import differences, hashes_of
from locard_registry.writing import write_card

__all__ = [
    "CalibrationFile",
    "Card",
    "Comparison",
    "Data",
    "Entry",
    "Figure",
    "Latency",
    "Macs",
    "Model",
    "ModelError",
    "ModelFile",
    "Tensor",
    "Threshold",
    "Training",
    "catalogue",
    "describe_calibration",
    "describe_file",
    "differences",
    "hashes_of",
    "load",
    "newest",
    "roots",
    "write_card",
]
