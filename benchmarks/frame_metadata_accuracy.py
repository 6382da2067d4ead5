"""How often `frame-metadata` is right: the figures of docs/methods/frame-metadata.md.

    python benchmarks/frame_metadata_accuracy.py FOLDER [--work DIR]

FOLDER holds JPEGs straight from cameras. Of at most two of each camera two data sets are made with
tools that people use: the photographs as they are; resaved, resized and turned ones, which nobody
cut; and cut ones. Half of the cameras, by the hash of their names, are in `tuning`, on which the
thresholds were set, the others in `test`. Then `locard evaluate` measures, and what the page shows
goes to docs/evaluation; run `python docs/generate_figures.py` after that. Needs jpegtran
(libjpeg-turbo), ImageMagick, vips and exiftool.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from locard import Image
from locard.errors import LocardError
from locard.evaluation.runs import cases

TARGET = Path(__file__).resolve().parent.parent / "docs" / "evaluation"
PARTS = ("tuning", "test")
EACH = 2
SEED = 4
SHOWN = ("all", "kind", "edit")
PIPELINE = """name = "frame-metadata"
version = "1"
description = "What metadata say of the frame"

[[steps]]
name = "frame-metadata"
plugin = "frame-metadata"
"""


@dataclass(frozen=True)
class Window:
    """What is kept of a photograph, in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def geometry(self) -> str:
        """As ImageMagick and jpegtran write it."""
        return f"{self.width}x{self.height}+{self.x}+{self.y}"


Edit = Callable[[Path, Path, Window], None]


def tool(*words: str | Path) -> None:
    """Run a program; its failure ends the script. jpegtran's 2 means no more than a warning."""
    done = subprocess.run([str(word) for word in words], check=False, capture_output=True)
    if done.returncode and (done.returncode, words[0]) != (2, "jpegtran"):
        raise LocardError(done.stderr.decode("utf-8", "replace"), f"See what {words[0]} needs.")


def original(source: Path, target: Path, _: Window) -> None:
    """Copy."""
    target.write_bytes(source.read_bytes())


def resaved(source: Path, target: Path, _: Window) -> None:
    """Save again at quality 85, metadata kept."""
    tool("convert", source, "-quality", "85", target)


def resized(source: Path, target: Path, _: Window) -> None:
    """Make smaller for the web, metadata kept."""
    tool("convert", source, "-resize", "800x800", target)


def turned(source: Path, target: Path, _: Window) -> None:
    """Turn losslessly; incomplete blocks are dropped."""
    tool("jpegtran", "-copy", "all", "-rotate", "90", "-trim", "-outfile", target, source)


def cut_jpegtran(source: Path, target: Path, window: Window) -> None:
    """Cut losslessly; jpegtran writes the new size into EXIF."""
    tool("jpegtran", "-copy", "all", "-crop", window.geometry, "-outfile", target, source)


def cut_vips(source: Path, target: Path, window: Window) -> None:
    """Cut; vips writes the new size into EXIF."""
    place = (window.x, window.y, window.width, window.height)
    tool("vips", "crop", source, f"{target}[Q=90]", *map(str, place))


def cut_imagemagick(source: Path, target: Path, window: Window) -> None:
    """Cut; ImageMagick leaves metadata alone."""
    tool("convert", source, "-crop", window.geometry, "+repage", "-quality", "92", target)


def cut_imagemagick_same_shape(source: Path, target: Path, window: Window) -> None:
    """Cut to the frame's shape; ImageMagick leaves metadata alone."""
    with Pillow.open(source) as picture:
        width, height = picture.size
    share = window.width / width
    kept = Window(
        min(window.x, int(width * (1 - share))),
        min(window.y, int(height * (1 - share))),
        int(width * share),
        int(height * share),
    )
    cut_imagemagick(source, target, kept)


def cut_pillow(source: Path, target: Path, window: Window) -> None:
    """Cut, and keep EXIF as it is."""
    with Pillow.open(source) as picture:
        box = (window.x, window.y, window.x + window.width, window.y + window.height)
        picture.crop(box).save(target, quality=90, exif=picture.info.get("exif", b""))


def cut_resized(source: Path, target: Path, window: Window) -> None:
    """Cut, then make smaller; ImageMagick leaves metadata alone."""
    tool(
        *("convert", source, "-crop", window.geometry, "+repage"),
        *("-resize", "60%", "-quality", "90", target),
    )


