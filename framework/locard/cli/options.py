"""Options of the commands that run the engine."""

from __future__ import annotations

from typing import Annotated

import typer

PipelineOption = Annotated[
    str, typer.Option("--pipeline", "-p", help="Name of a pipeline, or path of a .toml file.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-w",
        min=1,
        help="Worker processes.  [default: one a core]",
        show_default=False,
    ),
]
ExecutorOption = Annotated[str, typer.Option("--executor", help="Where the workers are.")]


def cores() -> int:
    """Return how many cores this process may use."""
    from locard.engine.local import available_processors

    return available_processors()
