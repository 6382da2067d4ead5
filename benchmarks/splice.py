"""How long the pipeline ``splice`` takes, beside a plain ResNet-18 over the same pixels.

    python benchmarks/splice.py [--megapixels 1 12] [--rounds 3] [--memory 12 100] [--json FILE]

The photograph is made of scikit-image's, with a part of one pasted into the others, stored as JPEG.
It is decoded beforehand: ``evidence`` computes all channels, ``network`` makes the map of them,
``explanation`` asks the network again for one region, as it is asked for each of at most five, and
``crf`` refines the map with the parameters that the model brings; ``unexplained`` is all of them
for a picture in which nothing is detected. ``ResNet-18`` is one forward pass
of the whole network (four stages, 1000 classes, fp32, random weights) over all pixels in
onnxruntime. Everything has one thread, and what is taken is the time of the processor, to which
other processes add little. Runs take turns, and ratios are medians over rounds. Where the registry
has no ``semi-global``, a network of its size with random weights takes its place, and it is said:
time does not depend on weights.

Memory is the largest resident size of a process that opens a JPEG of so many megapixels and runs
detector and refiner on it, all libraries included.

To reach: at most 1.5 times ResNet-18, better .7; .7 GB at 12 megapixels, 1.5 GB at 100.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np  # noqa: E402  (threads are set before)
import PIL.Image  # noqa: E402
import skimage.data  # noqa: E402

from locard import Finding, Image, Refiner  # noqa: E402
from locard.errors import LocardError  # noqa: E402
from locard.inference import open_session  # noqa: E402
from locard.plugins import catalogue  # noqa: E402
from locard_semi_global.crf_tuning import FIXED  # noqa: E402
from locard_semi_global.detector import SemiGlobal  # noqa: E402
from locard_semi_global.explanation import explained  # noqa: E402
from locard_semi_global.localiser import NAME, Localiser, find_model  # noqa: E402
from locard_semi_global.looking import evidence_of  # noqa: E402
from locard_semi_global.regions import areas_of  # noqa: E402
from locard_semi_global.splice_finding import map_of  # noqa: E402

QUALITY = 90
RESNET = "ResNet-18"
PARTS = ("evidence", "network", "explanation", "crf")
SCENES = (skimage.data.astronaut, skimage.data.coffee, skimage.data.rocket, skimage.data.retina)
VERSION = "0.0.0-random"

_SIDE = 512


def photograph(megapixels: float) -> bytes:
    """Return a JPEG of 4 to 3: photographs side by side, with a part of another one in it."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    tiles = [_square(np.asarray(scene())) for scene in SCENES]
    whole = np.empty((height, width, 3), np.uint8)
    for row, top in enumerate(range(0, height, _SIDE)):
        for column, left in enumerate(range(0, width, _SIDE)):
            part = whole[top : top + _SIDE, left : left + _SIDE]
            part[:] = tiles[(row + column) % len(tiles)][: part.shape[0], : part.shape[1]]
    rows, columns = foreign(height, width)
    donor = np.asarray(skimage.data.chelsea())
    part = whole[rows, columns]
    part[:] = donor[: part.shape[0], : part.shape[1]]
    file = io.BytesIO()
    PIL.Image.fromarray(whole).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def foreign(height: int, width: int) -> tuple[slice, slice]:
    """Return rows and columns of what is pasted in: 256×256 pixels."""
    top, left = height // 3 // 8 * 8, width // 3 // 8 * 8
    return slice(top, top + 256), slice(left, left + 256)


def _square(scene: np.ndarray) -> np.ndarray:
    picture = PIL.Image.fromarray(scene)
    edge = min(picture.size)
    size = (_SIDE, _SIDE)
    return np.asarray(picture.resize(size, PIL.Image.Resampling.LANCZOS, (0, 0, edge, edge)))


def shipped_or_random(folder: Path) -> tuple[str | None, str]:
    """Return the version of the model to use, and its name; make one where none is shipped."""
    try:
        return None, f"{NAME} {find_model().card.version}"
    except LocardError:
        os.environ["LOCARD_MODELS"] = str(folder)
        write_random(folder)
        return VERSION, f"{NAME} with random weights: the registry has none"


