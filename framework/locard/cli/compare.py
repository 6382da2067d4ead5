"""``locard compare``: is one method better than another on the same images?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from locard.cli.common import JsonOption
from locard.errors import ExitCode

app = typer.Typer(rich_markup_mode=None)


@app.command()
def compare(
    first: Annotated[
        Path, typer.Argument(metavar="OUT_A", help="Folder that `locard evaluate` wrote.")
    ],
    second: Annotated[Path, typer.Argument(metavar="OUT_B", help="Another one.")],
    step: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Step to compare; A=B where the names differ. May be repeated.  [default: all "
            "steps of the same name, or the only ones]",
            show_default=False,
        ),
    ] = None,
    fail_if_worse: Annotated[
        bool,
        typer.Option("--fail-if-worse", help="Exit with 1 where B is shown to be worse."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Say whether B is better than A, from two evaluations of the same images.

    The difference of each figure is taken image by image, with a 95 % interval from a bootstrap
    that both share. B is better or worse where the interval leaves out 0; otherwise no difference
    can be shown. What differs in the methods is named.
    """
    from locard.cli.comparison_tables import show
    from locard.evaluation.runs.cases import read
    from locard.service.compare import compare as run

    comparison = run(read(first), read(second), step or ())
    if json:
        typer.echo(comparison.model_dump_json())
    else:
        show(comparison)
    failed = fail_if_worse and comparison.worse
    raise typer.Exit(ExitCode.ATTENTION if failed else ExitCode.OK)
