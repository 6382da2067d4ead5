"""The card of a block-evidence network."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from locard.training.macs import count_macs, count_parameters
from locard_registry import Card, Data, Macs, ModelFile, Tensor
from locard_semi_global.evidence.channels import CHANNELS, IDENTITY
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.model_writing import Exported, training_of, write_model
from locard_semi_global.network.exporting import sample, to_onnx
from locard_semi_global.training.preparing import network_of

if TYPE_CHECKING:
    from locard_registry.about import About
    from locard_semi_global.network.localiser_network import BlockEvidenceNetwork

NAME = "semi-global"
_MEGAPIXEL = (120, 128)  # cells of 983,040 pixels


def export(run: Path, about: About, models: Path, version: str) -> Exported:
    """Write the model of a run: ONNX file and card; thresholds and figures come from evaluation.

    Args:
        run: Folder of a block-evidence network's training.
        about: What only the maker knows.
        models: Folder of models; the model goes to ``models/semi-global/version``.
        version: Of the model.

    Raises:
        LocardError: The run cannot be used, there is such a model, or the folder cannot be written.
    """
    network = network_of(run)

    def card_of(files: tuple[ModelFile, ...]) -> Card:
        return _card(run, network, version, about, files)

    return write_model(models / NAME / version, {"model.onnx": to_onnx(network)}, card_of)


def _card(
    run: Path,
    network: BlockEvidenceNetwork,
    version: str,
    about: About,
    files: tuple[ModelFile, ...],
) -> Card:
    channels = len(CHANNELS)
    evidence, medians, spreads, groups = sample(*_MEGAPIXEL)
    rows, columns = _MEGAPIXEL
    return Card(
        name=NAME,
        version=version,
        created=date.today(),
        licence=about.licence,
        purpose=about.purpose,
        made_by=about.made_by,
        parameters=count_parameters(network),
        limits=about.limits,
        requires=dict(IDENTITY),
        macs=Macs(
            value=count_macs(network, evidence, medians, spreads, groups[:1]),
            at=f"{rows} × {columns} cells, {rows * columns * 64 / 1e6:.2f} megapixels",
        ),
        data=Data(photographs=about.photographs, commands=about.commands, seeds=about.seeds),
        training=training_of(run),
        files=files,
        inputs=(
            _tensor("evidence", (1, channels, "h", "w"), "all channels in cells of 8×8 pixels"),
            _tensor("medians", (1, channels), "of each channel over the whole picture"),
            _tensor("spreads", (1, channels), "1.4826 times its median absolute deviation"),
            _tensor(
                "groups", ("n", len(GROUPS)), "1 where a group of traces is to be seen, else 0"
            ),
        ),
        outputs=(
            _tensor("logits", ("n", "2 h", "2 w"), "of 4×4 pixels being foreign, for each answer"),
        ),
    )


def _tensor(name: str, shape: tuple[int | str, ...], meaning: str) -> Tensor:
    return Tensor(name=name, dtype="float32", shape=shape, meaning=meaning)
