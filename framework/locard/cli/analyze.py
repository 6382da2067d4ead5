"""``locard analyze``: examine files without a case."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli.common import JsonOption, QuietOption, print_json, printable
from locard.cli.options import ExecutorOption, PipelineOption, WorkersOption, cores
from locard.cli.probe import print_stability
from locard.errors import ExitCode, LocardError
from locard.plugins import catalogue

if TYPE_CHECKING:
    from locard.engine.records import FindingRecord
    from locard.intake import Source
    from locard.service.analyze import Analysis, SavedMaps
    from locard.stability import Stability

app = typer.Typer(rich_markup_mode=None)


@app.command()
def analyze(
    files: Annotated[list[str], typer.Argument(help="Photographs, folders, or globs.")],
    pipeline: PipelineOption = "quick",
    json: JsonOption = False,
    maps: Annotated[
        Path | None,
        typer.Option(help="Folder for heat maps (.npy, .png overlays), masks, and pictures."),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Also examine treated copies: do the findings hold?"),
    ] = False,
    workers: WorkersOption = None,
    executor: ExecutorOption = "local",
    quiet: QuietOption = False,
) -> None:
    """Examine files without a case, and print what each step says of each.

    With --probe each file is also saved again as JPEG, cut and resized, and the copies are examined
    alike: how outcome and score move shows what a finding hangs on.

    Exit code 1 means that a file or a step could not be examined; what was detected does not
    change the exit code.
    """
    from locard import pipelines
    from locard.cli.progress import progress_bar
    from locard.service import analyze as service
    from locard.service import stability
    from locard.service.maps import MapFolder

    plugins = catalogue()
    loaded = pipelines.load(pipeline, plugins)
    if loaded.validated:
        raise LocardError(
            f"pipeline {loaded.name} demands validated methods, whose records are kept in a vault; "
            "analyze uses none",
            "Add the files to a case and use `locard examine`, or take validated = true out of a "
            "copy of the pipeline.",
        )
    printer = _Printer(json=json, quiet=quiet)
    with progress_bar(plugins, quiet=quiet or json):
        run = stability.probe if probe else service.analyze
        summary = run(
            printer.wanted(files),
            loaded,
            plugins=plugins,
            workers=workers or cores(),
            report=printer.report,
            keep=MapFolder(maps).keep if maps else None,
            executor=executor,
        )
    printer.say_what_was_passed_over()
    if summary.interrupted:
        raise KeyboardInterrupt
    raise typer.Exit(ExitCode.ATTENTION if printer.attention else ExitCode.OK)


class _Printer:
    """Prints each file's analysis as it comes, and remembers what the exit code must say.

    Attributes:
        attention: Whether a file or a step could not be examined.
    """

    def __init__(self, *, json: bool, quiet: bool) -> None:
        self._json = json
        self._quiet = quiet
        self._passed_over = 0
        self.attention = False

    def wanted(self, files: list[str]) -> Iterator[Source]:
        """Yield the files to analyze; what is no image in a folder is counted and passed over."""
        from locard.intake import find

        for source in find(files, everything=False):
            if source.status == "skipped":
                self._passed_over += 1
            else:
                yield source

    def report(self, analysis: Analysis, stability: Stability | None = None) -> None:
        """Print what is said of one file, and where it was probed of its copies."""
        self.attention |= analysis.needs_attention
        if stability is not None:
            self.attention |= stability.needs_attention
        if self._json:
            probed = {"stability": stability.model_dump(mode="json")} if stability else {}
            print_json({**as_json(analysis), **probed})
        elif not self._quiet:
            _print_words(analysis)
            if stability is not None:
                print_stability(stability)

    def say_what_was_passed_over(self) -> None:
        """Say on standard error how many files were passed over, if any were."""
        count = self._passed_over
        if count and not self._quiet:
            what = "1 file in a folder was" if count == 1 else f"{count} files in folders were"
            typer.echo(f"locard: {what} passed over: not an image that Locard reads", err=True)


def as_json(analysis: Analysis) -> dict[str, Any]:
    """Return what ``--json`` prints for one file; ``schemas/analyze.schema.json`` describes it."""
    from locard.service.analyze import SavedMaps

    result = analysis.result
    return {
        "file": analysis.file,
        "sha256": analysis.sha256,
        "width": result.width if result else None,
        "height": result.height if result else None,
        "error": analysis.error,
        "findings": [
            _finding(finding, analysis.saved.get(finding.step, SavedMaps()))
            for finding in (result.findings if result else ())
        ],
    }


def _finding(finding: FindingRecord, saved: SavedMaps) -> dict[str, Any]:
    return {
        "step": finding.step,
        "plugin": finding.plugin,
        "version": finding.plugin_version,
        "outcome": str(finding.outcome),
        "score": finding.score,
        "reason": finding.reason,
        "explanation": finding.explanation,
        "seconds": round(finding.seconds, 6),
        "measurements": dict(finding.measurements),
        "regions": [dict(region) for region in finding.regions],
        "likelihood": None if finding.likelihood is None else dict(finding.likelihood),
        **{kind: str(path) if path else None for kind, path in dataclasses.asdict(saved).items()},
    }


def _print_words(analysis: Analysis) -> None:
    from locard.calibration.likelihood import likelihood_words

    result = analysis.result
    size = f"  {result.width}×{result.height}" if result and result.width else ""
    typer.echo(f"{printable(analysis.file)}{size}")
    if analysis.error:
        typer.echo(f"  {printable(analysis.error)}")
    for finding in result.findings if result else ():
        score = "" if finding.score is None else f"{finding.score:.4g}"
        typer.echo(f"  {finding.step:<22}{finding.outcome.words:<16}{score}")
        if finding.explanation:
            typer.echo(_indented(printable(finding.explanation)))
        if finding.likelihood is not None:
            typer.echo(_indented(printable(likelihood_words(finding.likelihood))))


def _indented(text: str) -> str:
    import shutil
    import textwrap

    width = min(shutil.get_terminal_size().columns, 100)
    return textwrap.fill(text, width, initial_indent=" " * 6, subsequent_indent=" " * 6)
