"""Writes docs/cli.md from the commands' own help; a test checks that it is up to date."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

GROUPS = {
    "case": ("new", "list", "show", "close", "verify", "replay", "ledger", "export", "import"),
    "exhibit": ("add", "list"),
    "examine": (),
    "report": (),
    "analyze": (),
    "pipeline": ("list", "show", "plan"),
    "calibration": ("fit", "show", "check", "plot"),
    "model": ("list", "show", "verify"),
    "plugin": ("list", "show", "new", "check", "validate", "validations"),
    "dataset": ("layouts", "show", "check", "synthesize"),
    "evaluate": (),
    "compare": (),
    "crop": ("dataset build", "dataset check", "train-teacher", "distill", "evaluate", "export"),
    "splice": (
        *("dataset build", "dataset untouched", "dataset after-life"),
        *("train", "evaluate", "probe", "ablate", "tune-crf", "export"),
    ),
}
COMMANDS = "kd-crop,semi-global"
"""Built-in plugins that offer commands; no other may load."""

TARGET = Path(__file__).parent / "cli.md"
HEAD = """# Commands

Written by `python docs/generate_cli.py` from the commands' own help.

Exit codes: 0 done · 1 done, and something must be looked at · 2 the command was wrong, nothing was
done · 3 the vault cannot be used · 70 a bug · 130 interrupted.

Environment: `LOCARD_VAULT` and `LOCARD_DATABASE` (where cases are kept), `LOCARD_PLUGINS` (names of
the plugins that may load), `LOCARD_MODELS` (folder of a laboratory's own models), `LOCARD_ACTOR`
(who acts, for the ledger), `LOCARD_MAX_MEGAPIXELS` (largest picture that is decoded),
`LOCARD_DEBUG=1` (tracebacks).
"""


def help_of(*words: str) -> str:
    """Return what a command prints for --help, on a terminal of 80 columns."""
    environment = {**os.environ, "COLUMNS": "80", "LOCARD_PLUGINS": COMMANDS, "NO_COLOR": "1"}
    locard = [sys.executable, "-c", "from locard.cli import main; main()"]
    done = subprocess.run(
        [*locard, *words, "--help"], capture_output=True, text=True, check=True, env=environment
    )
    text = done.stdout.replace("Usage: -c", "Usage: locard")
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def page() -> str:
    """Return the whole page."""
    commands = [
        words
        for group, names in GROUPS.items()
        for words in ([(group, *name.split()) for name in names] or [(group,)])
    ]
    return "\n".join([HEAD, *map(section, commands)])


def section(words: tuple[str, ...]) -> str:
    """Return the section of one command."""
    return f"## `locard {' '.join(words)}`\n\n```\n{help_of(*words)}\n```\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
