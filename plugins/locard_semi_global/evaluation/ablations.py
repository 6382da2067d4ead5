"""What each part of the recipe brings: short trainings side by side, each without one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from locard.errors import LocardError, words_of
from locard.report.atomic import write_whole
from locard.text import printable
from locard.training.config import load_table, parse, read, to_toml
from locard_semi_global.evaluation.tables import NONE, Table, short
from locard_semi_global.shipped import found
from locard_semi_global.training.config import BlockEvidenceConfig

if TYPE_CHECKING:
    from locard_semi_global.prepared import Given

NETWORK: Final = "block-evidence"
_FIRST = "f1"


class Ablation(BaseModel):
    """One run of an ablation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="what differs, in a few words")
    leave_out: tuple[str, ...] = Field(
        (), description="data sets, by their folder's name, that it does not learn from"
    )
    config: dict[str, Any] = Field(
        default_factory=dict, description="what differs from the config of all runs"
    )


class Ablations(BaseModel):
    """Runs that are compared; all else is alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str = Field(
        "block-evidence.toml", description="config that runs start from: a file, or Locard's own"
    )
    config: dict[str, Any] = Field(
        default_factory=dict, description="what differs from that in all runs"
    )
    runs: tuple[Ablation, ...] = Field(min_length=1, description="in the order of the table")


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was trained.

    Attributes:
        name: What differs.
        steps: Steps that it was trained for.
        seconds: Time that took.
        figures: Its validation's, by name.
    """

    name: str
    steps: int
    seconds: float
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of an ablation.

    Attributes:
        runs: Those that were trained.
        failed: Why others were not, a sentence each.
    """

    runs: tuple[Run, ...]
    failed: tuple[str, ...]


def read_ablations(path: Path) -> Ablations:
    """Read a TOML file, or the one of that bare name that comes with Locard.

    Raises:
        LocardError: It cannot be read, or is wrong.
    """
    path = found(path)
    shown = printable(str(path))
    try:
        ablations = Ablations.model_validate(load_table(path.read_text("utf-8")))
    except OSError as error:
        raise LocardError(f"cannot read {shown}: {error.strerror}") from None
    except ValidationError as error:
        raise LocardError(f"{shown} is wrong: {words_of(error)}") from None
    except ValueError as error:
        raise LocardError(f"{shown} is no valid TOML: {printable(str(error))}") from None
    slugs = [slug(run.name) for run in ablations.runs]
    if twice := [one for one in slugs if slugs.count(one) > 1]:
        raise LocardError(f"{shown}: two runs are named {twice[0]}", "Name them apart.")
    return ablations


def configs_of(ablations: Ablations, sets: Sequence[str]) -> tuple[BlockEvidenceConfig, ...]:
    """Return the config of each run.

    Args:
        ablations: The runs.
        sets: Names of the data sets to learn from; the base's mixture of others does not matter.

    Raises:
        LocardError: One is wrong; the message names the run.
    """
    base = read(found(Path(ablations.base)), BlockEvidenceConfig).model_dump(mode="json")
    configs = []
    for run in ablations.runs:
        known = {name: base["mixture"][name] for name in base["mixture"] if name in sets}
        values = base | {"mixture": known} | ablations.config | run.config
        mixture = values["mixture"]
        if isinstance(mixture, dict):
            values["mixture"] = {n: mixture[n] for n in mixture if n not in run.leave_out}
        configs.append(parse(values, BlockEvidenceConfig, f"the run {run.name!r}"))
    return tuple(configs)


def train_all(
    ablations: Ablations, given: Given, output: Path, watch: Callable[[str, int, int], None]
) -> Trained:
    """Train all runs, one after another; those that are finished are not trained again.

    One that fails does not stop the others.

    Args:
        ablations: The runs.
        given: Data sets, the cache of evidence, and the like.
        output: Folder of the runs, each in one of its own.
        watch: Told how far each is.

    Raises:
        LocardError: A config is wrong, or the folder cannot be written.
    """
    names = sorted(folder.resolve().name for folder in given.data_sets)
    configs = configs_of(ablations, names)
    trained, failed = [], []
    for run, config in zip(ablations.runs, configs, strict=True):
        try:
            trained.append(_train(run, config, given, output, watch))
        except LocardError as error:
            failed.append(f"{run.name}: {error.sentences}")
    return Trained(tuple(trained), tuple(failed))


def _train(
    run: Ablation,
    config: BlockEvidenceConfig,
    given: Given,
    output: Path,
    watch: Callable[[str, int, int], None],
) -> Run:
    from locard.training.loop import train
    from locard_semi_global.tasks import prepare

    names = {folder.resolve().name for folder in given.data_sets}
    if absent := sorted(set(run.leave_out) - names):
        raise LocardError(
            f"there is no data set {absent[0]} to leave out",
            f"There are: {', '.join(sorted(names))}.",
        )
    sets = tuple(one for one in given.data_sets if one.resolve().name not in run.leave_out)
    folder = output / slug(run.name)
    folder.mkdir(parents=True, exist_ok=True)
    text = folder.with_suffix(".toml")
    write_whole(text, [to_toml(config).encode()])
    prepared = prepare(NETWORK, text, replace(given, data_sets=sets))
    result = train(
        prepared.task,
        prepared.config,
        folder,
        inputs=prepared.inputs,
        watch=lambda now: watch(run.name, now.step, now.steps),
    )
    return Run(run.name, result.steps, result.seconds, result.figures)


def table(runs: Sequence[Run]) -> Table:
    """Return the figures of all runs: F1 over all first, then by data set and kind."""
    every = dict.fromkeys(name for run in runs for name in run.figures)
    # Their names begin with the data set's; those that say nothing of maps are left out.
    names = [_FIRST, *(n for n in every if n.endswith(("_f1", "_flagged")))]
    rows = [
        (
            run.name,
            f"{run.steps} in {run.seconds / 60:.1f} min",
            *(short(run.figures[name]) if name in run.figures else NONE for name in names),
        )
        for run in runs
    ]
    head = ("run", "steps", *(name.replace("_", " ") for name in names))
    return Table("validation of short trainings, alike but for one thing", head, tuple(rows))


def slug(name: str) -> str:
    """Return a name that a folder may have."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "run"
