"""``locard case``: open, list, show, close, verify, export and import cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
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
    print_table,
    printable,
)
from locard.cli.exhibit import CaseArgument, exhibit_as_json, print_exhibits
from locard.cli.options import WorkersOption, cores
from locard.errors import ExitCode
from locard.plugins import catalogue

if TYPE_CHECKING:
    from locard.service.replay import Difference
    from locard.vault.case import Case
    from locard.vault.examination import Examination
    from locard.vault.facts import CaseFacts, LedgerEntry, Problem
    from locard.vault.vault import Vault

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

SHOWN_EXHIBITS = 10
SHOWN_EXAMINATIONS = 10

HeadOption = Annotated[
    str | None,
    typer.Option(
        "--head",
        metavar="HASH",
        help="A ledger head noted earlier: the ledger must still hold it.",
        show_default=False,
    ),
]


@app.callback()
def case() -> None:
    """Open, list, close, verify, replay and export cases."""


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The lab's own number.")],
    title: Annotated[str, typer.Option(help="What the case is about.")] = "",
    examiner: Annotated[
        str | None, typer.Option(help="Who answers for it.  [default: you]", show_default=False)
    ] = None,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a new case; makes the vault where there is none."""
    with open_vault(vault, database, create=True) as opened:
        facts = opened.create_case(name, title, examiner or actor(), actor())
        folder = opened.folder
    if as_json:
        print_json({**_case_as_json(facts), "vault": str(folder)})
    else:
        typer.echo(f"Case {printable(facts.name)} is open, in the vault {printable(str(folder))}.")


