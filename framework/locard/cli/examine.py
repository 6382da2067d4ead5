"""``locard examine``: run a pipeline over the exhibits of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from locard.cli.common import (
    DatabaseOption,
    JsonOption,
    QuietOption,
    VaultOption,
    actor,
    open_vault,
    print_json,
)
from locard.cli.options import ExecutorOption, WorkersOption, cores
from locard.errors import ExitCode
from locard.outcomes import Outcome
from locard.plugins import catalogue

if TYPE_CHECKING:
    from locard.service.examine import CaseRun

app = typer.Typer(rich_markup_mode=None)


@app.command()
def examine(
    case: Annotated[str, typer.Argument(help="Name of the case.")],
    pipeline: Annotated[
        str | None,
        typer.Option("--pipeline", "-p", help="Name of a pipeline, or path of a .toml file."),
    ] = None,
    workers: WorkersOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish an examination that was interrupted.")
    ] = False,
    executor: ExecutorOption = "local",
    json: JsonOption = False,
    quiet: QuietOption = False,
    vault: VaultOption = None,
    database: DatabaseOption = None,
) -> None:
    """Run a pipeline over the exhibits of a case.

    Findings are kept exhibit by exhibit: what was done before an interruption stays, and --resume
    does the rest. Exit code 1 means that some findings failed.
    """
    from locard.cli.progress import progress_bar
    from locard.service.examine import examine_case

    plugins = catalogue()
    with open_vault(vault, database) as opened, progress_bar(plugins, quiet=quiet or json):
        run = examine_case(
            opened,
            case,
            pipeline,
            plugins=plugins,
            workers=workers or cores(),
            actor=actor(),
            resume=resume,
            executor=executor,
        )
    if json:
        print_json(_as_json(case, run))
    elif not quiet:
        typer.echo(_in_words(case, run))
    if run.summary is not None and run.summary.interrupted:
        raise KeyboardInterrupt
    failed = run.summary is not None and run.summary.outcomes.get(Outcome.FAILED, 0)
    raise typer.Exit(ExitCode.ATTENTION if failed else ExitCode.OK)


def _as_json(case: str, run: CaseRun) -> dict[str, Any]:
    summary = run.summary
    return {
        "case": case,
        "examination": run.examination,
        "resumed": run.resumed,
        "exhibits": summary.exhibits if summary else 0,
        "outcomes": {str(key): count for key, count in summary.outcomes.items()} if summary else {},
        "seconds": round(summary.seconds, 3) if summary else 0.0,
        "interrupted": summary.interrupted if summary else False,
    }


def _in_words(case: str, run: CaseRun) -> str:
    summary = run.summary
    if summary is None:
        return f"case {case}: examination {run.examination} is complete; nothing is left to do"
    counts = ", ".join(
        f"{summary.outcomes[outcome]} {outcome.words}"
        for outcome in Outcome
        if summary.outcomes.get(outcome)
    )
    verb = "resumed" if run.resumed else "done"
    return (
        f"case {case}: examination {run.examination} {verb}: {summary.exhibits} exhibits in "
        f"{summary.seconds:.1f} s; findings: {counts or 'none'}"
    )
