"""``locard splice tune-crf``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from locard.cli.common import QuietOption, print_table, printable
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars
from locard.errors import ExitCode, LocardError

if TYPE_CHECKING:
    from locard_semi_global.crf_results import CrfResults


def register(app: typer.Typer) -> None:
    """Add the command to ``locard splice``."""
    app.command("tune-crf")(tune_crf)


def tune_crf(
    sets: Annotated[
        list[Path],
        typer.Argument(metavar="SETS...", help="Data sets of any layout, none of them trained on."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File for the choice and all figures, JSON.")
    ],
    network: Annotated[
        str, typer.Option(help="Whose maps: semi-global, sgn-paper or jcs.")
    ] = "semi-global",
    model: Annotated[
        str | None,
        typer.Option(
            help="Version of its model.  [default: the newest that Locard ships]",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="Which pictures of data sets that say a split: train, val, test or any."),
    ] = "val",
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="FACT, or FACT=VALUE, that divides data sets besides the kind; several times."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many pictures a set, evenly from all kinds."),
    ] = None,
    candidates: Annotated[
        int, typer.Option(min=1, max=1000, help="How many sets of parameters are tried.")
    ] = 24,
    seed: Annotated[int, typer.Option(min=0, help="The same seed tries the same.")] = 1,
    into_card: Annotated[
        bool,
        typer.Option(
            "--into-card",
            help="Write the choice into the model's card: it is then another model, by its card's "
            "SHA-256.",
        ),
    ] = False,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Choose the parameters by which dense-crf refines the maps of a network.

    Those are chosen that gain most and by which no kind of picture of any data set loses more than
    the standard error of its mean. The gain is measured by cross-validation over groups of pictures
    that share a source. Where each choice harms some kind, none is made.

    Exit code 1 means that none was made, or that a picture could not be measured.
    """
    from locard.report.atomic import write_whole
    from locard_semi_global.crf_results import Tuning, into, tune
    from locard_semi_global.evaluation.networks import wanted_networks

    (whose,) = wanted_networks([network], [])
    wanted = Tuning(
        sets=tuple(sets),
        split=split,
        by=tuple(by or ()),
        limit=limit,
        network=replace(whose, version=model),
        candidates=candidates,
        seed=seed,
    )
    with counting_bars(quiet=quiet) as advance:
        results = tune(wanted, workers or cores(), advance)
    write_whole(output, [results.model_dump_json(indent=1).encode() + b"\n"])
    if not quiet:
        _print(results)
    for sentence in results.problems:
        typer.echo(f"locard: {printable(sentence)}", err=True)
    if results.parameters is None:
        raise LocardError(
            "no parameters were chosen: each that was tried harms some kind of picture",
            f"{output} has the figures. Try more --candidates, or leave the map unrefined.",
        )
    if into_card:
        typer.echo(f"card {into(results)}")
    raise typer.Exit(ExitCode.ATTENTION if results.problems else ExitCode.OK)


def _print(results: CrfResults) -> None:
    from rich.table import Table

    table = Table("pictures", "n", "before", "refined", "held out", "gain, 95 % interval")
    for row in results.gains:
        interval = "" if row.low is None else f" ({row.low:+.4f} to {row.high:+.4f})"
        figures = (row.before, row.chosen, row.held_out)
        table.add_row(
            printable(row.stratum),
            str(row.images),
            *(f"{value:.4f}" for value in figures),
            f"{row.held_out - row.before:+.4f}{interval}",
        )
    print_table(table)
    typer.echo("Tampered pictures: mean F1 at 0.5; authentic ones: mean share of marked pixels.")
    if results.parameters is not None:
        said = ", ".join(f"{name} {value}" for name, value in results.parameters.items())
        typer.echo(f"Chosen: {said}")
