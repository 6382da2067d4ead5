"""``locard crop export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from locard.cli.common import QuietOption, printable
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars


def register(app: typer.Typer) -> None:
    """Add the command to ``locard crop``."""
    app.command("export")(export)


def export(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a phase network's training.")
    ],
    sets: Annotated[
        list[Path],
        typer.Option("--sets", help="Data set of locard crop dataset build; several times."),
    ],
    about: Annotated[
        Path,
        typer.Option(help="TOML file: what only you can say of the model, for its card."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder of models, such as one in LOCARD_MODELS."),
    ],
    version: Annotated[
        str, typer.Option(help="Of the model; a laboratory's own ends like 1.0.0-lab.")
    ],
    held_out: Annotated[
        list[Path] | None,
        typer.Option("--held-out", help="Data set of which the test pictures alone are read."),
    ] = None,
    name: Annotated[str, typer.Option(help="Of the model.")] = "kd-crop",
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Folder for evidence.  [default: cache, beside the first data set]",
            show_default=False,
        ),
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Make a model of a training: ONNX files, thresholds, calibration, figures, and the card.

    Thresholds and likelihood ratios come from the validation pictures of the data sets, the
    card's figures from their test pictures. Needs locard[train,cpu,evaluation].
    """
    from locard.training.libraries import require_libraries

    require_libraries()
    from locard_kd_crop.exporting import Source
    from locard_kd_crop.exporting import export as make
    from locard_kd_crop.shipped import found
    from locard_registry.about import About

    kept = cache or sets[0].absolute().parent / "cache"
    with counting_bars(quiet=quiet) as advance:
        source = Source(
            run=run,
            data_sets=tuple(sets),
            held_out=tuple(held_out or ()),
            cache=kept,
            about=About.read(found(about)),
            workers=workers or cores(),
            advance=advance,
        )
        made = make(source, output, name, version)
    if quiet:
        return
    typer.echo(printable(str(made.folder)))
    typer.echo(f"card {made.identity}")
    for note in made.notes:
        typer.echo(printable(note))
