"""Locard: forensic image examination.

Everything a plugin needs is importable from here; each name is loaded when it is first used, so
``import locard`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locard.detectors import Budget as Budget
    from locard.detectors import Detector as Detector
    from locard.detectors import ModelReference as ModelReference
    from locard.detectors import Needs as Needs
    from locard.detectors import Parameters as Parameters
    from locard.detectors import Refiner as Refiner
    from locard.detectors import Step as Step
    from locard.detectors import Unmet as Unmet
    from locard.engine.events import Examined as Examined
    from locard.engine.events import Finished as Finished
    from locard.engine.events import Started as Started
    from locard.engine.executor import Executor as Executor
    from locard.engine.executor import WorkerDied as WorkerDied
    from locard.errors import ImageError as ImageError
    from locard.errors import LocardError as LocardError
    from locard.errors import PluginError as PluginError
    from locard.evaluation.datasets import DatasetError as DatasetError
    from locard.evaluation.datasets import Layout as Layout
    from locard.evaluation.datasets import Sample as Sample
    from locard.findings import Finding as Finding
    from locard.findings import HeatMap as HeatMap
    from locard.findings import Region as Region
    from locard.hookspecs import hookimpl as hookimpl
    from locard.image import Header as Header
    from locard.image import Image as Image
    from locard.image import JpegStructure as JpegStructure
    from locard.image import Metadata as Metadata
    from locard.outcomes import Outcome as Outcome
    from locard.plugins import Register as Register
    from locard.plugins import RegisterCommand as RegisterCommand
    from locard.report.exporter import Exporter as Exporter

__version__ = "0.1.0"

_HOMES = {
    "Budget": "locard.detectors",
    "DatasetError": "locard.evaluation.datasets.errors",
    "Detector": "locard.detectors",
    "Examined": "locard.engine.events",
    "Executor": "locard.engine.executor",
    "Exporter": "locard.report.exporter",
    "Finding": "locard.findings",
    "Finished": "locard.engine.events",
    "Header": "locard.image",
    "HeatMap": "locard.findings",
    "Image": "locard.image",
    "ImageError": "locard.errors",
    "JpegStructure": "locard.image",
    "Layout": "locard.evaluation.datasets.base",
    "LocardError": "locard.errors",
    "Metadata": "locard.image",
    "ModelReference": "locard.detectors",
    "Needs": "locard.detectors",
    "Outcome": "locard.outcomes",
    "Parameters": "locard.detectors",
    "PluginError": "locard.errors",
    "Refiner": "locard.detectors",
    "Region": "locard.findings",
    "Register": "locard.plugins",
    "RegisterCommand": "locard.plugins",
    "Sample": "locard.evaluation.datasets.base",
    "Started": "locard.engine.events",
    "Step": "locard.detectors",
    "Unmet": "locard.detectors",
    "WorkerDied": "locard.engine.executor",
    "hookimpl": "locard.hookspecs",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'locard' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
