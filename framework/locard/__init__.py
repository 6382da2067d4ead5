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
    from locard.errors import ImageError as ImageError
    from locard.errors import LocardError as LocardError
    from locard.findings import Finding as Finding
    from locard.findings import HeatMap as HeatMap
    from locard.findings import Region as Region
    from locard.hookspecs import hookimpl as hookimpl
    from locard.image import Image as Image
    from locard.outcomes import Outcome as Outcome

__version__ = "0.1.0"

_HOMES = {
    "Budget": "locard.detectors",
    "Detector": "locard.detectors",
    "Finding": "locard.findings",
    "HeatMap": "locard.findings",
    "Image": "locard.image",
    "ImageError": "locard.errors",
    "LocardError": "locard.errors",
    "ModelReference": "locard.detectors",
    "Needs": "locard.detectors",
    "Outcome": "locard.outcomes",
    "Parameters": "locard.detectors",
    "Refiner": "locard.detectors",
    "Region": "locard.findings",
    "hookimpl": "locard.hookspecs",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'locard' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