def write_random(folder: Path) -> None:
    """Write a model of the size that is trained, with random weights."""
    import torch

    import locard_registry as registry
    from locard.training.config import read
    from locard_semi_global.evidence.channels import CHANNELS, GROUP_OF, IDENTITY
    from locard_semi_global.network.exporting import to_onnx
    from locard_semi_global.network.localiser_network import Architecture, BlockEvidenceNetwork
    from locard_semi_global.shipped import CONFIGS
    from locard_semi_global.training.config import BlockEvidenceConfig

    config = read(CONFIGS / "block-evidence.toml", BlockEvidenceConfig)
    size = Architecture(config.widths, config.depth, config.attention, config.globally)
    ones = torch.ones(len(CHANNELS))
    home = folder / NAME / VERSION
    home.mkdir(parents=True)
    content = to_onnx(BlockEvidenceNetwork(size, 0 * ones, ones, GROUP_OF).eval())
    (home / "model.onnx").write_bytes(content)
    tensor = registry.Tensor(name="evidence", dtype="float32", shape=(1,), meaning="evidence")
    card = registry.Card(
        name=NAME,
        version=VERSION,
        created=date(2026, 11, 21),
        licence="Apache-2.0",
        purpose="takes the time of a trained one",
        made_by="benchmarks/splice.py",
        parameters=1,
        limits=("It was not trained.",),
        requires=dict(IDENTITY),
        data=registry.Data(photographs="none", commands=("none",), seeds=()),
        training=registry.Training(seconds=0, epochs=0, hardware="none"),
        files=(registry.describe_file(home / "model.onnx", "fp32"),),
        inputs=(tensor,),
        outputs=(tensor,),
    )
    registry.write_card(card, home)


def resnet() -> Callable[[Image], object]:
    """Return the forward pass of a ResNet-18 with random weights over an image's pixels."""
    import torch

    from locard.training.onnx_export import export_onnx
    from locard_semi_global.paper.resnet import ResNet18

    model = export_onnx(
        ResNet18(classes=1000).eval(),
        (torch.zeros(1, 3, 64, 96),),
        inputs=("pixels",),
        outputs=("classes",),
        dynamic={"pixels": {2: "height", 3: "width"}},
    )
    session = open_session(model)

    def run(image: Image) -> object:
        given = np.ascontiguousarray(image.pixels.transpose(2, 0, 1)[None], np.float32)
        given /= 255
        return session.run(None, {"pixels": given})

    return run


class Steps:
    """The pipeline's steps one by one, each on what the one before gave."""

    def __init__(self, version: str | None) -> None:
        self.detector = SemiGlobal({"model": version})
        self.detector.load()
        self.localiser = Localiser(find_model(version).onnx())
        self.refiner = refiner_of(self.detector)

    def prepare(self, image: Image) -> dict[str, Callable[[Image], object]]:
        """Return what is to be timed, with what each of them needs."""
        evidence = evidence_of(image)
        above = marked(image)
        areas = areas_of(above)
        finding = drawn(image)
        return {
            "evidence": evidence_of,
            "network": lambda _: self.localiser.logits(evidence),
            "explanation": lambda _: explained(
                self.localiser, evidence, areas.listed[0], areas.mask
            ),
            "crf": lambda image: self.refiner.refine(image, finding),
        }


