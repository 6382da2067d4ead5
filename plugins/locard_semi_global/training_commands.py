"""``locard splice train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from locard.cli.common import QuietOption, first_of
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars
from locard.cli.training import print_training, train_with_bar


def register(app: typer.Typer) -> None:
    """Add the command to ``locard splice``."""
    app.command("train")(train)


def train(
    data_sets: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR...",
            help="Data sets of images and masks; for the global network, photographs.",
        ),
    ],
    network: Annotated[
        str, typer.Option(help="What is trained: block-evidence, sgn-paper, jcs or global.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the run; one that was begun goes on.")
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="TOML file: how it is trained.  [default: the network's own]",
            show_default=False,
        ),
    ] = None,
    validation: Annotated[
        list[Path] | None,
        typer.Option("--validation", help="Data set to be validated on; several times."),
    ] = None,
    global_network: Annotated[
        Path | None,
        typer.Option("--global", help="Folder of the global network's run, for sgn-paper."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="For the global network: folder of ResNet-18's public weights. For sgn-paper: run "
            "of jcs to begin with."
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            help="Folder for decoded pictures, evidence and features.  "
            "[default: cache, beside the run]",
            show_default=False,
        ),
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Train a network that localises splices, or the global network of one.

    Pictures of the split train are learnt from, those of val validated on; where no data set says
    split, and none is named with --validation, one group of sources in ten is held back. An
    interrupted training goes on where it stopped. Needs locard[train].
    """
    from locard.training.libraries import require_libraries

    require_libraries()
    from locard_semi_global.prepared import Given
    from locard_semi_global.tasks import prepare

    with counting_bars(quiet=quiet) as advance:
        given = Given(
            data_sets=tuple(data_sets),
            validation=tuple(validation or ()),
            cache=cache or output.parent / "cache",
            workers=workers or cores(),
            weights=weights,
            global_network=global_network,
            advance=advance,
        )
        prepared = prepare(network, config, given)
        result = train_with_bar(prepared.task, prepared.config, output, prepared.inputs, advance)
    for sentence in first_of([f"left out: {one}" for one in prepared.left_out]):
        typer.echo(f"locard: {sentence}", err=True)
    if not quiet:
        print_training(result)
