"""What the engine costs beside its detectors, in one run.

Three ratios:

* overhead: the share of the worker's time that is not detectors' own, of a pipeline over
  photographs of two megapixels. Decoding, hashing, checking, compressing and storing artifacts,
  reading headers, starting processes are all overhead here.
* efficiency: speed with one worker a core, over cores times the speed of one worker. Each worker
  computes in one thread in both, so that a single worker does not use the other cores as well.
* memory: resident memory of the parent over many small exhibits, end over start.

Run with ``python benchmarks/engine.py``; ``--photographs 20 --exhibits 500`` for a quick look.
Photographs are mosaics of those that scikit-image ships, encoded with Pillow at qualities from 70
to 95. A run in which a finding failed gives no figure: what was not examined costs nothing. Times
on a machine that does other work are wrong; the load is printed for that.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

WIDTH, HEIGHT = 1632, 1224
TILE = 400
TINY = 64
_ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass
class Timing:
    """One run: wall-clock seconds, detectors' own seconds by step, exhibits."""

    workers: int
    exhibits: int = 0
    seconds: float = 0.0
    own: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    failed: int = 0
    first: float = 0.0
    resident: list[int] = field(default_factory=list)

    @property
    def overhead(self) -> float:
        """Share of the workers' time that is not detectors' own, from the very start."""
        return 1 - sum(self.own.values()) / (self.seconds * self.workers)


def main() -> None:
    """Print the ratios."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="locard-bench-") as name:
        folder = Path(name)
        photographs = _photographs(folder, options.photographs)
        cores = len(os.sched_getaffinity(0))
        _overhead(options.pipeline, photographs, folder, cores)
        _efficiency(options.pipeline, photographs, folder, cores, options.repeats)
        _memory(options.pipeline, _tiny(folder, options.exhibits), folder, cores)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=200)
    parser.add_argument("--exhibits", type=int, default=2000)
    parser.add_argument("--pipeline", default="quick")
    parser.add_argument("--repeats", type=int, default=1, help="of the efficiency pair")
    return parser.parse_args()


def _overhead(pipeline: str, photographs: list[Path], folder: Path, cores: int) -> None:
    timing = _run(pipeline, photographs, folder, cores)
    print(f"{pipeline}: {timing.exhibits} photographs of 2 megapixels, {cores} workers")
    for step, seconds in timing.own.items():
        print(f"  {step:24} {seconds / timing.exhibits:7.3f} s a photograph")
    print(f"  first result after {timing.first:.1f} s")
    print(f"overhead: {timing.overhead:.1%} of the workers' time (load {os.getloadavg()[0]:.1f})")


def _efficiency(
    pipeline: str, photographs: list[Path], folder: Path, cores: int, repeats: int
) -> None:
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    for _ in range(repeats):
        one = _run(pipeline, photographs, folder, 1)
        all_ = _run(pipeline, photographs, folder, cores)
        ratio = one.seconds / (cores * all_.seconds)
        print(
            f"efficiency: {ratio:.1%} with {cores} workers of one thread "
            f"({one.seconds:.1f} s against {all_.seconds:.1f} s, load {os.getloadavg()[0]:.1f}); "
            f"overhead with one worker {one.overhead:.1%}"
        )


def _memory(pipeline: str, tiny: list[Path], folder: Path, cores: int) -> None:
    resident = _run(pipeline, tiny, folder, cores).resident
    start, middle, end = resident[len(resident) // 20], resident[len(resident) // 2], resident[-1]
    mebibytes = " → ".join(f"{value / 2**20:.1f}" for value in (start, middle, end))
    print(
        f"memory of the parent over {len(tiny)} exhibits: {mebibytes} MiB "
        f"(after a twentieth, in the middle, at the end), end over start {end / start:.3f}"
    )


def _run(name: str, paths: list[Path], folder: Path, workers: int) -> Timing:
    import psutil

    from locard import pipelines
    from locard.engine.records import ExhibitResult
    from locard.engine.run import examine
    from locard.engine.tasks import Subject
    from locard.plugins import catalogue

    timing = Timing(workers)
    this = psutil.Process()
    began = perf_counter()

    def sink(subject: Subject, result: ExhibitResult) -> None:
        timing.first = timing.first or perf_counter() - began
        timing.exhibits += 1
        for finding in result.findings:
            timing.own[finding.step] += finding.seconds
            timing.failed += finding.outcome == "failed"
        if timing.exhibits % 10 == 0:
            timing.resident.append(this.memory_info().rss)

    plugins = catalogue()
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        examine(
            pipelines.load(name, plugins),
            (Subject(_sha256(path), path, path.name) for path in paths),
            plugins=plugins,
            sink=sink,
            scratch=Path(scratch),
            workers=workers,
            total=len(paths),
        )
    timing.seconds = perf_counter() - began
    if timing.failed or timing.exhibits != len(paths):
        raise SystemExit(
            f"no figure: {timing.failed} findings failed, "
            f"{timing.exhibits} of {len(paths)} exhibits were examined"
        )
    return timing


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _photographs(folder: Path, count: int) -> list[Path]:
    import numpy as np
    from PIL import Image
    from skimage import data

    random = np.random.default_rng(2026)
    scenes = [data.astronaut(), data.coffee(), data.rocket(), data.retina()]
    paths = [folder / f"photograph-{number:04d}.jpg" for number in range(count)]
    for path in paths:
        rows = [np.concatenate([_tile(scenes, random) for _ in range(5)], 1) for _ in range(4)]
        y, x = random.integers(4 * TILE - HEIGHT + 1), random.integers(5 * TILE - WIDTH + 1)
        canvas = np.concatenate(rows)[y : y + HEIGHT, x : x + WIDTH]
        Image.fromarray(canvas).save(path, quality=int(random.integers(70, 96)))
    return paths


def _tile(scenes: list, random: object):
    scene = scenes[random.integers(len(scenes))]
    y, x = (random.integers(side - TILE + 1) for side in scene.shape[:2])
    return scene[y : y + TILE, x : x + TILE]


def _tiny(folder: Path, count: int) -> list[Path]:
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(2027)
    paths = [folder / f"tiny-{number:05d}.png" for number in range(count)]
    for path in paths:
        pixels = random.integers(0, 256, (TINY, TINY, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, compress_level=1)
    return paths


if __name__ == "__main__":
    main()
