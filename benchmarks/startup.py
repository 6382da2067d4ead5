"""How long `locard --help` takes, against `python -c "import typer"`, run in turn.

To reach: 3 times at most.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15
PYTHON = sys.executable
COMMANDS = {
    'python -c "import typer"': [PYTHON, "-c", "import typer"],
    "locard --help": [str(Path(PYTHON).parent / "locard"), "--help"],
}


def seconds(command: list[str]) -> float:
    """Return the wall-clock time of one run of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Run both in turn and print the median of the ratios."""
    for command in COMMANDS.values():
        seconds(command)
    times = [[seconds(command) for command in COMMANDS.values()] for _ in range(ROUNDS)]
    for name, column in zip(COMMANDS, zip(*times, strict=True), strict=True):
        print(f"{name:<28}{statistics.median(column):7.3f} s (median of {ROUNDS})")
    ratio = statistics.median(locard / typer for typer, locard in times)
    print(f"ratio, median of pairs: {ratio:.2f} (to reach: 3 or less)")


if __name__ == "__main__":
    main()