@app.command("list")
def list_cases(
    limit: Annotated[int, typer.Option(min=1, help="Print at most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the cases of the vault in the order of their names."""
    with open_vault(vault, database) as opened:
        cases = opened.cases(limit + 1, offset)
        rows = [_listed(opened, facts) for facts in cases[:limit]]
    if as_json:
        for row in rows:
            print_json(row)
        return
    _print_cases(rows)
    if len(cases) > limit:
        typer.echo(f"There are more; `--offset {offset + limit}` shows the next.")


def _listed(vault: Vault, facts: CaseFacts) -> dict[str, Any]:
    from locard.vault.case import Case

    return {**_case_as_json(facts), "exhibits": Case(vault, facts).exhibit_count()}


def _print_cases(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("case", "exhibits", "state", "opened", "examiner", "title", box=None)
    for row in rows:
        table.add_row(
            Text(printable(row["name"])),
            str(row["exhibits"]),
            "closed" if row["closed_at"] else "open",
            row["created_at"][:10],
            Text(printable(row["examiner"])),
            Text(printable(row["title"])),
        )
    print_table(table)


@app.command()
def show(
    case: CaseArgument,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a case in short: its data, first exhibits, last examinations and what they gave."""
    with open_vault(vault, database) as opened:
        found = opened.case(case)
        examinations = found.examinations()
        shown = [_examination_as_json(one) for one in examinations[-SHOWN_EXAMINATIONS:]]
        exhibits = found.exhibits(limit=SHOWN_EXHIBITS)
        count, head = found.exhibit_count(), found.ledger_head
    if as_json:
        print_json(
            {
                **_case_as_json(found.facts),
                "exhibits": count,
                "first_exhibits": [exhibit_as_json(one) for one in exhibits],
                "examinations": len(examinations),
                "last_examinations": shown,
                "head": head,
            }
        )
        return
    _print_facts(found.facts, count, len(examinations), head)
    print_exhibits(exhibits)
    if count > len(exhibits):
        name = printable(found.facts.name)
        typer.echo(f"{len(exhibits)} of {count}; `locard exhibit list {name}` shows them.")
    for examination in shown:
        _print_examination(examination)


def _print_facts(facts: CaseFacts, exhibits: int, examinations: int, head: str) -> None:
    state = f"closed {facts.closed_at:%Y-%m-%d %H:%M} UTC" if facts.closed_at else "open"
    for key, value in (
        ("case", facts.name),
        ("title", facts.title),
        ("examiner", facts.examiner),
        ("opened", f"{facts.created_at:%Y-%m-%d %H:%M} UTC"),
        ("state", state),
        ("exhibits", str(exhibits)),
        ("examinations", str(examinations)),
        ("ledger head", head),
    ):
        typer.echo(f"{key:<13}{printable(value)}")
    typer.echo()


def _print_examination(examination: Mapping[str, Any]) -> None:
    from rich.table import Table

    from locard.outcomes import Outcome

    state = "finished" if examination["finished_at"] else "unfinished"
    typer.echo(
        f"\nexamination {examination['number']}: pipeline {examination['pipeline']}, "
        f"{examination['done']} of {examination['planned']} exhibits, {state}"
    )
    table = Table("step", *(outcome.words for outcome in Outcome), box=None)
    for step, outcomes in examination["outcomes"].items():
        table.add_row(step, *(str(outcomes.get(outcome.value, 0)) for outcome in Outcome))
    if examination["outcomes"]:
        print_table(table)


@app.command()
def close(
    case: CaseArgument,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close a case for good: nothing can be added to it any more."""
    with open_vault(vault, database) as opened:
        found = opened.case(case)
        found.close(actor())
        head = found.ledger_head
    if as_json:
        print_json({**_case_as_json(found.facts), "head": head})
    else:
        typer.echo(f"Case {printable(found.facts.name)} is closed. Ledger head: {head}")


@app.command()
def verify(
    case: CaseArgument,
    head: HeadOption = None,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every byte and row of a case; exits with 1 where something is wrong.

    Names every original, artifact, row, ledger entry and model that was altered, is missing or was
    added. Note the head that it prints: with --head a later check also sees a ledger that was
    rewritten to its end.
    """
    from locard.vault.verify import verify_case
    from locard_registry import hashes_of

    wrong = 0
    with open_vault(vault, database) as opened:
        case_id = opened.case_id(case)
        for problem in verify_case(opened, case_id, models=hashes_of, expected_head=head):
            wrong += problem.kind != "note"
            _print_problem(problem, as_json)
        head_now = opened.ledger_head(case_id)
    if as_json:
        print_json({"case": case, "ok": not wrong, "wrong": wrong, "head": head_now})
    elif wrong:
        typer.echo(f"Case {printable(case)} is NOT as it was recorded: {wrong} differences.")
    else:
        typer.echo(f"Case {printable(case)} is as it was recorded. Ledger head: {head_now}")
    if wrong:
        raise typer.Exit(ExitCode.ATTENTION)


def _print_problem(problem: Problem, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "kind": problem.kind,
                "what": problem.what,
                "subject": problem.subject,
                "message": problem.message,
                "details": dict(problem.details),
            }
        )
    else:
        typer.echo(f"{problem.kind:<8} {problem.what:<9} {printable(problem.message)}")


@app.command()
def replay(
    case: CaseArgument,
    examination: Annotated[
        int | None,
        typer.Option("--examination", "-n", help="Its number.  [default: the last]"),
    ] = None,
    workers: WorkersOption = None,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run an examination again and compare; exits with 1 where a finding differs.

    Nothing is taken from the cache and nothing is written to the case. Findings are compared to the
    bit: outcome, score, reason, measurements, regions, versions, models and every artifact.
    """
    from locard.cli.progress import progress_bar
    from locard.service.replay import replay_case

    plugins = catalogue()
    with open_vault(vault, database) as opened, progress_bar(plugins, quiet=quiet or as_json):
        replayed = replay_case(
            opened, case, examination, plugins=plugins, workers=workers or cores()
        )
    for difference in replayed.differences:
        _print_difference(difference, as_json)
    if as_json:
        print_json(
            {
                "case": case,
                "examination": replayed.examination,
                "exhibits": replayed.exhibits,
                "findings": replayed.findings,
                "differences": len(replayed.differences),
                "interrupted": replayed.interrupted,
            }
        )
    elif not quiet:
        count = len(replayed.differences)
        typer.echo(
            f"Case {printable(case)}, examination {replayed.examination}: {replayed.findings} "
            f"findings of {replayed.exhibits} exhibits replayed; "
            + (f"{count} differences." if count else "all the same, to the bit.")
        )
    if replayed.interrupted:
        raise KeyboardInterrupt
    raise typer.Exit(ExitCode.ATTENTION if replayed.differences else ExitCode.OK)


def _print_difference(difference: Difference, as_json: bool) -> None:
    if as_json:
        print_json(asdict(difference))
        return
    recorded, replayed = (
        printable(str(value)) for value in (difference.recorded, difference.replayed)
    )
    typer.echo(
        f"{difference.exhibit}  {difference.step}: {difference.what}: "
        f"recorded {recorded}, replayed {replayed}"
    )


@app.command()
def export(
    case: CaseArgument,
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="Folder to make.")],
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a case as a BagIt bundle that can be verified without Locard."""
    from locard.vault.bundle import export as export_case

    with open_vault(vault, database) as opened:
        found = opened.case(case)
        folder, head = export_case(found, destination), found.ledger_head
    if as_json:
        print_json({"case": found.facts.name, "bundle": str(folder), "head": head})
    else:
        typer.echo(f"Case {printable(case)} is in {printable(str(folder))}. Ledger head: {head}")
        typer.echo("Verify it anywhere: sha256sum -c manifest-sha256.txt")


@app.command("import")
def import_case(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle.")],
    head: HeadOption = None,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the case of a bundle into the vault, once it has proved unaltered."""
    from locard.vault.bundle import import_bundle

    with open_vault(vault, database, create=True) as opened:
        facts = import_bundle(opened, bundle, actor(), head)
        head_now = opened.case(facts.name).ledger_head
    if as_json:
        print_json({**_case_as_json(facts), "head": head_now})
    else:
        typer.echo(f"Case {printable(facts.name)} is in the vault. Ledger head: {head_now}")


@app.command()
def ledger(
    case: CaseArgument,
    limit: Annotated[int, typer.Option(min=1, help="Print at most so many.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    vault: VaultOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the ledger of a case: what happened, when, and who did it."""
    with open_vault(vault, database) as opened:
        found: Case = opened.case(case)
        entries = found.ledger(limit, offset)
    if as_json:
        for entry in entries:
            print_json(_entry_as_json(entry))
        return
    _print_entries(entries)


def _print_entries(entries: list[LedgerEntry]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("number", "at (UTC)", "actor", "event", "subject", "hash", box=None)
    for entry in entries:
        table.add_row(
            str(entry.number),
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            Text(printable(entry.actor)),
            entry.event,
            entry.subject,
            entry.hash[:16],
        )
    print_table(table)


def _case_as_json(facts: CaseFacts) -> dict[str, Any]:
    return {
        "id": facts.id,
        "name": facts.name,
        "title": facts.title,
        "examiner": facts.examiner,
        "created_at": facts.created_at.isoformat(),
        "closed_at": facts.closed_at.isoformat() if facts.closed_at else None,
    }


def _examination_as_json(examination: Examination) -> dict[str, Any]:
    facts = examination.facts
    return {
        "number": facts.number,
        "pipeline": f"{facts.pipeline.get('name')} {facts.pipeline.get('version')}",
        "pipeline_sha256": facts.pipeline_sha256,
        "actor": facts.actor,
        "started_at": facts.started_at.isoformat(),
        "finished_at": facts.finished_at.isoformat() if facts.finished_at else None,
        "planned": facts.planned,
        "done": facts.done,
        "outcomes": examination.totals(),
    }


def _entry_as_json(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "event": entry.event,
        "subject": entry.subject,
        "details": entry.details,
        "previous": entry.previous,
        "hash": entry.hash,
    }
