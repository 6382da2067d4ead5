"""From a run of a patch network to a model of the registry."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from locard.training.config import read
from locard.training.macs import count_macs
from locard.training.run_folder import RunFolder
from locard_registry import Card, Data, Macs, ModelFile, Tensor
from locard_registry.about import About
from locard_semi_global.model_writing import Exported, training_of, write_model
from locard_semi_global.paper.config import PatchConfig
from locard_semi_global.paper.exporting import inputs_of, to_onnx
from locard_semi_global.paper.localising import GLOBAL_FILE, IDENTITY
from locard_semi_global.paper.networks import PatchNetwork, SemiGlobal, trained_parameters
from locard_semi_global.paper.preparing import network_named, network_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEANINGS: Final[Mapping[str, str]] = {
    "patches": "RGB of patches of 64×64 pixels, 0 to 1",
    "features": "what global.onnx says of the patch's whole picture",
    "mask": "logarithms of the probabilities that a pixel is authentic, and that it is spliced",
    "label": "the same of the patch: spliced where more than 7/8 of it are",
}


def export(run: Path, about: About, models: Path, version: str) -> Exported:
    """Write the model of a run: ONNX files and card; thresholds and figures come from evaluation.

    Args:
        run: Folder of the training of ``sgn-paper`` or ``jcs``.
        about: What only the maker knows.
        models: Folder of models; the model goes to ``models/NETWORK/version``.
        version: Of the model.

    Raises:
        LocardError: The run cannot be used, there is such a model, or the folder cannot be written.
    """
    network, name = network_of(run), network_named(run)

    def card_of(files: tuple[ModelFile, ...]) -> Card:
        return _card(run, network, name, version, about, files)

    return write_model(models / name / version, to_onnx(network), card_of)


def _card(
    run: Path,
    network: PatchNetwork,
    name: str,
    version: str,
    about: About,
    files: tuple[ModelFile, ...],
) -> Card:
    given = inputs_of(network, 1)
    return Card(
        name=name,
        version=version,
        created=date.today(),
        licence=about.licence,
        purpose=about.purpose,
        made_by=about.made_by,
        parameters=trained_parameters(network),
        limits=(_of_training(run), *about.limits, *_of_global(network)),
        requires=dict(IDENTITY),
        macs=Macs(value=count_macs(network, *given), at="a patch of 64×64 pixels"),
        data=Data(photographs=about.photographs, commands=about.commands, seeds=about.seeds),
        training=training_of(run),
        files=files,
        inputs=tuple(
            _tensor(name, tuple(tensor.shape[1:]))
            for name, tensor in zip(("patches", "features"), given, strict=False)
        ),
        outputs=(_tensor("mask", (2, 64, 64)), _tensor("label", (2,))),
    )


def _of_training(run: Path) -> str:
    """Say how much the network has seen."""
    folder = RunFolder(run)
    facts, config = folder.read_facts(), read(folder.config, PatchConfig)
    patches, minutes = facts["steps"] * config.batch_size, facts["seconds"] / 60
    return (
        f"It was trained on {patches} patches in {minutes:.0f} minutes; the weights are those "
        f"after epoch {facts['best_epoch']} of {facts['epochs']}."
    )


def _of_global(network: PatchNetwork) -> tuple[str, ...]:
    """Say what the frozen global network is, where there is one."""
    if not isinstance(network, SemiGlobal):
        return ()
    size = sum(values.numel() for values in network.global_network.parameters())
    return (
        f"The global branch ({GLOBAL_FILE}, {size} parameters, frozen) is a small network of "
        "Locard's own, distilled from ResNet-18's features; the published one is ResNet-18 itself.",
    )


def _tensor(name: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name=name, dtype="float32", shape=("n", *shape), meaning=_MEANINGS[name])
