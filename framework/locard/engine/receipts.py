"""Receipts: everything it takes to run a step again and get the same finding."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from locard import __version__

if TYPE_CHECKING:
    from locard.engine.tasks import PlannedStep
    from locard.plugins import Catalogue

THREADS_VARIABLE = "NUMBA_NUM_THREADS"
_PACKAGES = (
    "jpeglib",
    "llvmlite",
    "numba",
    "numpy",
    "onnxruntime",
    "pillow",
    "pydensecrf2",
    "PyWavelets",
    "scipy",
    "tifffile",
)


@cache
def environment() -> Mapping[str, Any]:
    """Return the software and hardware that findings are made with."""
    return {
        "locard": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "packages": {name: version for name in _PACKAGES if (version := _version_of(name))},
    }


def _version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def receipt(step: PlannedStep, plugins: Catalogue, **facts: Any) -> dict[str, Any]:
    """Return the receipt of a step.

    Args:
        step: As it was planned.
        plugins: The plugins of the process that ran it.
        **facts: What only that process knows: times, models, memory, notes of the decoder.
    """
    plugin = plugins.step(step.plugin)
    owner = plugins.owner_of(step.plugin)
    return {
        "step": step.name,
        "plugin": step.plugin,
        "plugin_version": plugin.version,
        "distribution": owner.distribution,
        "distribution_version": owner.version,
        "parameters": dict(step.parameters),
        "limits": asdict(step.limits),
        "input": step.input,
        "environment": environment(),
        **({"calibration": step.calibration["sha256"]} if step.calibration else {}),
        **facts,
    }
