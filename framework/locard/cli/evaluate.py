"""``locard evaluate``: how good a pipeline is on a data set with known answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from locard.cli.common import JsonOption, QuietOption, printable
from locard.cli.dataset import LayoutOption
from locard.cli.options import ExecutorOption, WorkersOption, cores
from locard.errors import ExitCode, PipelineError
from locard.plugins import catalogue

if TYPE_CHECKING:
    from locard.evaluation.treatments import Treatment
    from locard.pipelines import Pipeline
    from locard.plugins import Catalogue

app = typer.Typer(rich_markup_mode=None)


@app.command()
def evaluate(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the data set.")],
    pipeline: Annotated[
        str,
        typer.Option(
            "--pipeline", "-p", help="Name of a pipeline or detector, or path of a .toml file."
        ),
    ] = "quick",
    layout: LayoutOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="At most so many images, taken evenly from all kinds.  [default: all]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for results.json, cases.csv, report.html, and findings to resume.",
        ),
    ] = None,
    treat: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Also treat all images so: jpeg-80, scale-0.75, blur, … May be repeated.",
        ),
    ] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Also with each of the standard treatments.")
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Folder of findings, which evaluations may share.  [default: OUTPUT/findings]",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
    workers: WorkersOption = None,
    executor: ExecutorOption = "local",
    quiet: QuietOption = False,
) -> None:
    """Measure how good each step of a pipeline is on a data set with known answers.

    With --output, a run that was interrupted goes on where it stopped when it is started again.
    Exit code 1 means that a finding failed, or an image or mask could not be used.
    """
    from locard.cli.evaluation_tables import show
    from locard.cli.progress import progress_bar
    from locard.evaluation.datasets.loading import load
    from locard.evaluation.runs import output as folder
    from locard.service.evaluate import evaluate as run
    from locard.service.gallery import write_page

    plugins = catalogue()
    loaded = _pipeline(pipeline, plugins)
    treatments = _treatments(treat or [], standard=robustness)
    data = load(dataset, layout, plugins, limit)
    if output is not None:
        folder.check_place(output, loaded, data)
    with progress_bar(plugins, quiet=quiet or json):
        evaluation = run(
            loaded,
            data,
            plugins=plugins,
            workers=workers or cores(),
            treatments=treatments,
            findings=cache or (output / folder.FINDINGS if output else None),
            executor=executor,
            command={
                "dataset": printable(str(dataset)),
                "layout": layout,
                "limit": limit,
                "pipeline": printable(pipeline),
                "treatments": [treatment.name for treatment in treatments],
            },
        )
    if output is not None:
        folder.write(evaluation.results, evaluation.rows, output)
        write_page(evaluation, data, cache or output / folder.FINDINGS, output / folder.PAGE)
    if json:
        typer.echo(evaluation.results.model_dump_json())
    elif not quiet:
        show(evaluation)
        if output is not None:
            typer.echo(f"wrote {printable(str(output / folder.PAGE))}")
    raise typer.Exit(ExitCode.ATTENTION if evaluation.needs_attention else ExitCode.OK)


def _pipeline(name: str, plugins: Catalogue) -> Pipeline:
    """Return the pipeline of a name, or one of the detector that has the name."""
    from locard import pipelines
    from locard.service.evaluate import one_step

    if name in plugins.detectors and name not in plugins.pipelines:
        return one_step(name, plugins)
    try:
        return pipelines.load(name, plugins)
    except PipelineError as error:
        if name in plugins.pipelines or Path(name).is_file():
            raise
        known = f"Detectors, one by itself: {', '.join(sorted(plugins.detectors))}."
        raise PipelineError(error.message, f"{error.hint} {known}") from None


def _treatments(names: list[str], *, standard: bool) -> list[Treatment]:
    from locard.evaluation.treatments import STANDARD, parse

    return [parse(name) for name in (*(STANDARD if standard else ()), *names)]
