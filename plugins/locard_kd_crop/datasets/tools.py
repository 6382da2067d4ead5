"""The programs that cut pictures, called as people call them: Pillow and three command lines.

Metadata is left behind by all of them, so that nothing but pixels and tables tells a picture from
another. Encoders are told what to write and never left to a default that depends on the quality.
"""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from locard.text import printable
from locard_kd_crop.datasets.programs import ToolError, jpegtran, magick, results, vips

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

    from locard_kd_crop.datasets.tables import Tables

_CODERS = {".jpg": "jpeg", ".png": "png"}


@dataclass(frozen=True, slots=True)
class Window:
    """What is cut out of a picture, in its pixels.

    Attributes:
        x: Left edge.
        y: Upper edge.
        width: Of the window.
        height: Of the window.
    """

    x: int
    y: int
    width: int
    height: int

    @property
    def geometry(self) -> str:
        """As X11 programs write it: ``640x480+8+16``."""
        return f"{self.width}x{self.height}+{self.x}+{self.y}"


@dataclass(frozen=True, slots=True)
class LastStep:
    """How the cut picture is stored.

    Attributes:
        quality: IJG quality; None for a lossless PNG, and where ``tables`` are given.
        tables: Of a camera, written by Pillow after the tool has cut; None for an IJG quality.
        subsampling: ``4:2:0`` or ``4:4:4``; empty without compression.
    """

    quality: int | None = None
    tables: Tables | None = None
    subsampling: str = ""

    @property
    def lossless(self) -> bool:
        """Whether the tool itself stores without loss."""
        return self.quality is None

    @property
    def suffix(self) -> str:
        """Ending of the file, without a dot."""
        return "png" if self.quality is None and self.tables is None else "jpg"


class Tool(ABC):
    """A program that cuts pictures.

    Attributes:
        name: As ``--tool`` has it.
        documented: Where its documentation is.
        moves_the_grid: Whether it can cut off the grid at all.
    """

    name: ClassVar[str]
    documented: ClassVar[str]
    moves_the_grid: ClassVar[bool] = True

    @abstractmethod
    def version(self) -> str:
        """Return the version of what is installed.

        Raises:
            ToolError: It is not installed.
        """

    @abstractmethod
    def cut(self, source: Path, windows: Sequence[Window], step: LastStep) -> list[bytes]:
        """Cut windows out of a picture, each into a file of its own.

        Args:
            source: A file that ends with ``.jpg`` or ``.png``, under a name without signs that a
                command line could mean something by; the tool writes beside it.
            windows: What to cut.
            step: How to store it; its ``tables`` are None.

        Returns:
            The files' bytes.

        Raises:
            ToolError: The tool failed.
        """

    def encoder(self, step: LastStep) -> str:
        """Return what wrote the file, for the manifest."""
        return self.name if step.tables is None else f"{self.name}, then Pillow"

    def files(self, source: Path, windows: Sequence[Window], step: LastStep) -> list[bytes]:
        """Cut and store windows; tables of a camera are Pillow's part.

        Raises:
            ToolError: The tool failed.
        """
        if step.tables is None:
            return self.cut(source, windows, step)
        return [with_tables(data, step) for data in self.cut(source, windows, LastStep())]


class Pillow(Tool):
    """``Image.crop`` and ``Image.save``."""

    name = "pillow"
    documented = "https://pillow.readthedocs.io/"

    def version(self) -> str:
        """See :meth:`Tool.version`."""
        import PIL
        from PIL import features

        return f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}"

    def encoder(self, step: LastStep) -> str:
        """See :meth:`Tool.encoder`."""
        return self.name

    def cut(self, source: Path, windows: Sequence[Window], step: LastStep) -> list[bytes]:
        """See :meth:`Tool.cut`."""
        picture = _opened(os.path.realpath(source))
        return [self._saved(picture, window, step) for window in windows]

    def _saved(self, picture: PillowImage, window: Window, step: LastStep) -> bytes:
        box = (window.x, window.y, window.x + window.width, window.y + window.height)
        part, file = picture.crop(box), io.BytesIO()
        if step.quality is None:
            part.save(file, "PNG", compress_level=6)
        else:
            part.save(file, "JPEG", quality=step.quality, subsampling=step.subsampling)
        return file.getvalue()


