"""Calibrations by hand, and scores with known answers."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from locard.calibration import Calibration
from locard.calibration.fitting import Scored
from locard.image import Header
from locard.plugins import catalogue
from locard.testing import jpeg, photograph


def locard(*words: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as the program does, in this process: starting one takes longer than the rest.

    Returns:
        What a process would leave behind.
    """
    from locard.cli import main

    out, err, code = io.StringIO(), io.StringIO(), 0
    argv = ["locard", *map(str, words)]
    with chdir(folder), redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", argv):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(argv, code, out.getvalue(), err.getvalue())


def stratum(name: str = "all images", **changes: Any) -> dict[str, Any]:
    """Return a stratum: log10 LR = score, bounded to ±1, for JPEG files."""
    return {
        "name": name,
        "conditions": {"formats": ["JPEG"]},
        "tampered": 30,
        "authentic": 30,
        "mapping": {"method": "logistic", "slope": 1.0, "intercept": 0.0},
        "bounds": {"lower": -1.0, "upper": 1.0},
        "performance": {"cllr": 0.5, "cllr_min": 0.4, "folds": 5},
        **changes,
    }


def calibration(
    plugin: str = "double-jpeg", *strata: Mapping[str, Any], **changes: Any
) -> Calibration:
    """Return a calibration of an installed detector with its default parameters."""
    step = catalogue().step(plugin)
    return Calibration.sealed(
        **{
            "created": "2026-11-21T12:00:00+00:00",
            "locard": "0.1.0",
            "detector": {
                "plugin": plugin,
                "version": step.version,
                "parameters": step.Parameters().model_dump(mode="json"),
            },
            "dataset": {
                "name": "lab",
                "layout": "folder",
                "sha256": "ab" * 32,
                "images": {"authentic": 30, "splice": 30},
                "leaks": [],
            },
            "hypotheses": {"h1": "it was made up", "h2": "it was not"},
            "strata": strata or (stratum(),),
            **changes,
        }
    )


def header(quality: int = 90, height: int = 80, width: int = 96) -> Header:
    """Return the header of a real JPEG."""
    from locard.image import read_header

    return read_header(jpeg(photograph(height, width), quality=quality))


def scored(
    tampered: int, authentic: int, shift: float = 2.0, seed: int = 0, sources: int | None = None
) -> Scored:
    """Return normal scores, tampered ones ``shift`` higher."""
    generator = np.random.default_rng(seed)
    labels = np.arange(tampered + authentic) < tampered
    scores = generator.normal(np.where(labels, shift, 0.0), 1.0)
    numbers = np.arange(labels.size) % (sources or labels.size)
    return Scored(scores, labels, np.array([f"s{number}" for number in numbers]))


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Alter a JSON file as somebody with an editor would."""
    plain = json.loads(path.read_text())
    change(plain)
    path.write_text(json.dumps(plain))
