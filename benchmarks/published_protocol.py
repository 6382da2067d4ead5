"""Pixel F1 by the protocol of the published figures, to hold ours against them.

    python benchmarks/published_protocol.py OUT DATASET

OUT is what `locard evaluate -o OUT` wrote of the data set, with its folder of findings: nothing is
examined again. `how_good.py` calls this for CASIA v1.

The evaluation that came with TruFor (Guillaro et al., CVPR 2023) leaves out the border of each
mask, 7 pixels inside and 5 outside, and takes the better of a map and its inverse. It is more
lenient than what `locard evaluate` measures, and no figure of its kind stands beside the strict
ones without saying so.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from locard.engine.artifacts import read_map
from locard.evaluation.datasets.loading import Dataset, load
from locard.evaluation.metrics.pixel import f1
from locard.evaluation.rows import UNTREATED, Row
from locard.evaluation.runs import cases
from locard.evaluation.runs.finding_store import FindingStore
from locard.evaluation.runs.output import FINDINGS
from locard.plugins import catalogue

INSIDE = 2 * 7 + 1
OUTSIDE = 2 * 5 + 1
THRESHOLDS = 50


def lenient_f1(values: NDArray[np.float32], truth: NDArray[np.bool_]) -> tuple[float, float] | None:
    """Return F1 at 0.5 and at the best threshold; None where nothing of the mask is left.

    Args:
        values: Map, shape (height, width), 0 to 1.
        truth: Tampered pixels, same shape.
    """
    inside = ndimage.minimum_filter(truth, INSIDE)
    scored = inside | ~ndimage.maximum_filter(truth, OUTSIDE)
    values, inside = values[scored], inside[scored]
    if not inside.any():
        return None
    thresholds = np.quantile(values, np.linspace(0, 1, THRESHOLDS))
    return _either(values > 0.5, inside), max(_either(values > t, inside) for t in thresholds)


def _either(marked: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the F1 of what is marked or of what is not, whichever is better."""
    return max(_f1(marked, truth), _f1(~marked, truth))


def _f1(marked: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    right = int((marked & truth).sum())
    return f1(right, int(marked.sum()) - right, int(truth.sum()))


def measure(out: Path, dataset: Dataset) -> dict[str, dict[str, float]]:
    """Return, of each step, F1 at 0.5, best F1, and over how many tampered images."""
    scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row, values, truth in _maps(out, dataset):
        score = lenient_f1(values, truth)
        if score is not None:
            scores[row.step].append(score)
    return {
        step: {
            "f1": float(np.mean([at_half for at_half, _ in found])),
            "best_f1": float(np.mean([best for _, best in found])),
            "images": len(found),
        }
        for step, found in scores.items()
    }


def _maps(
    out: Path, dataset: Dataset
) -> Iterator[tuple[Row, NDArray[np.float32], NDArray[np.bool_]]]:
    """Yield the tampered images' maps, of zeros where there is none, with the truth."""
    store = FindingStore(out / FINDINGS)
    samples = {sample.name: sample for sample in dataset.samples}
    for row in cases.read(out).rows:
        if not row.tampered or row.treatment != UNTREATED or row.width is None:
            continue
        shape = (row.height or 0, row.width)
        truth = dataset.truth(samples[row.sample], *shape)
        record = store.get(row.finding_key or "")
        if record is None:
            raise SystemExit(f"the finding of {row.step} on {row.sample} is not there any more")
        found = read_map(record)
        yield row, np.zeros(shape, np.float32) if found is None else found.at_pixels(*shape), truth


def main() -> None:
    """Measure, and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder that `locard evaluate` wrote")
    parser.add_argument("dataset", type=Path, help="the data set that it was written of")
    options = parser.parse_args()
    dataset = load(options.dataset, None, catalogue())
    print(json.dumps(measure(options.out, dataset), indent=1))


if __name__ == "__main__":
    main()
