"""Networks from configs and from the folders of runs."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from locard.errors import LocardError
from locard.text import printable
from locard.training.config import load_table, read
from locard.training.run_folder import RunFolder
from locard.training.weights import load_weights
from locard_kd_crop.pixel.config import PixelConfig, StudentConfig, TeacherConfig
from locard_kd_crop.pixel.efficientnet import EfficientNet
from locard_kd_crop.pixel.folded import FoldedStudent
from locard_kd_crop.pixel.students import SIZES, Student

_CONFIGS: dict[str, type[PixelConfig]] = {
    "pixel-teacher": TeacherConfig,
    "pixel-student": StudentConfig,
}


def build(config: PixelConfig) -> nn.Module:
    """Return a network with random weights from torch's global generator."""
    if isinstance(config, TeacherConfig):
        return EfficientNet(config.classes, no_stride=config.no_stride, post_stem=config.post_stem)
    if isinstance(config, StudentConfig) and config.size == "folded":
        return FoldedStudent(config.classes)
    if isinstance(config, StudentConfig):
        return Student(SIZES[config.size], config.classes, learned_stem=config.learned_stem)
    raise TypeError(f"{type(config).__name__} is not the config of a pixel network")


def from_run(folder: Path) -> tuple[nn.Module, PixelConfig]:
    """Return the best network of a run, in evaluation mode, and its config.

    Args:
        folder: Of a run of a pixel network.

    Raises:
        LocardError: It is not the folder of such a run, or has no weights yet.
    """
    run = RunFolder(folder)
    try:
        kind = str(load_table(run.config.read_text("utf-8")).get("kind"))
    except (OSError, ValueError):
        kind = ""
    if kind not in _CONFIGS:
        raise LocardError(
            f"{printable(str(folder))} is not the run of a pixel network: its {run.config.name} "
            f"does not say kind = {' or '.join(_CONFIGS)}",
            "Give the folder that a training of one made.",
        )
    config = read(run.config, _CONFIGS[kind])
    network = build(config)
    load_weights(network, run.best)
    return network.eval(), config
