"""``locard crop``: what belongs to the detector of cropped photographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli.common import (
    JsonOption,
    QuietOption,
    first_of,
    image_files,
    print_json,
    print_table,
    printable,
)
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars
from locard.errors import ExitCode
from locard_kd_crop import evaluation_command, export_command, training_commands

if TYPE_CHECKING:
    from locard_kd_crop.datasets.build import Made
    from locard_kd_crop.datasets.check import Check

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
datasets = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(datasets, name="dataset")
training_commands.register(app)
evaluation_command.register(app)
export_command.register(app)


@app.callback()
def crop() -> None:
    """Cropped photographs: data sets to train on and to be measured by."""


@datasets.callback()
def dataset() -> None:
    """Make and check data sets of cropped and uncropped pictures."""


@datasets.command("build")
def build(
    photographs: Annotated[list[str], typer.Argument(help="Photographs, folders, or globs.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to make; one that was begun goes on.")
    ],
    tool: Annotated[str, typer.Option(help="What cuts: pillow, imagemagick, libvips or jpegtran.")],
    pairs: Annotated[int, typer.Option(min=1, help="How many pairs of pictures.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 0,
    size: Annotated[
        str | None,
        typer.Option(
            help="Sizes, separated by commas: 256, 640x480, or 64-1024 for any between.  "
            "[default: 256,384,512,768]",
            show_default=False,
        ),
    ] = None,
    strata: Annotated[
        str | None,
        typer.Option(
            help="Some of A,B,C,D,E.  [default: all that the tool can make]", show_default=False
        ),
    ] = None,
    hold_out_cameras: Annotated[
        int | None,
        typer.Option(
            "--hold-out-cameras",
            help="Cameras that the test has for itself.  [default: 15 %]",
            show_default=False,
        ),
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Cut pairs of a cropped and an uncropped picture out of photographs.

    The uncropped picture is an aligned window that goes through the very same steps. Strata: A
    stored without loss; B, C, D re-saved better, alike or worse than the camera's file; E nothing
    to see. Run again, it goes on where it stopped.

    Exit code 1 means that a photograph could not be read, or a pair could not be made.
    """
    from locard_kd_crop.datasets.build import build as make
    from locard_kd_crop.datasets.plan import DEFAULT_SIZES, Options

    names = tuple(name.strip() for name in strata.split(",")) if strata else ()
    options = Options(
        output=output,
        tool=tool,
        pairs=pairs,
        seed=seed,
        sizes=size or DEFAULT_SIZES,
        strata=names,
        hold_out_cameras=hold_out_cameras,
        workers=workers or cores(),
    )
    refused: list[str] = []
    with counting_bars(quiet=quiet) as advance:
        made = make(image_files(photographs, refused), options, advance)
    if not quiet:
        _print_made(made)
    broken = [*refused, *(f"{one.name}: {one.why}" for one in made.unusable if one.broken)]
    failed = [f"{n} pairs left out: {why}" for why, n in sorted(made.failed.items())]
    for sentence in first_of([*broken, *failed]):
        typer.echo(f"locard: {sentence}", err=True)
    raise typer.Exit(ExitCode.ATTENTION if broken or failed else ExitCode.OK)


def _print_made(made: Made) -> None:
    typer.echo(printable(str(made.manifest)))
    again = f", of which {made.kept} were there already" if made.kept else ""
    typer.echo(
        f"{made.made + made.kept} pairs by {made.version}{again}, from {made.photographs} "
        f"photographs of {made.sources} cameras and scenes"
    )
    counts = (f"{split} {count}" for split, count in sorted(made.splits.items()))
    typer.echo(f"Pairs of each split: {', '.join(counts)}")
    for stratum, names in made.variants.items():
        typer.echo(f"  stratum {stratum}: {', '.join(names)}")
    passed_over = [f"{one.name}: {one.why}" for one in made.unusable if not one.broken]
    for sentence in first_of(passed_over):
        typer.echo(f"  passed over: {sentence}")


@datasets.command("check")
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the data set.")],
    json: JsonOption = False,
) -> None:
    """Look for what tells the classes apart beside the crop, for broken pairs and split cameras.

    A shallow tree is given size, tables, subsampling, format, metadata, bytes per pixel and the
    place in the frame, and must not tell cropped from uncropped. Exits with 1 if something must be
    looked at.
    """
    from locard.evaluation.datasets.loading import load
    from locard.plugins import catalogue
    from locard_kd_crop.datasets.check import check as look
    from locard_kd_crop.datasets.layout import CropPairs

    found = load(folder, CropPairs.name, catalogue())
    checked = look(found)
    if json:
        print_json(_plain(checked, found.facts.images))
    else:
        _print_check(checked, found.facts.images)
    raise typer.Exit(ExitCode.OK if checked.clean else ExitCode.ATTENTION)


def _plain(checked: Check, images: int) -> dict[str, Any]:
    inspection = checked.inspection
    return {
        "images": images,
        "pairs": checked.pairs,
        "problems": inspection.problems,
        "duplicates": inspection.duplicates,
        "contradictions": checked.contradictions,
        "differences": checked.differences,
        "divisions": checked.divisions,
        "leaks": [leak.model_dump(mode="json") for leak in inspection.leaks],
        "clean": checked.clean,
    }


def _print_check(checked: Check, images: int) -> None:
    from rich.table import Table

    inspection = checked.inspection
    typer.echo(f"{images} pictures in {checked.pairs} pairs")
    contradictions = [", ".join(map(printable, names)) for names in checked.contradictions]
    for words, sentences in (
        ("Problems", [printable(problem) for problem in inspection.problems]),
        ("Files that belong to both classes or to two photographs", contradictions),
        ("Differences within pairs", list(checked.differences)),
        ("In more than one split", list(checked.divisions)),
    ):
        typer.echo(f"{words}: {len(sentences)}")
        for sentence in first_of(sentences):
            typer.echo(f"  {sentence}")
    if chance := len(inspection.duplicates) - len(contradictions):
        typer.echo(f"Windows of a photograph that were drawn more than once: {chance}")
    if not inspection.leaks:
        typer.echo("The leak check needs five cameras or scenes: not made.")
    else:
        table = Table("without a picture", "balanced accuracy", "95 % interval", "")
        for leak in inspection.leaks:
            interval = f"{leak.low:.3f} to {leak.high:.3f}"
            verdict = "tells the classes" if leak.leaks else ""
            table.add_row(leak.feature, f"{leak.balanced_accuracy:.3f}", interval, verdict)
        print_table(table)
    if checked.clean:
        typer.echo("Nothing to look at.")
