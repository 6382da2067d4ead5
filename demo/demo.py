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
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crops import make_crops
from exhibits import make_exhibits
from splices import make_splices

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "demo-output"
CASE = "DEMO-1"
LOCARD = [str(Path(sys.executable).parent / "locard")]
WIDTH = 100
STYLES = {"detected": "bold red", "failed": "bold magenta", "inconclusive": "yellow"}
MEANINGS = {
    "detected": "the trace that the method looks for is there",
    "not detected": "the method could look and did not find it; nothing follows from that",
    "inconclusive": "the method looked, and what it saw supports neither answer",
    "not applicable": "the method has nothing to say of such a file",
    "failed": "the method should have looked and could not",
}

Facts = dict[str, Any]


def run(*words: str, expect: int = 0) -> None:
    """Print a Locard command, and run it in the output folder."""
    print(f"\n$ locard {shlex.join(words)}", flush=True)
    code = subprocess.run([*LOCARD, *words], cwd=OUTPUT, check=False).returncode
    if code != expect:
        sys.exit(f"demo: `locard {words[0]}` exited {code}, not {expect}")


def run_json(*words: str) -> list[Facts]:
    """Print a Locard command, run it in the output folder, and return the objects it prints."""
    print(f"\n$ locard {shlex.join(words)}", flush=True)
    done = subprocess.run(
        [*LOCARD, *words], cwd=OUTPUT, check=False, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"demo: `locard {words[0]}` exited {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    """Make the exhibits, examine them, and say what each finding means."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    told = make_exhibits(OUTPUT / "photographs")
    vault = ("--vault", "vault")
    title = "Five photographs with known histories"
    run("case", "new", CASE, "--title", title, "--examiner", "A. Examiner", *vault)
    run("exhibit", "add", CASE, "photographs", *vault)
    print("\nThe first examination after an installation compiles code, for a minute or so.")
    # The broken file is a failed finding, and that is what exit code 1 says.
    run("examine", CASE, "--pipeline", "quick", *vault, expect=1)
    run("case", "verify", CASE, *vault)
    run("report", CASE, "-o", "report.json", *vault)
    run("report", CASE, "-o", "report.html", *vault)
    show(json.loads((OUTPUT / "report.json").read_text()), told)
    show_crops()
    show_splices()
    print("\nMaps, measurements and the limits of each method are in the cases' reports:")
    print(OUTPUT / "report.html")
    print(OUTPUT / "splices.html")


def show_crops() -> None:
    """Cut photographs, examine them with the crop detector, and name the picture to look at."""
    told = make_crops(OUTPUT / "crops")
    said = run_json("analyze", "crops", "--pipeline", "crop", "--json", "--maps", "crop-pictures")
    names = {item["sha256"]: [Path(item["file"]).name] for item in said}
    console = console_of()
    console.print()
    console.print(outcomes({item["sha256"]: item["findings"] for item in said}, names))
    for item in said:
        (name,) = names[item["sha256"]]
        console.print(f"\n[bold]{name}[/bold]  {told[name]}")
        explain(console, [one for one in item["findings"] if one["step"] == "kd-crop"])
    (cropped,) = (digest for digest, (name,) in names.items() if name == "coffee-cropped.jpg")
    print("\nThe 64 places where the old grid may begin, and the corner of coffee-cropped.jpg:")
    for path in sorted((OUTPUT / "crop-pictures").glob(f"{cropped}-kd-crop-*.png")):
        print(path)


def show_splices() -> None:
    """Examine photographs with and without a part of another one, and say what gives it away."""
    told = make_splices(OUTPUT / "splices")
    case = "DEMO-2"
    title = "Two photographs with a part of another one, and without"
    vault = ("--vault", "vault")
    run("case", "new", case, "--title", title, "--examiner", "A. Examiner", *vault)
    run("exhibit", "add", case, "splices", *vault)
    run("examine", case, "--pipeline", "splice", *vault)
    run("report", case, "-o", "splices.json", *vault)
    run("report", case, "-o", "splices.html", *vault)
    show(json.loads((OUTPUT / "splices.json").read_text()), told)


def console_of() -> Console:
    """Return a console that is as wide as the terminal, or as :data:`WIDTH`."""
    terminal = Console(highlight=False)
    return Console(width=terminal.width if terminal.is_terminal else WIDTH, highlight=False)


def show(report: Facts, told: dict[str, str]) -> None:
    """Print the outcomes as a table, then what each finding means."""
    console = console_of()
    names = {e["label"]: [Path(name).name for name in e["names"]] for e in report["exhibits"]}
    results = {
        result["exhibit"]: findings_of(result) for result in report["examinations"][0]["results"]
    }
    console.print()
    console.print(outcomes(results, names))
    console.print(key())
    for exhibit, findings in results.items():
        history = "; ".join(f"{name}: {told[name]}" for name in names[exhibit])
        console.print(f"\n[bold]{exhibit}[/bold]  {history}")
        explain(console, findings)


def findings_of(result: Facts) -> list[Facts]:
    """Return an exhibit's findings in the order of the pipeline."""
    return [finding["record"] for chain in result["chains"] for finding in chain]


def outcomes(results: dict[str, list[Facts]], names: dict[str, list[str]]) -> Table:
    """Return a table with a row a step and a column an exhibit."""
    table = Table("", *(heading(exhibit, names[exhibit][0]) for exhibit in results))
    for findings in zip(*results.values(), strict=True):
        table.add_row(findings[0]["step"], *(styled(words(finding)) for finding in findings))
    return table


def heading(exhibit: str, name: str) -> str:
    """Return a column's heading; what is no label of a case goes by its name alone."""
    return f"{exhibit}\n{name}" if exhibit.startswith(CASE) else name


def key() -> Table:
    """Return what each outcome means, as a table without lines."""
    table = Table.grid(padding=(0, 2))
    for outcome, meaning in MEANINGS.items():
        table.add_row(styled(outcome), meaning)
    return table


def explain(console: Console, findings: list[Facts]) -> None:
    """Print why each outcome is what it is; steps that say the same are named together."""
    said: dict[tuple[str, str], list[str]] = {}
    for finding in sorted(findings, key=lambda finding: list(MEANINGS).index(words(finding))):
        said.setdefault((words(finding), finding["explanation"] or ""), []).append(finding["step"])
    for (outcome, explanation), steps in said.items():
        console.print(Text.assemble("  ", styled(outcome), ": ", ", ".join(steps)))
        console.print(Padding(Text(explanation), (0, 0, 0, 6), expand=False))


def words(finding: Facts) -> str:
    """Return the outcome as it is written for people."""
    return str(finding["outcome"]).replace("_", " ")


def styled(outcome: str) -> Text:
    """Return an outcome in its colour."""
    return Text(outcome, style=STYLES.get(outcome, ""))


if __name__ == "__main__":
    main()
