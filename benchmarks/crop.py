"""How long ``kd-crop`` takes, beside EfficientNet-B0 and Pillow's decoding of the same photograph.

    python benchmarks/crop.py [--sides 256 512 1024] [--megapixels 12] [--rounds 5] [--json FILE]

Each begins with the file's bytes and ends with logits: the detector reads the coefficients, counts
all windows of picture and tiles, and asks the shipped student of the whole and of each tile
(``without tiles``: of the whole alone, as accuracy is measured); EfficientNet-B0 (plain, and with
stride 1 in its stem, as the crop teacher has it) decodes the pixels and runs in onnxruntime.
Everything has one thread, and what is taken is the time of the processor, to which other processes
add little. Runs take turns, and ratios are medians over rounds of the same picture, so that what
load there is falls on all alike. Where the registry has no ``kd-crop``, a student of the same size
with random weights takes its place, and it is said: time does not depend on weights.

To reach: ten times as fast as EfficientNet-B0; at most 30 times Pillow's decoding; at most 1 MB.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np  # noqa: E402  (threads are set before)
import PIL.Image  # noqa: E402
import skimage.data  # noqa: E402

from locard import Image  # noqa: E402
from locard.errors import LocardError  # noqa: E402
from locard.inference import open_session  # noqa: E402
from locard_kd_crop.evaluation.models import evidence_and_table  # noqa: E402
from locard_kd_crop.looking import look_at  # noqa: E402
from locard_kd_crop.student import Student, find_model  # noqa: E402

QUALITY = 90
DECODING, STUDENT, ALONE = "Pillow decodes", "kd-crop", "kd-crop, without tiles"
NETWORKS = {"EfficientNet-B0": False, "EfficientNet-B0, no stride": True}
SCENES = (skimage.data.astronaut, skimage.data.coffee, skimage.data.rocket, skimage.data.retina)

_MOST_MEGAPIXELS = 2.0
"""Larger pictures are too much for EfficientNet-B0 without a stride: 4 GB a megapixel's layers."""


@dataclass(frozen=True)
class Found:
    """Times of one picture.

    Attributes:
        height: In pixels.
        width: In pixels.
        seconds: Median by name.
        ratios: Median of the time divided by Pillow's decoding in the same round, by name.
        speed: How many times as long as kd-crop the others take, by name.
    """

    height: int
    width: int
    seconds: dict[str, float]
    ratios: dict[str, float]
    speed: dict[str, float]


def photograph(height: int, width: int) -> bytes:
    """Return a JPEG that is made of scikit-image's photographs, laid side by side."""
    rows, row, filled = [], [], 0
    scenes = [np.asarray(scene()) for scene in SCENES]
    side = 512
    tiles = [_square(scene, side) for scene in scenes]
    number = 0
    for _ in range(-(-height // side)):
        row, filled = [], 0
        while filled < width:
            row.append(tiles[number % len(tiles)])
            number, filled = number + 1, filled + side
        rows.append(np.concatenate(row, axis=1)[:, :width])
        number += 1
    file = io.BytesIO()
    whole = np.concatenate(rows)[:height]
    PIL.Image.fromarray(whole).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _square(scene: np.ndarray, side: int) -> np.ndarray:
    picture = PIL.Image.fromarray(scene)
    edge = min(picture.size)
    box = (0, 0, edge, edge)
    return np.asarray(picture.resize((side, side), PIL.Image.Resampling.LANCZOS, box))


def student() -> tuple[Student, int, str]:
    """Return the shipped student, its file's size, and its name."""
    try:
        model = find_model()
    except LocardError:
        from locard_kd_crop.phase.exporting import to_onnx
        from locard_kd_crop.phase.network import PhaseNetwork, Size

        data = to_onnx(PhaseNetwork(Size()).eval())
        return Student(data), len(data), "kd-crop with random weights: the registry has none"
    return Student(model.onnx()), len(model.onnx()), f"kd-crop {model.card.version}"


def efficientnet(no_stride: bool) -> Callable[[bytes], object]:
    """Return EfficientNet-B0 with 65 classes and random weights, from a file's bytes to logits."""
    import torch

    from locard.training.onnx_export import export_onnx
    from locard_kd_crop.phase.labels import CLASSES
    from locard_kd_crop.pixel.efficientnet import EfficientNet

    network = EfficientNet(CLASSES, no_stride=no_stride).eval()
    free = {0: "pictures", 2: "height", 3: "width"}
    session = open_session(
        export_onnx(
            network,
            (torch.zeros(1, 3, 64, 72),),
            inputs=("pixels",),
            outputs=("logits",),
            dynamic={"pixels": free, "logits": {0: "pictures"}},
        )
    )

    def run(data: bytes) -> object:
        pixels = Image.from_bytes(data).pixels
        given = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)
        return session.run(None, {"pixels": given})

    return run


def decode(data: bytes) -> None:
    """Decode a picture with Pillow."""
    with PIL.Image.open(io.BytesIO(data)) as picture:
        picture.load()


def measure(data: bytes, calls: dict[str, Callable[[bytes], object]], rounds: int) -> Found:
    """Time all calls in turn, after one that nobody times."""
    for call in calls.values():
        call(data)
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            call(data)
            times[name].append(time.process_time() - start)
    with PIL.Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
    return Found(
        height,
        width,
        {name: statistics.median(some) for name, some in times.items()},
        {name: _ratio(some, times[DECODING]) for name, some in times.items()},
        {name: _ratio(some, times[STUDENT]) for name, some in times.items()},
    )


def _ratio(some: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(some, others, strict=True))


def main() -> None:
    """Print a table a picture, and what is to be reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="*", default=[256, 512, 1024])
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    asked, size, name = student()
    print(f"{name}: {size / 1000:.0f} kB (to reach: 1000 kB at most)")
    calls: dict[str, Callable[[bytes], object]] = {
        DECODING: decode,
        STUDENT: lambda data: look_at(Image.from_bytes(data), asked),
        ALONE: lambda data: asked.logits(*evidence_and_table(Image.from_bytes(data))),
        **{named: efficientnet(no_stride) for named, no_stride in NETWORKS.items()},
    }
    height = round((given.megapixels * 1e6 * 3 / 4) ** 0.5) if given.megapixels else 0
    large = [(height, height * 4 // 3)] if height else []
    pictures = [*((side, side) for side in given.sides), *large]
    found = []
    for height, width in pictures:
        fitting = {
            name: call
            for name, call in calls.items()
            if not (NETWORKS.get(name) and height * width > _MOST_MEGAPIXELS * 1e6)
        }
        one = measure(photograph(height, width), fitting, given.rounds)
        found.append(one)
        print(
            f"\n{width}×{height}, JPEG quality {QUALITY}, one thread: time of the processor, "
            f"median of {given.rounds}"
        )
        for name in fitting:
            print(
                f"{name:<28}{1000 * one.seconds[name]:10.1f} ms{one.ratios[name]:9.1f} × decoding"
                f"{one.speed[name]:9.1f} × kd-crop"
            )
        for name in calls.keys() - fitting.keys():
            print(f"{name:<28} not run: it takes more memory than most machines have")
    print("\nto reach: EfficientNet-B0 at 10 × kd-crop or more; kd-crop at 30 × decoding or less")
    if given.json:
        plain = {"student": name, "bytes": size, "pictures": [vars(one) for one in found]}
        given.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
