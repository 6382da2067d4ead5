"""Detectors that need no training, one file each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from locard import hookimpl

if TYPE_CHECKING:
    from locard.plugins import Register


@hookimpl
def register_detectors(register: Register) -> None:
    """Offer the trace detectors."""
    from locard_traces.blk import Blk
    from locard_traces.cfa import Cfa
    from locard_traces.double_jpeg import DoubleJpeg
    from locard_traces.ela import Ela
    from locard_traces.frame_metadata import FrameMetadata
    from locard_traces.ghost import Ghost
    from locard_traces.jpeg_grid import JpegGrid
    from locard_traces.nadq import Nadq
    from locard_traces.noise import Noise
    from locard_traces.noisesniffer import Noisesniffer
    from locard_traces.splicebuster import Splicebuster

    jpeg = (JpegGrid, DoubleJpeg, Nadq, Blk, Ghost, Ela)
    for detector in (*jpeg, Noise, Noisesniffer, Splicebuster, Cfa, FrameMetadata):
        register(detector)


@hookimpl
def register_pipelines(register: Register) -> None:
    """Offer the ``quick`` and ``classical`` pipelines."""
    for name in ("quick", "classical"):
        register(Path(__file__).parent / "pipelines" / f"{name}.toml")