def marked(image: Image) -> np.ndarray:
    """Return a map's places in what is pasted in: bool, one for 4×4 pixels."""
    above = np.zeros((image.height // 8 * 2, image.width // 8 * 2), np.bool_)
    rows, columns = foreign(image.height, image.width)
    above[rows.start // 4 : rows.stop // 4, columns.start // 4 : columns.stop // 4] = True
    return above


def drawn(image: Image) -> Finding:
    """Return a finding with something to refine, whether or not the model was trained."""
    logits = np.where(marked(image), 2, -2).astype(np.float32)
    return Finding.detected(1.0, "", map=map_of(logits, image.height, image.width))


def refiner_of(detector: SemiGlobal) -> Refiner:
    """Return the refiner with what the model brings, or what all its tuning starts from."""
    own = detector.refinement("dense-crf") or FIXED
    refiner = catalogue().step("dense-crf")(dict(own))
    assert isinstance(refiner, Refiner)
    refiner.load()
    return refiner


def measure(
    data: bytes, steps: Steps, others: dict[str, Callable[[Image], object]], rounds: int
) -> dict[str, list[float]]:
    """Return the times of all parts, in seconds a round, after one that nobody times."""
    image = Image.from_bytes(data)
    calls = {**steps.prepare(image), **others}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            start = time.process_time()
            call(image)
            if number:
                times[name].append(time.process_time() - start)
    return times


def memory_of(path: Path, version: str | None) -> tuple[int, int]:
    """Return the largest resident size of detector alone and with refiner, in MB, by a process."""
    given = [sys.executable, __file__, "--examine", str(path), "--model", version or ""]
    said = subprocess.run(given, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return int(said[-2]), int(said[-1])


def examine(path: Path, version: str | None) -> None:
    """Run detector and refiner on a file, and print the largest resident size after each in MB."""
    detector = SemiGlobal({"model": version})
    detector.load()
    image = Image.from_path(path)
    found = detector.examine(image)
    alone = _peak()
    refined = refiner_of(detector).refine(image, found.with_(map=drawn(image).map))
    assert refined.measurements["refinement"] == "refined"
    print(alone, _peak())


def _peak() -> int:
    """Return the process's largest resident size so far in MB; its parent's does not count."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 // 10**6


def main() -> None:
    """Print a table a picture, and what is to be reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, nargs="*", default=[1.0, 12.0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=float, nargs="*", default=[12.0, 100.0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--model", help="version of the model")
    parser.add_argument("--examine", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.examine:
        examine(given.examine, given.model or None)
        return
    with tempfile.TemporaryDirectory() as folder:
        version, name = (
            (given.model, f"{NAME} {given.model}")
            if given.model
            else shipped_or_random(Path(folder))
        )
        print(name)
        steps, others = Steps(version), {RESNET: resnet()}
        plain: dict[str, object] = {"model": name}
        for megapixels in given.megapixels:
            times = measure(photograph(megapixels), steps, others, given.rounds)
            plain[f"{megapixels:g} megapixels"] = show(megapixels, times)
        for megapixels in given.memory:
            path = Path(folder) / f"{megapixels:g}.jpg"
            path.write_bytes(photograph(megapixels))
            alone, refined = memory_of(path, version)
            print(f"{megapixels:g} megapixels: {alone} MB at most, with the refiner {refined} MB")
            plain[f"memory at {megapixels:g} megapixels"] = [alone, refined]
    print("to reach: 1.5 × ResNet-18 or less; 700 MB at 12 megapixels, 1500 MB at 100")
    if given.json:
        given.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def show(megapixels: float, times: dict[str, list[float]]) -> dict[str, list[float]]:
    """Print the times of one picture; return seconds and ratio to ResNet-18 by part."""
    rounds = list(zip(*(times[name] for name in PARTS), strict=True))
    times = {
        **times,
        "all": [sum(some) for some in rounds],
        "unexplained": [sum(some) - some[PARTS.index("explanation")] for some in rounds],
    }
    print(f"\n{megapixels:g} megapixels, one thread: time of the processor, median")
    found = {}
    for name, some in times.items():
        ratios = [one / other for one, other in zip(some, times[RESNET], strict=True)]
        found[name] = [statistics.median(some), statistics.median(ratios)]
        seconds, ratio = found[name]
        each = 1000 * seconds / megapixels
        print(f"{name:<14}{1000 * seconds:10.0f} ms{each:9.0f} ms/MP{ratio:8.2f} × {RESNET}")
    return found


if __name__ == "__main__":
    main()
