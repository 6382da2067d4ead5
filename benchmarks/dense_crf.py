"""Locard's dense CRF beside pydensecrf2: time, and how far the results differ.

    python benchmarks/dense_crf.py [--sides 512 1024 1448] [--repeats 5] [--pictures FILE…]
    NUMBA_NUM_THREADS=1 python benchmarks/dense_crf.py --cells 1 2 4 [--pictures FILE…]

Runs are interleaved (ours on one thread, ours on all threads, pydensecrf) and set-up is included in
each. Ratios are medians over the repeats of one picture and map: the machine's load then falls on
all alike. Pictures are scikit-image's photographs unless files are given; one smaller than the side
is enlarged.

With `--cells` the whole refiner is timed, with the kernel of the pipeline `quick`, on a map in
cells of 4 pixels: processor seconds a megapixel where squares of so many pixels are refined as one,
and how many labels differ from those of single pixels.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import ndimage
from skimage import data

from locard import Finding, HeatMap, Image
from locard_dense_crf import pydensecrf_backend
from locard_dense_crf.bands import available_threads
from locard_dense_crf.mean_field import CrfParameters, infer
from locard_dense_crf.refiner import DenseCrf, DenseCrfParameters

PHOTOGRAPHS = ("retina", "astronaut", "rocket", "hubble_deep_field")
TOLERANCE = DenseCrfParameters().colour_tolerance


def main() -> None:
    """Run the benchmark; print a line a picture and map, and a summary as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024, 1448])
    parser.add_argument("--iterations", type=int, nargs="+", default=[5, 10])
    parser.add_argument("--maps", nargs="+", default=["soft", "blocky", "noisy"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--pictures", type=Path, nargs="*", default=[])
    parser.add_argument("--cells", type=int, nargs="*", default=[])
    options = parser.parse_args()
    if options.cells:
        for side in options.sides:
            for name, pixels in pictures(options.pictures, side):
                row = compare_cells(pixels, options.cells, options.repeats)
                print(f"{side} {name}: {json.dumps(row)}", flush=True)
        return
    infer(np.full((8, 8), 0.5, np.float32), np.zeros((8, 8, 3), np.uint8), CrfParameters())
    for side in options.sides:
        for iterations in options.iterations:
            crf = replace(CrfParameters(), iterations=iterations)
            rows = []
            for name, pixels in pictures(options.pictures, side):
                for kind in options.maps:
                    row = compare(pixels, unary(kind, side), crf, options.repeats)
                    rows.append(row)
                    print(f"{side} {iterations} {name} {kind}: {json.dumps(row)}", flush=True)
            print(json.dumps({"side": side, "iterations": iterations, **summary(rows)}), flush=True)


def pictures(files: list[Path], side: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield name and middle square of each picture."""
    sources = [(file.stem, np.asarray(PillowImage.open(file).convert("RGB"))) for file in files]
    for name, pixels in sources or [(name, getattr(data, name)()) for name in PHOTOGRAPHS]:
        height, width = pixels.shape[:2]
        if min(height, width) < side:
            square = min(height, width)
            pixels = middle(pixels, square)
            picture = PillowImage.fromarray(pixels).resize(
                (side, side), PillowImage.Resampling.BICUBIC
            )
            pixels = np.asarray(picture)
        yield name, middle(pixels, side)


def middle(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the middle square of a picture."""
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return np.ascontiguousarray(pixels[top : top + side, left : left + side])


def unary(kind: str, side: int) -> NDArray[np.float32]:
    """Return a map with a suspicious disc, which does not saturate."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side] / side
    disc = (y - 0.45) ** 2 + (x - 0.55) ** 2 < 0.04
    if kind == "soft":
        values = 0.1 + 0.75 * ndimage.gaussian_filter(disc.astype(float), side / 40)
    elif kind == "blocky":
        cells = np.where(disc[::8, ::8], 0.75, 0.2)
        cells = cells + random.normal(0, 0.15, cells.shape)
        values = np.kron(cells, np.ones((8, 8)))[:side, :side]
    else:
        values = np.where(disc, 0.7, 0.3) + random.normal(0, 0.2, disc.shape)
    return np.clip(values, 0.03, 0.97).astype(np.float32)


def compare(
    pixels: NDArray[np.uint8],
    probability: NDArray[np.float32],
    crf: CrfParameters,
    repeats: int,
) -> dict[str, float]:
    """Return median seconds, median ratios and differences for one picture and map."""
    runs: dict[str, Callable[[], NDArray[np.float32]]] = {
        "one_thread": lambda: infer(probability, pixels, crf, TOLERANCE, threads=1),
        "all_threads": lambda: infer(probability, pixels, crf, TOLERANCE),
        "pydensecrf": lambda: pydensecrf_backend.infer(probability, pixels, crf),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    results = {}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            results[name] = run()
            seconds[name].append(time.perf_counter() - start)
    ours, theirs = results["all_threads"], results["pydensecrf"]
    row = {name: statistics.median(times) for name, times in seconds.items()}
    for name in ("one_thread", "all_threads"):
        ratios = [t / o for t, o in zip(seconds["pydensecrf"], seconds[name], strict=True)]
        row[f"ratio_{name}"] = statistics.median(ratios)
    row["labels"] = float(np.mean((ours > 0.5) != (theirs > 0.5)))
    row["mean_dq"] = float(np.mean(np.abs(ours - theirs)))
    return {name: round(value, 5) for name, value in row.items()}


def compare_cells(
    pixels: NDArray[np.uint8], cells: list[int], repeats: int
) -> dict[str, dict[str, float]]:
    """Return seconds a megapixel and labels that differ, by the squares' side."""
    image, side = Image.from_array(pixels), len(pixels)
    map_ = HeatMap(np.ascontiguousarray(unary("soft", side)[2::4, 2::4]), cell=4)
    before = Finding.detected(0.0, "a map", map=map_)
    kernel = {"weight_gamma": 0, "weight_alpha": 4, "sigma_alpha": 30, "colour_only": 0.8}
    refiners = {cell: DenseCrf({**kernel, "pixels_a_cell": cell}) for cell in cells}
    seconds: dict[int, list[float]] = {cell: [] for cell in cells}
    masks = {}
    for repeat in range(repeats + 1):
        for cell, refiner in refiners.items():
            start = time.process_time()
            masks[cell] = refiner.refine(image, before).map.at_pixels(side, side) > 0.5
            if repeat:  # the first compiles
                seconds[cell].append(time.process_time() - start)
    return {
        str(cell): {
            "seconds_a_megapixel": round(statistics.median(times) / (side**2 / 1e6), 4),
            "labels": round(float(np.mean(masks[cell] != masks[cells[0]])), 5),
        }
        for cell, times in seconds.items()
    }


def summary(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return medians of times and ratios, the smallest ratios, and the largest differences."""
    said: dict[str, float] = {"threads": available_threads(), "tolerance": TOLERANCE}
    for name in (
        "one_thread",
        "all_threads",
        "pydensecrf",
        "ratio_one_thread",
        "ratio_all_threads",
    ):
        said[name] = round(statistics.median(row[name] for row in rows), 4)
    for name in ("ratio_one_thread", "ratio_all_threads"):
        said[f"smallest_{name}"] = round(min(row[name] for row in rows), 2)
    for name in ("labels", "mean_dq"):
        said[f"largest_{name}"] = max(row[name] for row in rows)
    return said


if __name__ == "__main__":
    main()
