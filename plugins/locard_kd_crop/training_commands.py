"""``locard crop train-teacher`` and ``distill``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from locard.cli.common import QuietOption
from locard.cli.progress import counting_bars
from locard.cli.training import print_training, train_with_bar

DataSets = Annotated[
    list[Path], typer.Argument(metavar="DIR...", help="Data sets of locard crop dataset build.")
]
ConfigOption = Annotated[
    Path, typer.Option("--config", help="TOML file: what is trained (kind), and how.")
]
OutputOption = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the run; one that was begun goes on.")
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        help="Folder for decoded pictures, evidence and teachers' logits.  "
        "[default: cache, beside the run]",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``locard crop``."""
    app.command("train-teacher")(train_teacher)
    app.command("distill")(distill)


def train_teacher(
    data_sets: DataSets,
    config: ConfigOption,
    output: OutputOption,
    weights: Annotated[
        Path | None,
        typer.Option(help="Public ImageNet weights to begin with, a safetensors file."),
    ] = None,
    cache: CacheOption = None,
    quiet: QuietOption = False,
) -> None:
    """Train a teacher on the training pictures of data sets.

    An interrupted training goes on where it stopped. Needs locard[train].
    """
    from locard_kd_crop.tasks import TEACHER

    _run(data_sets, config, output, cache, TEACHER, weights=weights, quiet=quiet)


def distill(
    data_sets: DataSets,
    config: ConfigOption,
    output: OutputOption,
    teacher: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the teacher's run, or file of its logits; without it, the student "
            "learns from the labels alone."
        ),
    ] = None,
    cache: CacheOption = None,
    quiet: QuietOption = False,
) -> None:
    """Train a student: from its teacher, and from the labels.

    An interrupted training goes on where it stopped. Needs locard[train].
    """
    from locard_kd_crop.tasks import STUDENT

    _run(data_sets, config, output, cache, STUDENT, teacher=teacher, quiet=quiet)


def _run(
    data_sets: list[Path],
    config: Path,
    output: Path,
    cache: Path | None,
    ending: str,
    *,
    weights: Path | None = None,
    teacher: Path | None = None,
    quiet: bool,
) -> None:
    from locard.training.libraries import require_libraries
    from locard_kd_crop.tasks import Given, prepare

    require_libraries()
    kept = cache or output.parent / "cache"
    with counting_bars(quiet=quiet) as advance:
        given = Given(tuple(data_sets), kept, weights, teacher, advance)
        prepared = prepare(config, given, ending)
        result = train_with_bar(prepared.task, prepared.config, output, prepared.inputs, advance)
    if not quiet:
        print_training(result)
