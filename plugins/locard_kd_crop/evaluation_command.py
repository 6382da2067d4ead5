"""``locard crop evaluate``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from locard.cli.common import QuietOption, print_table, printable
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars
from locard.errors import ExitCode, LocardError

if TYPE_CHECKING:
    from locard_kd_crop.evaluation.models import CropModel
    from locard_kd_crop.evaluation.results import CropResults, PhotographResult
    from locard_kd_crop.evaluation.tables import Table as TextTable

_COLUMNS = 4
"""Models side by side in a printed table."""


def register(app: typer.Typer) -> None:
    """Add the command to ``locard crop``."""
    app.command("evaluate")(evaluate)


def evaluate(
    sets: Annotated[
        list[Path],
        typer.Option("--sets", help="Data set of locard crop dataset build; several times."),
    ],
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="Models of the registry, NAME or NAME@VERSION, or folders of trainings.  "
            "[default: all of the registry]",
            show_default=False,
        ),
    ] = None,
    held_out: Annotated[
        list[Path] | None,
        typer.Option("--held-out", help="Data set that sets no threshold; several times."),
    ] = None,
    split: Annotated[
        str, typer.Option(help="What to measure on: test, or val while a model is developed.")
    ] = "test",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File for all figures: JSON, or CSV with --csv."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print all figures as CSV.")] = False,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Folder for evidence and logits, 0.7 MB a picture.  "
            "[default: cache, beside the first data set]",
            show_default=False,
        ),
    ] = None,
    baseline: Annotated[
        bool,
        typer.Option(help="Measure a logistic regression on plain maxima and ZERO's votes beside."),
    ] = True,
    time: Annotated[bool, typer.Option(help="Take times.")] = True,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Measure models on data sets, side by side: by stratum, with 95 % intervals.

    Thresholds are set on the validation pictures of the data sets, for each model anew. Where
    photographs turn out to have been cropped before, they are named.

    Exit code 1 means that a model could not be measured; the others were.
    """
    from locard_kd_crop.evaluation.evaluating import Wanted
    from locard_kd_crop.evaluation.evaluating import evaluate as measure

    if split not in ("test", "val"):
        raise LocardError(
            f"there is no split {split!r} to measure on", "Give --split test, or --split val."
        )
    kept = cache or sets[0].absolute().parent / "cache"
    with counting_bars(quiet=quiet) as advance:
        wanted = Wanted(
            data_sets=tuple(sets),
            held_out=tuple(held_out or ()),
            split=split,
            cache=kept,
            workers=workers or cores(),
            baseline=baseline,
            timed=time,
            advance=advance,
        )
        results = measure(_models(models or []), wanted)
    form: Literal["json", "csv"] = "csv" if csv else "json"
    if output is not None:
        _write(output, results, form)
    if json or csv:
        typer.echo(_text(results, form), nl=False)
    elif not quiet:
        _print(results)
    for sentence in results.failed:
        typer.echo(f"locard: {printable(sentence)}", err=True)
    raise typer.Exit(ExitCode.ATTENTION if results.failed else ExitCode.OK)


def _models(names: list[str]) -> list[CropModel]:
    from locard_kd_crop.evaluation.registered import all_registered, registered

    if not names:
        return [*all_registered()]
    found: list[CropModel] = []
    for name in names:
        if Path(name).is_dir():
            from locard_kd_crop.evaluation.runs import run

            found.append(run(Path(name)))
        else:
            model, _, version = name.partition("@")
            found += registered(model, version or None)
    return found


def _text(results: CropResults, form: Literal["json", "csv"]) -> str:
    from locard_kd_crop.evaluation.results import to_csv

    return to_csv(results) if form == "csv" else results.model_dump_json(indent=1) + "\n"


def _write(path: Path, results: CropResults, form: Literal["json", "csv"]) -> None:
    from locard.report.atomic import write_whole

    write_whole(path, [_text(results, form).encode()])


def _print(results: CropResults) -> None:
    from locard_kd_crop.evaluation.tables import tables

    pictures = sum(one.images for one in results.sets)
    names = ", ".join(f"{one.name} ({one.tool})" for one in results.sets)
    typer.echo(f"{pictures} pictures of the split {results.split}: {names}")
    for found in tables(results):
        _print_table(found)
    for sentence in _notes(results):
        typer.echo(sentence)


def _print_table(found: TextTable) -> None:
    """Print a table; of models side by side, some at a time."""
    from rich.table import Table

    at_once = _COLUMNS if found.of_models else len(found.head)
    for start in range(1, len(found.head), at_once):
        shown = Table(title=found.title, title_justify="left")
        shown.add_column(found.head[0])
        for name in found.head[start : start + at_once]:
            shown.add_column(printable(name), justify="right")
        for row in found.rows:
            shown.add_row(*map(printable, (row[0], *row[start : start + at_once])))
        print_table(shown)


def _notes(results: CropResults) -> Iterator[str]:
    if results.split == "val":
        yield "Thresholds were set on these very pictures: the figures are too good."
    else:
        yield "Thresholds were set on the split val."
    if results.timed:
        yield f"Times are of a {results.timed}, times Pillow's decoding in the same run."
    for method in results.methods:
        for photographs, words in (
            (method.set_aside, "no threshold rests on them"),
            (method.older_grids, "their false alarms count"),
        ):
            if photographs:
                names = ", ".join(map(_words, photographs))
                yield f"{method.name}: photographs with an older grid, {words}: {names}"


def _words(one: PhotographResult) -> str:
    return f"{one.photograph} at {one.x},{one.y} in {one.agree} of {one.images}"
