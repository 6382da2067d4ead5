"""``locard splice evaluate`` and ``locard splice probe``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from locard.cli.common import QuietOption, print_table, printable
from locard.cli.options import WorkersOption, cores
from locard.cli.progress import counting_bars
from locard.errors import ExitCode, LocardError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locard_semi_global.evaluation.card import Part
    from locard_semi_global.evaluation.evaluating import Evaluation, Found
    from locard_semi_global.evaluation.results import SpliceResults
    from locard_semi_global.evaluation.tables import Table as TextTable

_COLUMNS = 6
"""Methods side by side in a printed table."""

SetsArgument = Annotated[
    list[Path], typer.Argument(metavar="SETS...", help="Data sets of any layout.")
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="Version of the model semi-global; several times.  [default: the newest]",
        show_default=False,
    ),
]
SplitOption = Annotated[
    str,
    typer.Option(
        "--split",
        help="Which pictures of data sets that say a split: val, test (both with a comma), or any.",
    ),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="FACT=VALUE",
        help="Only pictures of which a data set that states the fact says so; several times.",
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", min=1, help="At most so many pictures a set, evenly from all kinds."),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="File for all figures, JSON.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``locard splice``."""
    app.command("evaluate")(evaluate)
    app.command("probe")(probe)


def evaluate(
    sets: SetsArgument,
    model: ModelOption = None,
    networks: Annotated[
        str, typer.Option(help="Networks to measure, with commas: semi-global, sgn-paper, jcs.")
    ] = "semi-global,sgn-paper,jcs",
    treatments: Annotated[
        str,
        typer.Option(
            "--treat",
            help="What is done to the pictures, with commas: none, png, jpeg-Q, scale-F, …",
        ),
    ] = "none,png,jpeg-80,scale-0.75",
    authentic: Annotated[
        str,
        typer.Option(
            "--treat-authentic",
            help="What is done to authentic pictures besides, so that more kinds of source have "
            "thresholds.",
        ),
    ] = "",
    crf: Annotated[
        bool, typer.Option("--with-crf/--no-crf", help="Measure maps that the CRF refined, too.")
    ] = True,
    split: SplitOption = "val",
    where: WhereOption = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="FACT", help="Figures for each value of a fact, too."),
    ] = None,
    limit: LimitOption = None,
    output: OutputOption = None,
    rows: Annotated[
        Path | None, typer.Option("--rows", help="File for each picture's figures, CSV.")
    ] = None,
    card: Annotated[
        str | None,
        typer.Option(
            "--into-card",
            help="Write figures, thresholds, or both (with a comma) into the model's card: it is "
            "then another model, by its card's SHA-256.",
        ),
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Measure localisers on data sets, side by side: pixels, pictures, false alarms by source.

    Figures at 0.5 are the headline. Thresholds of pictures are set for each kind of source on
    other photographs than those they are counted on.

    Exit code 1 means that some pictures could not be measured; the others were.
    """
    from locard_semi_global.evaluation.evaluating import Evaluation
    from locard_semi_global.evaluation.measuring import Plan
    from locard_semi_global.evaluation.networks import OURS, wanted_networks

    chosen = wanted_networks(listed(networks), model or ())
    ours = [one for one in chosen if one.name == OURS]
    parts = _parts(card)
    if parts and len(ours) != 1:
        raise LocardError(
            "--into-card needs one version of the model semi-global among those measured",
            "Give --model once, and semi-global among --networks.",
        )
    wanted = Evaluation(
        sets=tuple(sets),
        splits=listed(split),
        where=facts(where or ()),
        treatments=listed(treatments),
        authentic=listed(authentic),
        plan=Plan(chosen, crf=crf, by=tuple(by or ())),
        limit=limit,
        workers=workers or cores(),
    )
    found = found_by(wanted, quiet=quiet)
    write(found, output, rows)
    if not quiet:
        from locard_semi_global.evaluation.tables import tables

        for table in tables(found.results):
            print_text_table(table)
    if parts:
        from locard_semi_global.evaluation.card import into_card

        typer.echo(f"card {into_card(found.results, ours[0], parts)}")
    finish(found.results)


def _parts(said: str | None) -> tuple[Part, ...]:
    from locard_semi_global.evaluation.card import PARTS

    wanted = listed(said or "")
    if unknown := [part for part in wanted if part not in PARTS]:
        raise LocardError(
            f"--into-card {printable(unknown[0])!r} is not understood",
            f"There are: {', '.join(PARTS)}.",
        )
    return tuple(part for part in PARTS if part in wanted)


def probe(
    sets: SetsArgument,
    model: Annotated[
        str | None,
        typer.Option(
            help="Version of the model semi-global.  [default: the newest]", show_default=False
        ),
    ] = None,
    split: SplitOption = "val",
    where: WhereOption = None,
    limit: LimitOption = None,
    output: OutputOption = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Show what the localiser lives on: one thing after another is taken away.

    From the pictures: the file's header, the JPEG grid, fine detail, colours, the border, the
    order of their parts. From the network: each group of traces, and all but each.

    Exit code 1 means that some pictures could not be measured; the others were.
    """
    from locard.report.atomic import write_whole
    from locard_semi_global.evaluation import probes
    from locard_semi_global.evaluation.evaluating import Evaluation
    from locard_semi_global.evaluation.measuring import Plan
    from locard_semi_global.evaluation.networks import OURS, wanted_networks

    plan = Plan(wanted_networks([OURS], [model] if model else []), probes.taken_out())
    wanted = Evaluation(
        sets=tuple(sets),
        splits=listed(split),
        where=facts(where or ()),
        treatments=probes.treatments(),
        authentic=(),
        plan=plan,
        limit=limit,
        workers=workers or cores(),
    )
    results = found_by(wanted, quiet=quiet).results
    if output is not None:
        write_whole(output, [results.model_dump_json(indent=1).encode() + b"\n"])
    if not quiet:
        print_text_table(probes.table(results))
    finish(results)


def finish(results: SpliceResults) -> None:
    """Name what could not be measured, and exit."""
    for sentence in results.problems:
        typer.echo(f"locard: {printable(sentence)}", err=True)
    raise typer.Exit(ExitCode.ATTENTION if results.problems else ExitCode.OK)


def write(found: Found, output: Path | None, rows: Path | None) -> None:
    """Write what was asked for."""
    from locard.report.atomic import write_whole
    from locard_semi_global.evaluation.rows import to_csv

    if output is not None:
        write_whole(output, [found.results.model_dump_json(indent=1).encode() + b"\n"])
    if rows is not None:
        write_whole(rows, [to_csv(found.rows).encode()])


def facts(said: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the values of facts that options say, as ``FACT=VALUE``.

    Raises:
        LocardError: One does not have that form.
    """
    found: dict[str, tuple[str, ...]] = {}
    for words in said:
        name, equals, value = words.partition("=")
        if not (name and equals):
            raise LocardError(
                f"--where {printable(words)!r} is not understood", "Write FACT=VALUE."
            )
        found[name] = (*found.get(name, ()), value)
    return found


def found_by(wanted: Evaluation, *, quiet: bool) -> Found:
    """Evaluate, with a progress bar."""
    from locard.plugins import catalogue
    from locard_semi_global.evaluation.evaluating import evaluate as measure

    with counting_bars(quiet=quiet) as advance:
        return measure(wanted, catalogue(), advance)


def print_text_table(found: TextTable) -> None:
    """Print a table, so many columns at a time."""
    from rich.table import Table

    for start in range(1, len(found.head), _COLUMNS):
        shown = Table(title=found.title, title_justify="left")
        shown.add_column(found.head[0])
        for name in found.head[start : start + _COLUMNS]:
            shown.add_column(printable(name), justify="right")
        for row in found.rows:
            shown.add_row(*map(printable, (row[0], *row[start : start + _COLUMNS])))
        print_table(shown)


def listed(words: str) -> tuple[str, ...]:
    """Return what an option names, with commas between."""
    return tuple(word for part in words.split(",") if (word := part.strip()))
