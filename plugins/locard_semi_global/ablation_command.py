"""``locard splice ablate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from locard.cli.common import QuietOption, printable
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars
from locard.errors import ExitCode
from locard_semi_global.evaluation_command import print_text_table


def register(app: typer.Typer) -> None:
    """Add the command to ``locard splice``."""
    app.command("ablate")(ablate)


def ablate(
    sets: Annotated[list[Path], typer.Argument(metavar="SETS...", help="Data sets to learn from.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the runs; those begun go on.")
    ],
    config: Annotated[
        Path, typer.Option("--config", help="TOML file: which runs, and what they have in common.")
    ] = Path("ablations.toml"),
    validation: Annotated[
        list[Path] | None,
        typer.Option("--validation", help="Data set to be validated on; several times."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            help="Folder for evidence.  [default: cache, in the output]",
            show_default=False,
        ),
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Train the localiser again and again for a short time, without one thing each time.

    The evidence is computed once. A run that is finished is not trained again, so that an
    interrupted table goes on. Needs locard[train].

    Exit code 1 means that a run failed; the others were trained.
    """
    from locard.training.libraries import require_libraries

    require_libraries()
    from locard_semi_global.evaluation.ablations import read_ablations, table, train_all
    from locard_semi_global.prepared import Given

    ablations = read_ablations(config)
    with counting_bars(quiet=quiet) as advance:
        given = Given(
            data_sets=tuple(sets),
            validation=tuple(validation or ()),
            cache=cache or output / "cache",
            workers=workers or cores(),
            weights=None,
            global_network=None,
            advance=advance,
        )
        trained = train_all(ablations, given, output, advance)
    if trained.runs and not quiet:
        print_text_table(table(trained.runs))
    for sentence in trained.failed:
        typer.echo(f"locard: {printable(sentence)}", err=True)
    raise typer.Exit(ExitCode.ATTENTION if trained.failed else ExitCode.OK)
