"""``locard splice export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from locard.cli.common import QuietOption, printable


def register(app: typer.Typer) -> None:
    """Add the command to ``locard splice``."""
    app.command("export")(export)


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a network's training.")],
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
    quiet: QuietOption = False,
) -> None:
    """Make a model of a training: ONNX files and the card. Needs locard[train,cpu]."""
    from locard.training.libraries import require_libraries

    require_libraries()
    from locard_registry.about import About
    from locard_semi_global.shipped import found
    from locard_semi_global.tasks import exporter_of

    made = exporter_of(run)(run, About.read(found(about)), output, version)
    if quiet:
        return
    typer.echo(printable(str(made.folder)))
    typer.echo(f"card {made.identity}")
