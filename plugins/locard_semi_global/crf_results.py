"""Tunes the dense CRF on a model's maps, and says what was found; puts it into the model's card."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from locard.errors import LocardError
from locard_semi_global import crf_tuning
from locard_semi_global.evaluation.networks import OURS, REFINER, Wanted, opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from locard.evaluation.datasets.building import Progress
    from locard_registry import Model
    from locard_semi_global.crf_tuning import Judged
    from locard_semi_global.evaluation.networks import Parameters


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class GainRow(_Model):
    """What refinement does to a stratum."""

    stratum: str = Field(description="which pictures")
    tampered: bool = Field(description="whether figures are F1 at 0.5, or shares of pixels marked")
    images: int = Field(description="how many")
    before: float = Field(description="mean of the unrefined maps")
    chosen: float = Field(description="with the choice, on the pictures that it was made on")
    held_out: float = Field(description="with what other groups of pictures choose")
    low: float | None = Field(description="lower end of the 95 % interval of held_out - before")
    high: float | None = Field(description="upper end")


class Tried(_Model):
    """One candidate."""

    parameters: dict[str, float | int | str] = Field(description="of the refiner")
    gains: dict[str, float] = Field(
        description="mean gain by stratum: of F1, or for authentic pictures the share of pixels "
        "that are no longer marked"
    )


class CrfResults(_Model):
    """What ``locard splice tune-crf`` found."""

    refiner: str = Field(description="whose parameters they are")
    version: str = Field(description="of the refiner")
    network: str = Field(description="whose maps were refined, as the registry calls the model")
    model: str = Field(description="its version")
    model_sha256: str = Field(description="of its ONNX file")
    sets: dict[str, str] = Field(description="data sets with the SHA-256 of what was read")
    split: str = Field(description="which pictures of them")
    seed: int = Field(description="by which candidates were drawn")
    parameters: dict[str, float | int | str] | None = Field(
        description="the choice; null where each harms some stratum"
    )
    gains: tuple[GainRow, ...] = Field(description="what it does, by stratum")
    tried: tuple[Tried, ...] = Field(description="every candidate")
    problems: tuple[str, ...] = Field(description="pictures that could not be measured")


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is tuned, on what; see :func:`locard_semi_global.crf_measuring.tasks_of`.

    Attributes:
        sets: Folders of data sets.
        split: Which pictures are taken.
        by: Facts that make strata.
        limit: At most so many pictures of each set.
        network: Whose maps are refined.
        candidates: How many sets of parameters are tried.
        seed: By which they are drawn.
    """

    sets: tuple[Path, ...]
    split: str
    by: tuple[str, ...]
    limit: int | None
    network: Wanted
    candidates: int
    seed: int


def tune(wanted: Tuning, workers: int, progress: Progress) -> CrfResults:
    """Choose parameters on a model's maps of some data sets.

    Args:
        wanted: Which.
        workers: Number of processes; the result does not depend on it.
        progress: Told how far it is.

    Raises:
        LocardError: The model or a data set cannot be used, or no tampered picture could be
            measured.
    """
    from locard.plugins import catalogue
    from locard_dense_crf.refiner import DenseCrf
    from locard_semi_global.crf_measuring import judge_all, tasks_of

    opened(wanted.network)
    reference = _model(wanted.network).reference()
    network = Wanted(wanted.network.name, reference.version)
    tried = crf_tuning.candidates(wanted.candidates, wanted.seed)
    tasks = tasks_of(
        wanted.sets,
        wanted.split,
        wanted.by,
        wanted.limit,
        network,
        tried,
        catalogue(),
    )
    judged, problems = judge_all(tasks, workers, progress)
    if not any(one.tampered for one in judged):
        raise LocardError(
            "no tampered picture could be measured: " + " ".join(problems[:3] or ["there is none"]),
            "Correct the data sets, or give another --split.",
        )
    best = crf_tuning.choose(judged)
    return CrfResults(
        refiner=REFINER,
        version=DenseCrf.version,
        network=reference.name,
        model=reference.version,
        model_sha256=reference.sha256,
        sets={task.dataset.facts.name: task.dataset.facts.sha256 for task in tasks},
        split=wanted.split,
        seed=wanted.seed,
        parameters=None if best is None else dict(tried[best]),
        gains=tuple(GainRow(**asdict(row)) for row in crf_tuning.gains(judged, best)),
        tried=_tried(tried, judged),
        problems=problems,
    )


def _tried(candidates: Sequence[Parameters], judged: Sequence[Judged]) -> tuple[Tried, ...]:
    gained = crf_tuning.mean_gains(judged)
    return tuple(
        Tried(
            parameters=dict(one),
            gains={name: round(float(gains[place]), 5) for name, gains in gained.items()},
        )
        for place, one in enumerate(candidates)
    )


def into(results: CrfResults) -> str:
    """Write a choice into its model's card.

    Returns:
        The model's new identity: SHA-256 of the card.

    Raises:
        LocardError: The model is not the one that was tuned, there is no choice, or the card
            cannot be written.
    """
    from locard_registry import write_card

    model = _model(Wanted(results.network, results.model))
    if model.reference().sha256 != results.model_sha256:
        raise LocardError(
            f"the model {results.network} {results.model} is not the one that was tuned",
            "Tune it again.",
        )
    if results.parameters is None:
        raise LocardError("there are no parameters to write into a card", "Tune it again.")
    refinement = {**model.card.refinement, REFINER: results.parameters}
    return write_card(model.card.model_copy(update={"refinement": refinement}), model.folder)


def _model(network: Wanted) -> Model:
    from locard_registry import load
    from locard_semi_global.localiser import find_model
    from locard_semi_global.paper.localising import IDENTITY

    if network.name == OURS:
        return find_model(network.version)
    return load(network.name, network.version, provides=IDENTITY)
