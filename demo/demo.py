"""The main job, on sample photographs: a case from its first exhibit to its report.

Every step is a command that a person would type; the script prints each before it runs it.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from exhibits import make_exhibits

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "demo-output"
CASE = "DEMO-1"
LOCARD = [str(Path(sys.executable).parent / "locard")]


def run(*words: str, expect: tuple[int, ...] = (0,), quiet: bool = False) -> str:
    """Run a Locard command in the output folder, and show it and what it prints."""
    print(f"\n$ locard {shlex.join(words)}", flush=True)
    done = subprocess.run(
        [*LOCARD, *words], cwd=OUTPUT, capture_output=quiet, text=True, check=False
    )
    if done.returncode not in expect:
        sys.exit(f"demo: `locard {words[0]}` exited {done.returncode}: {done.stderr or ''}")
    return done.stdout or ""


def main() -> None:
    """Make the exhibits, examine them, and say what each finding means."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    told = make_exhibits(OUTPUT / "photographs")
    vault = ("--vault", "vault")
    run(
        "case",
        "new",
        CASE,
        "--title",
        "Five photographs with known histories",
        "--examiner",
        "A. Examiner",
        *vault,
    )
    run("exhibit", "add", CASE, "photographs", *vault)
    # The broken file is a failed finding, and that is what exit code 1 says.
    run("examine", CASE, "--pipeline", "quick", *vault, expect=(1,))
    run("report", CASE, "-o", "report.html", *vault)
    run("case", "verify", CASE, *vault)
    lines = run(
        "analyze", *(f"photographs/{name}" for name in told), "--json", expect=(1,), quiet=True
    )
    print_meaning(told, lines)
    print(f"\nThe report: {OUTPUT / 'report.html'}")


def print_meaning(told: dict[str, str], lines: str) -> None:
    """Print what was done to each file beside what each step said of it."""
    for line in lines.splitlines():
        analysis = json.loads(line)
        name = Path(analysis["file"]).name
        print(f"\n{name}: {told[name]}")
        for finding in analysis["findings"]:
            outcome = finding["outcome"].replace("_", " ")
            print(f"  {finding['step']:<22}{outcome:<16}{finding['explanation'] or ''}")


if __name__ == "__main__":
    main()
