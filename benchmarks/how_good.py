"""How good every shipped detector is: the figures of docs/how-good.md, from one command.

    python benchmarks/how_good.py FOLDER [--work DIR] [--pairs N] [--only NAME…]

The folder holds `casia1/val`, `camera_originals`, `bsds500/val` and `imagenet_sample`. A chart of
synthetic splices with known history is made of `camera_originals`; then the pipeline `classical` is
evaluated on it, on CASIA v1's validation part, and on photographs that nobody tampered with, and
`quick`, which refines a map, and `splice`, whose network must not have met what it is measured on,
on CASIA v1's. What goes to `docs/evaluation/`:

* each result, in the format of `locard evaluate`, without what the pages do not show;
* `scores.json`: quantiles of each step's score over the photographs that nobody tampered with;
* `published-protocol.json`: what `published_protocol.py` makes of the maps of CASIA v1.

Then run `python docs/generate_figures.py`.

An interrupted run goes on where it stopped when it is given the same `--work`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import published_protocol

from locard.evaluation.datasets.loading import load
from locard.evaluation.results import Results, SubsetResult
from locard.evaluation.rows import UNTREATED, Row
from locard.evaluation.runs import cases
from locard.plugins import catalogue

REPOSITORY = Path(__file__).resolve().parent.parent
TARGET = REPOSITORY / "docs" / "evaluation"
CHART = "chart"
SEED = 6
SHOWN = ("all", "kind", "source", "share", "history", "variant")
TREATED = ("jpeg-90", "jpeg-80", "jpeg-70", "scale-0.75", "scale-1.25", "blur", "noise", "png")

Figures = Mapping[str, Mapping[str, float]]
"""By step and name of the figure."""


@dataclass(frozen=True)
class Run:
    """An evaluation: of which part of the folder, by which pipeline, after which treatments."""

    folder: str
    layout: str
    pipeline: str = "classical"
    treatments: tuple[str, ...] = ()


RUNS = {
    CHART: Run(CHART, "manifest", treatments=TREATED),
    "casia1-val": Run("casia1/val", "casia1", treatments=TREATED),
    "casia1-val-quick": Run("casia1/val", "casia1", pipeline="quick"),
    "casia1-val-splice": Run("casia1/val", "casia1", pipeline="splice"),
    "camera-originals": Run("camera_originals", "folder"),
    "bsds500-val": Run("bsds500/val", "folder"),
    "imagenet-sample": Run("imagenet_sample", "folder"),
}


def locard(*words: str | Path) -> None:
    """Run a command of Locard's; 1 means that something must be looked at, which the page says."""
    command = [sys.executable, "-c", "from locard.cli import main; main()", *map(str, words)]
    code = subprocess.run(command, check=False).returncode
    if code not in (0, 1):
        raise SystemExit(code)


def make_chart(photographs: Path, chart: Path, pairs: int) -> None:
    """Make the splices with known history."""
    options = ("--count", str(pairs), "--seed", str(SEED))
    locard("dataset", "synthesize", photographs, "-o", chart, *options)


def evaluate(name: str, folder: Path, work: Path) -> None:
    """Evaluate on one data set, and keep what the page shows."""
    run = RUNS[name]
    output = work / name
    words = ["evaluate", "--pipeline", run.pipeline, "--dataset", folder]
    words += ["--layout", run.layout, "--output", output]
    locard(*words, *(word for treatment in run.treatments for word in ("--treat", treatment)))
    keep(name, folder, output)


def keep(name: str, folder: Path, output: Path) -> None:
    """Write what the pages show of an evaluation."""
    found = cases.read(output)
    TARGET.mkdir(exist_ok=True)
    text = shortened(found.results, name).model_dump_json()
    (TARGET / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    if RUNS[name].pipeline == "classical" and name != CHART:
        update("scores", name, scores(found.rows))
    if name == "casia1-val":
        dataset = load(folder, RUNS[name].layout, catalogue())
        update("published-protocol", name, published_protocol.measure(output, dataset))


def update(file: str, name: str, figures: Figures) -> None:
    """Put the figures of a run into a file, beside those of the others."""
    path = TARGET / f"{file}.json"
    others = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    text = json.dumps({**others, name: figures}, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def scores(rows: Sequence[Row]) -> Figures:
    """Return how each step's score is distributed over authentic images as they are."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if not row.tampered and row.treatment == UNTREATED and row.score is not None:
            found[row.step].append(row.score)
    return {
        step: {
            "images": len(values),
            "above_0": sum(value > 0 for value in values),
            "median": float(np.median(values)),
            "quantile_95": float(np.quantile(values, 0.95)),
            "largest": max(values),
        }
        for step, values in found.items()
    }


def shortened(results: Results, name: str) -> Results:
    """Return results with what the page shows; no path of this machine is among it."""
    subsets = tuple(
        subset.model_copy(update={"curves": ()}) for subset in results.subsets if is_shown(subset)
    )
    command = {**results.command, "dataset": RUNS[name].folder}
    return results.model_copy(update={"subsets": subsets, "command": command})


def is_shown(subset: SubsetResult) -> bool:
    """Return whether the page shows a subset: treated images only all together and by history."""
    return subset.by in (SHOWN if subset.treatment == UNTREATED else ("all", "history"))


def main() -> None:
    """Make what is missing, evaluate, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, default=Path("how-good"), help="where runs are kept")
    parser.add_argument("--pairs", type=int, default=20, help="of each history in the chart")
    parser.add_argument("--only", nargs="*", choices=tuple(RUNS), default=tuple(RUNS))
    options = parser.parse_args()
    chart = options.work / "data" / CHART
    if CHART in options.only:
        make_chart(options.folder / "camera_originals", chart, options.pairs)
    for name in options.only:
        evaluate(name, chart if name == CHART else options.folder / RUNS[name].folder, options.work)


if __name__ == "__main__":
    main()
