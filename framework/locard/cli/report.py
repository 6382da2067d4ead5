"""``locard report``: a case as HTML, PDF or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from locard.cli.common import DatabaseOption, QuietOption, VaultOption, open_vault, printable
from locard.cli.exhibit import CaseArgument
from locard.errors import ExitCode, LocardError

if TYPE_CHECKING:
    from locard.plugins import Catalogue
    from locard.report.exporter import Exporter
    from locard.report.model import Report
    from locard.report.stability import Lines
    from locard.vault.case import Case

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def report(
    case: CaseArgument,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="File to write; its ending (.html, .pdf, .json) is the format."
        ),
    ],
    format_name: Annotated[
        str | None,
        typer.Option("--format", help="Format, where the ending does not say.", show_default=False),
    ] = None,
    examination: Annotated[
        int | None,
        typer.Option(
            "--examination", min=1, help="Report one examination, by number.  [default: all]"
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Verify the case first.")
    ] = True,
    stability: Annotated[
        Path | None,
        typer.Option(
            help="What `analyze --probe --json` wrote; shown with exhibits of the same SHA-256."
        ),
    ] = None,
    quiet: QuietOption = False,
    vault: VaultOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write a case's report as HTML, PDF or JSON.

    Exit codes: 0 written; 1 written, and the verification found something; 2 wrong command;
    3 vault unusable.
    """
    from locard.plugins import catalogue

    plugins = catalogue()
    exporter = choose_exporter(output, format_name, plugins)
    probes = _probes(stability)
    with open_vault(vault, database) as opened:
        written = _build(opened.case(case), plugins, examination, verify)
        if probes is not None:
            written = _with_probes(written, probes)
        exporter.write(written, output)
    if not quiet:
        typer.echo(printable(str(output)))
    if written.verification and written.verification.failures:
        from locard.report import wording

        typer.echo(wording.verification(written.verification), err=True)
        raise typer.Exit(ExitCode.ATTENTION)


def _probes(path: Path | None) -> Lines | None:
    from locard.report.stability import read_lines

    return None if path is None else read_lines(path)


def _with_probes(written: Report, probes: Lines) -> Report:
    from locard.report.stability import with_stability

    written, strange = with_stability(written, probes)
    if strange:
        what = "1 probed file is no exhibit" if strange == 1 else f"{strange} probed files are none"
        typer.echo(f"locard: {what} of this case, and left out", err=True)
    return written


def choose_exporter(output: Path, format_name: str | None, plugins: Catalogue) -> Exporter:
    """Return the exporter that the format or the file's ending asks for.

    Raises:
        LocardError: None of the installed ones does.
    """
    exporters = plugins.exporters
    if format_name is not None:
        if format_name in exporters:
            return exporters[format_name]()
        raise LocardError(
            f"there is no report format {format_name!r}", f"Formats: {', '.join(exporters)}."
        )
    for exporter in exporters.values():
        if output.suffix.lower() in exporter.suffixes:
            return exporter()
    endings = ", ".join(suffix for one in exporters.values() for suffix in one.suffixes)
    raise LocardError(
        f"the ending of {str(output)!r} is of no report format",
        f"Endings: {endings}; or name the format with --format.",
    )


def _build(case: Case, plugins: Catalogue, examination: int | None, verify: bool) -> Report:
    from locard.report.build import build

    problems = None
    if verify:
        from locard.vault.verify import verify as verify_case
        from locard_registry import hashes_of

        problems = list(verify_case(case, models=hashes_of))
    return build(case, plugins, examination=examination, problems=problems)
