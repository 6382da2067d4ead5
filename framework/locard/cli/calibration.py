"""``locard calibration``: what scores are worth as evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from locard.cli.common import JsonOption, print_json, print_table, printable
from locard.errors import ExitCode

if TYPE_CHECKING:
    from locard.calibration import Calibration
    from locard.calibration.make import Ratios
    from locard.calibration.transfer import Transfer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="JSON file of a calibration.")]
ResultsOption = Annotated[
    Path, typer.Option("--results", metavar="OUT", help="Folder that `locard evaluate` wrote.")
]
TreatmentOption = Annotated[
    str, typer.Option("--treatment", help="Which of the evaluation's treatments to take.")
]


@app.callback()
def calibration() -> None:
    """Turn scores into likelihood ratios: fit, show, plot and check calibrations."""


@app.command("fit")
def fit(
    results: ResultsOption,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    step: Annotated[
        str | None,
        typer.Option(help="Step to calibrate.  [default: the only one]", show_default=False),
    ] = None,
    method: Annotated[
        Literal["logistic", "pav"],
        typer.Option(help="Logistic regression, or pool-adjacent-violators (a step function)."),
    ] = "logistic",
    by: Annotated[
        Literal["source", "size", "none"],
        typer.Option(help="Divide the images by kind of file, or by size, each calibrated alone."),
    ] = "none",
    treatment: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Take images so treated; may be repeated.  [default: none, as they are]",
            show_default=False,
        ),
    ] = None,
    minimum: Annotated[
        int, typer.Option(min=5, help="Least number of images of each class and stratum.")
    ] = 20,
    accept_leaks: Annotated[
        bool,
        typer.Option(
            "--accept-leaks",
            help="Go on where headers alone tell the classes apart; the file will say so.",
        ),
    ] = False,
    plots: Annotated[
        Path | None,
        typer.Option(help="Folder for Tippett and reliability plots, of cross-validated ratios."),
    ] = None,
) -> None:
    """Calibrate a step on the scores of an evaluation.

    The file says which method, version, parameters, models, images and conditions it holds for, and
    is used for no other. A pipeline's step takes it with calibration = "FILE".
    """
    from locard.calibration.cases import read_cases
    from locard.calibration.make import make
    from locard.report.atomic import write_whole

    made = make(
        read_cases(results, step),
        method=method,
        by=by,
        treatments=tuple(treatment or ["none"]),
        least=minimum,
        accept_leaks=accept_leaks,
    )
    write_whole(output, [made.calibration.to_json().encode("ascii")])
    if plots is not None:
        _draw(made.ratios, plots)
    for note in made.notes:
        typer.echo(f"locard: {printable(note)}", err=True)
    _show(made.calibration)


@app.command("show")
def show(file: FileArgument, json: JsonOption = False) -> None:
    """Print what a calibration says, in words and figures; a file that was altered is refused."""
    from locard.calibration import Calibration

    loaded = Calibration.load(file)
    if json:
        print_json(loaded.model_dump(mode="json"))
    else:
        _show(loaded)


@app.command("check")
def check(
    file: FileArgument,
    results: ResultsOption,
    treatment: TreatmentOption = "none",
    json: JsonOption = False,
) -> None:
    """Measure a calibration on another data set: how well it holds elsewhere.

    Cllr is the cost of the ratios: 0 is perfect, 1 is what saying nothing costs, and more misleads.
    Exit code 1 means that no image got a ratio.
    """
    from locard.calibration import Calibration
    from locard.calibration.transfer import transfer_figures

    loaded = Calibration.load(file)
    found = _transfer(loaded, results, treatment)
    figures = transfer_figures(found)
    if json:
        print_json(
            {
                "calibration": loaded.sha256,
                "same_data": found.same_data,
                "outside": found.outside,
                "without_score": found.without_score,
                "unreadable": found.unreadable,
                "strata": figures,
            }
        )
    else:
        _print_transfer(found, figures)
    raise typer.Exit(ExitCode.OK if found.ratios else ExitCode.ATTENTION)


@app.command("plot")
def plot(
    file: FileArgument,
    results: ResultsOption,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.")],
    treatment: TreatmentOption = "none",
) -> None:
    """Draw Tippett and reliability plots of a calibration on a data set, as PNG and SVG."""
    from locard.calibration import Calibration

    found = _transfer(Calibration.load(file), results, treatment)
    for sentence in _transfer_notes(found):
        typer.echo(sentence)
    _draw(found.ratios, output)


def _transfer(loaded: Calibration, results: Path, treatment: str) -> Transfer:
    from locard.calibration.cases import read_cases
    from locard.calibration.transfer import apply

    return apply(loaded, read_cases(results, plugin=loaded.detector.plugin), treatment)


def _print_transfer(found: Transfer, figures: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("stratum", "tampered", "authentic", "Cllr", "min Cllr")
    for row in figures:
        counts = str(row["tampered"]), str(row["authentic"])
        name = Text(printable(str(row["stratum"])))
        table.add_row(name, *counts, _figure(row["cllr"]), _figure(row["cllr_min"]))
    if figures:
        print_table(table)
    else:
        typer.echo("No image got a ratio: nothing was measured.")
    for sentence in _transfer_notes(found):
        typer.echo(sentence)
    for row in figures:
        _say_if_useless(str(row["stratum"]), row["cllr"])


def _say_if_useless(stratum: str, cllr: float | None) -> None:
    if cllr is not None and cllr >= 1:
        typer.echo(
            f"{printable(stratum)}: with a Cllr of 1 or more, these ratios are no better than "
            "saying nothing. They are not to be used on such images."
        )


def _transfer_notes(found: Transfer) -> Iterator[str]:
    if found.same_data:
        yield (
            "This is the data set that the calibration was made from: the figures are better than "
            "it deserves. Its own are cross-validated: `locard calibration show`."
        )
    for count, why in (
        (
            found.outside,
            "outside the calibration's conditions (`locard calibration show` names them)",
        ),
        (found.without_score, "without a score"),
        (found.unreadable, "cannot be read"),
    ):
        if count:
            yield f"{count} images got no ratio: {why}."


def _draw(ratios: Mapping[str, Ratios], folder: Path) -> None:
    from locard.calibration.plots import draw

    for path in draw(ratios, folder):
        typer.echo(f"wrote {printable(str(path))}")


def _figure(value: object) -> str:
    return "–" if value is None else f"{value:.3f}"


def _show(loaded: Calibration) -> None:
    from rich.table import Table
    from rich.text import Text

    from locard.calibration.words import description

    for line in description(loaded):
        typer.echo(printable(line))
    table = Table("stratum", "tampered", "authentic", "log10 LR", "Cllr", "min Cllr", "holds for")
    for stratum in loaded.strata:
        bounds, cost = stratum.bounds, stratum.performance
        cells = (
            stratum.name,
            str(stratum.tampered),
            str(stratum.authentic),
            f"{bounds.lower:.2f} to {bounds.upper:.2f}",
            _figure(cost.cllr),
            _figure(cost.cllr_min),
            "; ".join(stratum.conditions.words),
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    print_table(table)
    for stratum in loaded.strata:
        _say_if_useless(stratum.name, stratum.performance.cllr)
