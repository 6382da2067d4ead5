"""How good the localisers of splices are: the figures of docs/splice-evaluation.md.

    python benchmarks/splice_evaluation.py FOLDER SETS [--work DIR] [--model VERSION] [--only NAME…]

FOLDER holds `casia1/val`. SETS holds what `locard splice dataset` made of photographs whose split
is `val` or `test`: `camera-val`, `camera-test`, `jpeg-val`, `jpeg-test`, `casia-val` (copies that
lived on) and `untouched`. What goes to `docs/evaluation/` are the results without what the page
does not show. Runs that are in the work folder already are not made again. Then run
`python docs/generate_figures.py`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from locard.evaluation.rows import UNTREATED
from locard_semi_global.evaluation.results import FigureResult, SpliceResults

TARGET = Path(__file__).resolve().parent.parent / "docs" / "evaluation"
LOSSLESS = ("--where", "after_life=none", "--where", "last_step=png")
OURS = ("--networks", "semi-global")
SOURCES = "splice-sources"


def commands(folder: Path, sets: Path) -> Mapping[str, tuple[str | Path, ...]]:
    """Return the words of each run's command."""
    casia = folder / "casia1" / "val"
    both = ("--split", "val,test")
    every = ("casia-val", "camera-val", "jpeg-val", "camera-test", "jpeg-test", "untouched")
    return {
        SOURCES: (
            *("evaluate", casia, *(sets / name for name in every), *OURS, *both, "--by", "split"),
            *("--treat", "none", "--treat-authentic", "png,jpeg-75,sent-1600-85,scale-0.5"),
            *("--no-crf", "--limit", "160"),
        ),
        "splice-casia": ("evaluate", casia, *OURS, "--treat", "none,png,jpeg-80,scale-0.75"),
        "splice-camera": (
            *("evaluate", sets / "camera-test", *OURS, *both, *LOSSLESS),
            *("--treat", "none,jpeg-85,scale-0.75"),
        ),
        "splice-paper": (
            *("evaluate", casia, sets / "camera-test", *both, *LOSSLESS),
            *("--treat", "none", "--limit", "45"),
        ),
        "splice-probes-casia": ("probe", casia, "--limit", "30"),
        "splice-probes-camera": ("probe", sets / "camera-val", *LOSSLESS, "--limit", "16"),
    }


def run(words: tuple[str | Path, ...], output: Path, model: str | None) -> None:
    """Run a command; 1 means that something must be looked at, which its results say."""
    version = ("--model", model) if model else ()
    code = "from locard.cli import main; main()"
    command = [sys.executable, "-c", code, "splice", *map(str, words), *version, "-o", str(output)]
    found = subprocess.run(command, check=False).returncode
    if found not in (0, 1):
        raise SystemExit(found)


def keep(name: str, output: Path) -> None:
    """Write what the page shows of a run."""
    results = SpliceResults.model_validate_json(output.read_text(encoding="utf-8"))
    figures = tuple(one for one in results.figures if is_shown(one, name))
    short = results.model_copy(update={"figures": figures})
    (TARGET / f"{name}.json").write_text(short.model_dump_json() + "\n", encoding="utf-8")


def is_shown(one: FigureResult, name: str) -> bool:
    """Return whether the page shows a figure."""
    if name != SOURCES:
        return one.figure in ("f1", "mcc", "best_f1", "auc", "f1_gain", "marked")
    # By source: photographs as they are, and all copies of a treatment together.
    if ", split " in one.part and one.set != "untouched":  # others are of one split
        return False
    plain = "," not in one.part and not one.part.startswith("area ")
    return one.figure == "flagged" and (plain or one.treatment == UNTREATED)


def main() -> None:
    """Measure what is missing, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--work", type=Path, default=Path("splice-evaluation"))
    parser.add_argument("--model", help="version of semi-global; the newest if left out")
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for name, words in commands(options.folder, options.sets).items():
        if options.only and name not in options.only:
            continue
        output = options.work / f"{name}.json"
        if not output.exists():
            run(words, output, options.model)
        keep(name, output)


if __name__ == "__main__":
    main()