def cut_exiftool(source: Path, target: Path, window: Window) -> None:
    """Cut, and have exiftool correct the size in EXIF."""
    cut_imagemagick(source, target, window)
    sizes = (f"-ExifImageWidth={window.width}", f"-ExifImageHeight={window.height}")
    tool("exiftool", "-q", "-m", "-overwrite_original", *sizes, target)


AUTHENTIC: dict[str, Edit] = {
    "original": original,
    "resaved": resaved,
    "resized": resized,
    "turned": turned,
}
CROPS: dict[str, Edit] = {
    "cut by jpegtran": cut_jpegtran,
    "cut by vips": cut_vips,
    "cut by ImageMagick": cut_imagemagick,
    "cut to the same shape": cut_imagemagick_same_shape,
    "cut by Pillow": cut_pillow,
    "cut and resized": cut_resized,
    "cut, size corrected": cut_exiftool,
}


def chosen(folder: Path) -> Iterator[tuple[Path, Image, str]]:
    """Yield photographs with the names of their cameras, at most some of each camera."""
    seen: Counter[str] = Counter()
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".jpg", ".jpeg"):
            continue
        image = Image.from_path(path)
        camera = " ".join(str(image.metadata.exif.get(tag)) for tag in ("Make", "Model"))
        seen[camera] += 1
        if seen[camera] <= EACH:
            yield path, image, camera


def drawn(image: Image, random: np.random.Generator) -> Window:
    """Draw what is kept: 40 to 95 % of each side, anywhere."""
    sides = (image.width, image.height)
    width, height = (int(side * random.uniform(0.4, 0.95)) for side in sides)
    x, y = (
        int(random.integers(side - kept + 1))
        for side, kept in zip(sides, (width, height), strict=True)
    )
    return Window(x, y, width, height)


def make(folder: Path, target: Path) -> None:
    """Make both data sets."""
    random = np.random.default_rng(SEED)
    rows: dict[str, list[list[str]]] = {part: [] for part in PARTS}
    for number, (path, image, camera) in enumerate(chosen(folder)):
        part = PARTS[hashlib.sha256(camera.encode()).digest()[0] % 2]
        (target / part / "images").mkdir(parents=True, exist_ok=True)
        for edit, function in (AUTHENTIC | CROPS).items():
            window = drawn(image, random)
            name = f"images/{number:03d}-{edit.replace(' ', '-').replace(',', '')}.jpg"
            function(path, target / part / name, window)
            kind = "authentic" if edit in AUTHENTIC else "crop"
            rows[part].append([name, kind, f"{number:03d}", edit])
    for part in PARTS:
        with (target / part / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "kind", "group", "edit"])
            writer.writerows(rows[part])


def evaluate(data: Path, part: str, work: Path) -> None:
    """Evaluate on one data set, and keep what the page shows."""
    pipeline, output = work / "frame-metadata.toml", work / part
    pipeline.write_text(PIPELINE, encoding="utf-8")
    words = ["evaluate", "--pipeline", pipeline, "--dataset", data / part, "--output", output]
    command = [sys.executable, "-c", "from locard.cli import main; main()", *map(str, words)]
    if (code := subprocess.run(command, check=False).returncode) not in (0, 1):
        raise SystemExit(code)
    results = cases.read(output).results
    name = f"frame-metadata-{part}"
    subsets = tuple(
        subset.model_copy(update={"curves": ()}) for subset in results.subsets if subset.by in SHOWN
    )
    # No path of this machine is among what is kept, nor that crops have no mask.
    told = {**results.command, "dataset": name, "pipeline": pipeline.name}
    dataset = results.dataset.model_copy(update={"problems": ()})
    kept = results.model_copy(update={"subsets": subsets, "command": told, "dataset": dataset})
    (TARGET / f"{name}.json").write_text(kept.model_dump_json() + "\n", encoding="utf-8")


def main() -> None:
    """Make the data sets, evaluate, and keep what the page shows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, default=Path("frame-metadata"))
    options = parser.parse_args()
    make(options.folder, options.work / "data")
    for part in PARTS:
        evaluate(options.work / "data", part, options.work)


if __name__ == "__main__":
    main()
