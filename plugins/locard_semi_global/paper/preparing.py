"""Puts together what the trainings of the paper's networks need, and opens what they made."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from locard.errors import LocardError
from locard.text import printable
from locard.training.config import load_table, read
from locard.training.reproducible import reproducible
from locard.training.run_folder import RunFolder
from locard.training.weights import load_weights
from locard_semi_global.paper.config import GlobalConfig, PatchConfig
from locard_semi_global.paper.global_network import GlobalNetwork, public_network, small_network
from locard_semi_global.paper.global_task import GlobalTask
from locard_semi_global.paper.networks import PatchNetwork, SemiGlobal
from locard_semi_global.paper.pack import TRAIN, Pack, open_pack
from locard_semi_global.paper.patches import draw
from locard_semi_global.paper.starting import started
from locard_semi_global.paper.task import PatchTask
from locard_semi_global.paper.views import Wanted, described, open_views
from locard_semi_global.prepared import Given, Prepared

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from locard.evaluation.datasets.loading import Dataset

JCS, SEMI_GLOBAL, GLOBAL = "jcs", "sgn-paper", "global"

_LOOKED_AT: Final = 16
"""Patches that tell whether a start can learn."""


def jcs(path: Path, given: Given) -> Prepared:
    """Prepare the training of ``jcs``.

    Raises:
        LocardError: The config or a data set cannot be used.
    """
    config = _config(path, JCS)
    if given.global_network is not None:
        raise LocardError(
            "jcs has no global branch", "Leave --global out, or train --network sgn-paper."
        )
    pack = _pack(config, given)
    task = PatchTask(config, _started(config, pack, PatchNetwork), pack)
    return Prepared(task, config, {"pack": pack.key}, pack.left_out)


def semi_global(path: Path, given: Given) -> Prepared:
    """Prepare the training of ``sgn-paper``, from random weights or from those of a ``jcs``.

    Raises:
        LocardError: The config, a data set or the global network cannot be used.
    """
    config = _config(path, SEMI_GLOBAL)
    if given.global_network is None:
        raise LocardError(
            "sgn-paper needs a global network",
            "Train one with --network global, and name its run with --global.",
        )
    looks, digest = _global(given.global_network)
    pack = _pack(config, given)
    features = _features(looks, digest, pack, given.cache)
    inputs = {"pack": pack.key, "global": digest}
    if given.weights is None:
        module = _started(config, pack, partial(SemiGlobal, looks))
    else:
        module = _new(config, looks)
        _take_over(module, given.weights)
        inputs["weights"] = _hash_of_best(given.weights)
    return Prepared(PatchTask(config, module, pack, features), config, inputs, pack.left_out)


def global_network(path: Path, given: Given) -> Prepared:
    """Prepare the distillation of the small global network.

    Raises:
        LocardError: The config, a folder of photographs or the teacher cannot be used.
    """
    config = read(path, GlobalConfig)
    if given.weights is None:
        raise LocardError(
            "the global network needs a teacher",
            "Name the folder of ResNet-18's weights with --weights.",
        )
    teacher, digest = public_network(given.weights), _hash_of(given.weights)
    views = open_views(
        _loaded(given.data_sets, config.pictures, photographs=True),
        Wanted(config.views, config.least_part, config.seed),
        teacher,
        digest,
        given.cache,
        partial(given.advance, "photographs"),
    )
    with reproducible(config.seed, config.threads):
        module = small_network()
    return Prepared(GlobalTask(config, module, views), config, {"views": views.key})


def network_of(folder: Path) -> PatchNetwork:
    """Return ``jcs`` or ``sgn-paper`` of a run, with its best weights, in evaluation mode.

    Raises:
        LocardError: It is not the folder of such a run, or has no weights yet.
    """
    run = RunFolder(folder)
    name = network_named(folder)
    if name not in (JCS, SEMI_GLOBAL):
        raise LocardError(
            f"{printable(str(folder))} is not the run of {JCS} or {SEMI_GLOBAL}",
            "Give the folder that a training of one made.",
        )
    config = read(run.config, PatchConfig)
    module = _new(config, small_network() if name == SEMI_GLOBAL else None)
    load_weights(module, run.best)
    return module.eval()


def small_network_of(folder: Path) -> GlobalNetwork:
    """Return the global network of a run, with its best weights, in evaluation mode.

    Raises:
        LocardError: It is not the folder of such a run, or has no weights yet.
    """
    if network_named(folder) != GLOBAL:
        raise LocardError(
            f"{printable(str(folder))} is not the run of a global network",
            "Give the folder that a training with --network global made.",
        )
    module = small_network()
    load_weights(module, RunFolder(folder).best)
    return module.requires_grad_(requires_grad=False).eval()


def network_named(folder: Path) -> str:
    """Return what a run says that it trained, or nothing."""
    try:
        return str(load_table(RunFolder(folder).config.read_text("utf-8")).get("network", ""))
    except (OSError, ValueError):
        return ""


def _config(path: Path, name: str) -> PatchConfig:
    config = read(path, PatchConfig)
    if config.network != name:
        raise LocardError(
            f"{printable(str(path))} is the config of {config.network}, not of {name}",
            f"Say --network {config.network}, or give another config.",
        )
    return config


def _new(config: PatchConfig, looks: GlobalNetwork | None = None) -> PatchNetwork:
    with reproducible(config.seed, config.threads):
        return PatchNetwork() if looks is None else SemiGlobal(looks)


def _started(config: PatchConfig, pack: Pack, make: Callable[[], PatchNetwork]) -> PatchNetwork:
    """Return a network that can learn, see :mod:`locard_semi_global.paper.starting`."""
    numbers = [number for number, one in enumerate(pack.pictures) if one.split == TRAIN]
    some = draw(pack, numbers, _LOOKED_AT, config.spliced_share, np.random.default_rng(config.seed))
    patches = torch.from_numpy(some.pixels).permute(0, 3, 1, 2) / 255
    return started(make, patches, config.seed)


def _take_over(module: PatchNetwork, folder: Path) -> None:
    """Begin with the weights of ``jcs``: all of the local branch, and of the label head its part.

    Raises:
        LocardError: It is not the folder of such a run.
    """
    local = network_of(folder)
    if isinstance(local, SemiGlobal):
        raise LocardError(
            f"{printable(str(folder))} is the run of {SEMI_GLOBAL}",
            f"Give the run of {JCS} with --weights, or none.",
        )
    own = dict(module.named_parameters())
    with torch.no_grad():
        for name, values in local.named_parameters():
            if name == "label_head.weight":
                own[name][:, : values.shape[1]].copy_(values)
            else:
                own[name].copy_(values)


def _global(folder: Path) -> tuple[GlobalNetwork, str]:
    """Return the global network and the hash of its weights."""
    return small_network_of(folder), _hash_of_best(folder)


def _hash_of_best(folder: Path) -> str:
    return hashlib.sha256(RunFolder(folder).best.read_bytes()).hexdigest()


def _hash_of(folder: Path) -> str:
    known = hashlib.sha256()
    for file in sorted(folder.glob("*.npy")):
        known.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return known.hexdigest()


def _pack(config: PatchConfig, given: Given) -> Pack:
    return open_pack(
        _loaded(given.data_sets, config.pictures),
        _loaded(given.validation, config.pictures),
        given.cache,
        partial(given.advance, "pictures"),
    )


def _loaded(folders: Sequence[Path], limit: int, *, photographs: bool = False) -> list[Dataset]:
    """Return data sets; folders of photographs alone among them, where that is allowed."""
    from locard.evaluation.datasets.errors import DatasetError
    from locard.evaluation.datasets.loading import detect, load
    from locard.plugins import catalogue

    plugins, found = catalogue(), []
    for folder in folders:
        try:
            layout = detect(folder, plugins)
        except DatasetError:
            if not photographs or not folder.is_dir():
                raise
            layout = "folder"
        found.append(load(folder, layout, plugins, limit))
    return found


def _features(looks: GlobalNetwork, digest: str, pack: Pack, cache: Path) -> NDArray[np.float32]:
    """Return what the global network says of the pack's pictures, computed once."""
    path = cache / f"features-{pack.key[:16]}-{digest[:16]}.npy"
    if not path.is_file():
        with reproducible(0):
            found = described(looks, pack.wholes)
        unfinished = path.with_name(f"{path.stem}.part.npy")
        np.save(unfinished, found)
        unfinished.replace(path)
    kept: NDArray[np.float32] = np.load(path, allow_pickle=False)
    return kept
