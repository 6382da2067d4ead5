"""What ``locard splice train`` can train: networks by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from locard.errors import LocardError
from locard.text import printable
from locard_semi_global.prepared import Given, Prepared
from locard_semi_global.shipped import found

if TYPE_CHECKING:
    from locard_registry.about import About
    from locard_semi_global.model_writing import Exported


Prepare = Callable[[Path, Given], Prepared]


@dataclass(frozen=True, slots=True)
class Trainable:
    """A network that can be trained.

    Attributes:
        prepare: Puts together what its training needs.
        config: Name of the config that comes with Locard.
    """

    prepare: Prepare
    config: str


def _jcs(config: Path, given: Given) -> Prepared:
    from locard_semi_global.paper.preparing import jcs

    return jcs(config, given)


def _semi_global(config: Path, given: Given) -> Prepared:
    from locard_semi_global.paper.preparing import semi_global

    return semi_global(config, given)


def _global_network(config: Path, given: Given) -> Prepared:
    from locard_semi_global.paper.preparing import global_network

    return global_network(config, given)


def _block_evidence(config: Path, given: Given) -> Prepared:
    from locard_semi_global.training.preparing import block_evidence

    return block_evidence(config, given)


NETWORKS: Final[Mapping[str, Trainable]] = {
    "block-evidence": Trainable(_block_evidence, "block-evidence.toml"),
    "sgn-paper": Trainable(_semi_global, "sgn-paper.toml"),
    "jcs": Trainable(_jcs, "jcs.toml"),
    "global": Trainable(_global_network, "sgn-global.toml"),
}


def prepare(network: str, config: Path | None, given: Given) -> Prepared:
    """Prepare a training.

    Args:
        network: One of :data:`NETWORKS`.
        config: A TOML file, or the bare name of one that comes with Locard; None for the
            network's own.
        given: Beside it.

    Raises:
        LocardError: There is no such network, or something that it was given cannot be used.
    """
    known = NETWORKS.get(network)
    if known is None:
        raise LocardError(
            f"there is no network {printable(network)!r} to train",
            f"There are: {', '.join(NETWORKS)}.",
        )
    return known.prepare(found(config or Path(known.config)), given)


def exporter_of(run: Path) -> Callable[[Path, About, Path, str], Exported]:
    """Return what makes a model of a run: of its folder, what its maker says, models and version.

    Raises:
        LocardError: The folder holds no run whose network can be exported.
    """
    from locard.training.config import load_table
    from locard.training.run_folder import RunFolder

    try:
        kind = load_table(RunFolder(run).config.read_text("utf-8")).get("kind")
    except (OSError, ValueError) as error:
        raise LocardError(
            f"{printable(str(run))} holds no training: {error}", "Name the folder of a run."
        ) from None
    if kind == "block-evidence":
        from locard_semi_global.training.card import export as of_block_evidence

        return of_block_evidence
    from locard_semi_global.paper.card import export as of_patches

    return of_patches
