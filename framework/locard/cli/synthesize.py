"""``locard dataset synthesize``: a data set of synthetic splices with known history."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from locard.cli.common import QuietOption, image_files, printable
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars
from locard.errors import ExitCode, LocardError

if TYPE_CHECKING:
    from locard.evaluation.synthesis.build import Made, Options


def synthesize(
    photographs: Annotated[list[str], typer.Argument(help="Photographs, folders, or globs.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to make; one that was begun goes on.")
    ],
    count: Annotated[int, typer.Option(min=1, help="Pairs of each history.")] = 20,
    histories: Annotated[
        str | None,
        typer.Option(
            help="Names of histories, separated by commas.  [default: all]", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 0,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = 512,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Make splices with known history from photographs: a test chart of traces.

    Each tampered picture has an authentic twin that went through the same last steps. Histories:
    grid-shift, double-jpeg, shifted-double-jpeg, ghost, cfa, noise, copy-move.

    Exit code 1 means that a photograph could not be read.
    """
    from locard.evaluation.synthesis.build import Options, synthesize
    from locard.evaluation.synthesis.histories import HISTORIES

    names = [name.strip() for name in histories.split(",")] if histories else list(HISTORIES)
    options = Options(output, tuple(names), count, seed, size, workers or cores())
    refused: list[str] = []
    with counting_bars(quiet=quiet) as advance:
        try:
            made = synthesize(image_files(photographs, refused), options, advance)
        except LocardError:
            _warn(refused)
            raise
    broken = [*refused, *(f"{one.name}: {one.why}" for one in made.unusable if one.broken)]
    if not quiet:
        _print(made, options)
    _warn(broken)
    raise typer.Exit(ExitCode.ATTENTION if broken else ExitCode.OK)


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        typer.echo(f"locard: {sentence}", err=True)


def _print(made: Made, options: Options) -> None:
    typer.echo(printable(str(made.manifest)))
    again = f", of which {made.kept} were there already" if made.kept else ""
    typer.echo(
        f"{made.made + made.kept} pairs in {len(options.histories)} histories{again}, from "
        f"{made.photographs} photographs in {made.groups} groups"
    )
    for one in made.unusable:
        if not one.broken:
            typer.echo(f"  passed over: {one.name}: {one.why}")
