"""``locard splice dataset``: makes data sets of splices, and copies of data sets that lived on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from locard.cli.common import QuietOption, first_of, image_files, printable
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars
from locard.errors import ExitCode

if TYPE_CHECKING:
    from locard_semi_global.synthesis.build import Built

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

OutputOption = Annotated[
    Path, typer.Option("--output", "-o", help="Folder to make; one that was begun goes on.")
]


@app.callback()
def dataset() -> None:
    """Make data sets of spliced photographs, and copies of data sets that lived on."""


@app.command("build")
def build(
    photographs: Annotated[list[str], typer.Argument(help="Photographs, folders, or globs.")],
    output: OutputOption,
    world: Annotated[
        str, typer.Option(help="jpeg: saved before and after; camera: two simulated cameras.")
    ],
    images: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 0,
    shapes: Annotated[
        Path | None,
        typer.Option(help="Folder of human segmentations (BSDS .mat files), as shapes to paste."),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            help="Sizes, separated by commas, each landscape or portrait.  "
            "[default: 384x256,512x384,768x512]",
            show_default=False,
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(help="Make pictures of one split alone: train, val or test."),
    ] = None,
    split_seed: Annotated[
        int, typer.Option("--split-seed", min=0, help="Divides cameras and scenes into splits.")
    ] = 0,
    after_life: Annotated[
        float, typer.Option("--after-life", min=0, max=1, help="Share that lived on afterwards.")
    ] = 0.4,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Make splices, copy-moves and authentic twins from photographs.

    Photographs below a folder named train, val or test belong to that split; others are divided by
    camera, or scene. Run again, it goes on where it stopped.

    Exit code 1 means that a photograph could not be read, or a picture could not be made.
    """
    from locard_semi_global.synthesis.build import build as make
    from locard_semi_global.synthesis.plan import DEFAULT_SIZES, Options

    options = Options(
        output=output,
        world=world,
        images=images,
        seed=seed,
        split_seed=split_seed,
        role=role,
        sizes=size or DEFAULT_SIZES,
        shapes=shapes,
        after_life=after_life,
        workers=workers or cores(),
    )
    refused: list[str] = []
    with counting_bars(quiet=quiet) as advance:
        built = make(image_files(photographs, refused), options, advance)
    if not quiet:
        _print_built(built)
    broken = [*refused, *(f"{one.name}: {one.why}" for one in built.unusable if one.broken)]
    failed = [f"{n} pictures left out: {why}" for why, n in sorted(built.failed.items())]
    _end([*broken, *failed])


def _print_built(built: Built) -> None:
    typer.echo(printable(str(built.manifest)))
    again = f", of which {built.kept} were there already" if built.kept else ""
    typer.echo(f"{built.made + built.kept} pictures{again}; sizes: {', '.join(built.sizes)}")
    if built.unserved:
        typer.echo(f"  no two photographs serve for {', '.join(built.unserved)}")
    for split, count in sorted(built.splits.items()):
        typer.echo(f"  {split}: {count} pictures from {built.photographs[split]} photographs")
    for sentence in first_of(
        [f"{one.name}: {one.why}" for one in built.unusable if not one.broken]
    ):
        typer.echo(f"  passed over: {sentence}")


@app.command("after-life")
def after_life(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the data set.")],
    output: OutputOption,
    copies: Annotated[int, typer.Option(min=0, help="Copies of each picture that live on.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 0,
    layout: Annotated[
        str | None,
        typer.Option(help="Its layout (locard dataset layouts).  [default: found out]"),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="train, val or test, where the data set says none.  [default: its folder's name]",
            show_default=False,
        ),
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Copy a data set, each picture as it is and as it may be after some years on the web.

    Copies are saved again, resized, reduced as messengers do, or stored without their JPEG header;
    masks follow. An authentic JPEG with tables that no tampered one has gets one more copy, saved
    with tables of a tampered one. Run again, it goes on where it stopped.

    Exit code 1 means that something of the data set was left out.
    """
    from locard.plugins import catalogue
    from locard_semi_global.synthesis.copies import copy
    from locard_semi_global.synthesis.lives import Options

    options = Options(
        folder=folder,
        output=output,
        layout=layout,
        copies=copies,
        seed=seed,
        split=split,
        workers=workers or cores(),
    )
    with counting_bars(quiet=quiet) as advance:
        copied = copy(options, catalogue(), advance)
    if not quiet:
        typer.echo(printable(str(copied.manifest)))
        typer.echo(f"{copied.copies} files from {copied.pictures} pictures")
        for chain, count in sorted(copied.chains.items()):
            typer.echo(f"  {chain}: {count}")
        if copied.told_apart:
            typer.echo(
                f"{copied.told_apart} authentic pictures have tables that no tampered one has: "
                "the column tables_tell says yes; leave these rows out of training"
            )
    _end(list(copied.problems))


@app.command("untouched")
def untouched(
    photographs: Annotated[list[str], typer.Argument(help="Photographs, folders, or globs.")],
    output: OutputOption,
    split_seed: Annotated[
        int, typer.Option("--split-seed", min=0, help="Divides cameras and scenes into splits.")
    ] = 0,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Collect photographs that nobody tampered with, as they are.

    They are divided as build divides them. Run again, it goes on where it stopped.

    Exit code 1 means that a photograph could not be read.
    """
    from locard_semi_global.synthesis.untouched import collect

    refused: list[str] = []
    files = image_files(photographs, refused)
    with counting_bars(quiet=quiet) as advance:
        collected = collect(files, output, split_seed, workers or cores(), advance)
    if not quiet:
        typer.echo(printable(str(collected.manifest)))
        for split, count in sorted(collected.splits.items()):
            typer.echo(f"  {split}: {count} photographs")
    _end([*refused, *(f"{one.name}: {one.why}" for one in collected.unusable if one.broken)])


def _end(problems: list[str]) -> None:
    for sentence in first_of(problems):
        typer.echo(f"locard: {sentence}", err=True)
    raise typer.Exit(ExitCode.ATTENTION if problems else ExitCode.OK)
