"""The command line. Each command group is a small module that is imported when it is used."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from locard import __version__
from locard.errors import ExitCode, LocardError
from locard.text import printable as printable

DEBUG_VARIABLE = "LOCARD_DEBUG"
_STDERR = 2
_NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class _LazyGroup(TyperGroup):
    """A group that knows its commands by name and help line, and imports the one that is used."""

    def __init__(self, **attributes: Any) -> None:
        from locard.plugins import catalogue

        super().__init__(**attributes)
        self._offers = catalogue().commands
        for name, offer in self._offers.items():
            self.add_command(TyperCommand(name, help=offer.help_line), name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in self._offers:
            self.add_command(_import_command(args[0], self._offers[args[0]].target), args[0])
        return super().resolve_command(ctx, args)


def _import_command(name: str, target: str) -> Any:
    """Import "module:attribute" and return it as a command."""
    from pkgutil import resolve_name

    found = resolve_name(target)
    command = typer.main.get_command(found) if isinstance(found, typer.Typer) else found
    command.name = name
    return command


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"locard {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich takes longer to import than everything else that --help needs
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def locard(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Forensic image examination: detectors as plugins, findings under custody, reports.

    Exit codes: 0 done; 1 done, and something must be looked at; 2 wrong command; 3 vault unusable.
    """


def main() -> None:
    """Run the command line; every error that a user can meet ends in words, not a traceback."""
    _open_missing_streams()
    try:
        app()
    except LocardError as error:
        report_error(error)
        raise SystemExit(error.exit_code) from None
    except SystemExit as end:
        # Typer makes this exit out of an interrupt, without a word.
        if end.code == ExitCode.INTERRUPTED:
            sys.stderr.write("locard: interrupted; what was finished is kept\n")
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_PLACE:
            _report_lost_output(error)
            raise SystemExit(ExitCode.ATTENTION) from None
        if os.environ.get(DEBUG_VARIABLE):
            raise
        sys.stderr.write(
            f"locard: error: this is a bug in Locard: {type(error).__name__}: {error}\n"
            f"Set {DEBUG_VARIABLE}=1 and run the command again to see where it comes from.\n"
        )
        raise SystemExit(ExitCode.BUG) from None


def _open_missing_streams() -> None:
    """Lead standard streams that the caller closed to nowhere.

    Their numbers would go to the next files that are opened, and what a worker prints into them.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115


def _report_lost_output(error: OSError) -> None:
    """Say that what was to be written has no place, and let go of it."""
    with suppress(OSError):
        # What is still unsaid Python would try to say once more when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    report_error(
        LocardError(
            f"the output cannot be written: {error.strerror}",
            "Make room where standard output, --maps or TMPDIR lead; what was recorded in a case "
            "is kept.",
        )
    )


def report_error(error: LocardError) -> None:
    """Print an error for the user on standard error."""
    lines = "\n".join(printable(line) for line in error.lines)
    sys.stderr.write(f"locard: error: {lines}\n")