@lru_cache(maxsize=3)
def _opened(source: str) -> PillowImage:
    """Decode a photograph once for all pictures that are cut from it."""
    from PIL import Image

    try:
        with Image.open(source) as picture:
            bare: PillowImage = picture.convert("RGB") if picture.mode != "RGB" else picture.copy()
    except (OSError, ValueError, SyntaxError) as error:
        raise ToolError(f"Pillow cannot read the photograph: {printable(str(error))}") from None
    bare.info.clear()
    return bare


class ImageMagick(Tool):
    """``magick`` (version 7) or ``convert`` (version 6) with ``-crop``."""

    name = "imagemagick"
    documented = "https://imagemagick.org/script/command-line-options.php#crop"

    def version(self) -> str:
        """See :meth:`Tool.version`."""
        return magick()[1]

    def cut(self, source: Path, windows: Sequence[Window], step: LastStep) -> list[bytes]:
        """See :meth:`Tool.cut`."""
        form = "png24" if step.lossless else "jpeg"
        targets = [_beside(source, number) for number in range(len(windows))]
        command = [magick()[0], f"{_CODERS[source.suffix]}:{source}[0]", "-strip"]
        if step.quality is not None:
            command += ["-quality", str(step.quality), "-sampling-factor", step.subsampling]
            command += ["-type", "TrueColor"]
        else:
            command += ["-define", "png:exclude-chunk=all"]
        for window, target in zip(windows, targets, strict=True):
            cropping = ["-crop", window.geometry, "+repage", "-write", f"{form}:{target}"]
            command += ["(", "-clone", "0", *cropping, "+delete", ")"]
        command.append("null:")
        return results(self.name, command, targets)


class Libvips(Tool):
    """``vips crop``."""

    name = "libvips"
    documented = "https://www.libvips.org/API/current/using-the-cli.html"

    def version(self) -> str:
        """See :meth:`Tool.version`."""
        return vips()[1]

    def cut(self, source: Path, windows: Sequence[Window], step: LastStep) -> list[bytes]:
        """See :meth:`Tool.cut`."""
        files = []
        for number, window in enumerate(windows):
            target = _beside(source, number, "png" if step.lossless else "jpg")
            options = "[strip]"
            if step.quality is not None:
                thinned = "off" if step.subsampling == "4:4:4" else "on"
                options = f"[Q={step.quality},subsample-mode={thinned},strip]"
            place = (window.x, window.y, window.width, window.height)
            command = [vips()[0], "crop", str(source), f"{target}{options}", *map(str, place)]
            files += results(self.name, command, [target])
        return files


class Jpegtran(Tool):
    """``jpegtran -crop``, which moves whole MCUs and decodes nothing."""

    name = "jpegtran"
    documented = "https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/doc/jpegtran.1"
    moves_the_grid = False

    def version(self) -> str:
        """See :meth:`Tool.version`."""
        return jpegtran()[1]

    def cut(self, source: Path, windows: Sequence[Window], step: LastStep) -> list[bytes]:
        """See :meth:`Tool.cut`; the JPEG keeps the tables that it has."""
        files = []
        for number, window in enumerate(windows):
            target = _beside(source, number, "jpg")
            command = [jpegtran()[0], "-copy", "none", "-crop", window.geometry]
            files += results(self.name, [*command, "-outfile", str(target), str(source)], [target])
        return files


TOOLS = {tool.name: tool for tool in (Pillow(), ImageMagick(), Libvips(), Jpegtran())}
"""All tools by name."""


def with_tables(data: bytes, step: LastStep) -> bytes:
    """Return a lossless picture as a JPEG with a camera's tables, written by Pillow."""
    from PIL import Image

    assert step.tables is not None  # noqa: S101  the caller's part of the contract
    file = io.BytesIO()
    tables = [list(step.tables.luma), list(step.tables.chroma)]
    with Image.open(io.BytesIO(data)) as picture:
        picture.save(file, "JPEG", qtables=tables, subsampling=step.subsampling)
    return file.getvalue()


def _beside(source: Path, number: int, suffix: str = "out") -> Path:
    return source.with_name(f"cut-{number}.{suffix}")
