"""Keep the maps of an analysis as files that scripts and people can open."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from locard.errors import LocardError
from locard.service.analyze import SavedMaps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from locard.engine.records import ExhibitResult, FindingRecord
    from locard.engine.tasks import Subject


class MapFolder:
    """Writes ``<sha256>-<step>.npy``, ``….png``, ``…-mask.png`` and ``…-<picture>.png``.

    Args:
        folder: Made where it does not exist.

    Raises:
        LocardError: The folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_write(folder, error) from None

    def keep(self, subject: Subject, result: ExhibitResult) -> Mapping[str, SavedMaps]:
        """Write the maps, masks and pictures of one file.

        Returns:
            The files written, by step.

        Raises:
            LocardError: The folder cannot be written, or is full.
        """
        picture = _Picture(subject.path)
        try:
            for finding in result.findings:
                self._write_pictures(subject.sha256, finding)
            return {
                finding.step: SavedMaps(
                    map=self._write_map(subject.sha256, finding, picture),
                    mask=self._write_mask(subject.sha256, finding),
                )
                for finding in result.findings
            }
        except OSError as error:
            raise _cannot_write(self.folder, error) from None

    def _write_map(self, sha256: str, finding: FindingRecord, picture: _Picture) -> Path | None:
        import numpy as np
        from PIL import Image

        from locard.engine.artifacts import read_map
        from locard.overlay import overlay

        heat_map = read_map(finding)
        if heat_map is None:
            return None
        height, width = picture.pixels.shape[:2]
        values = heat_map.at_pixels(height, width)
        path = self.folder / f"{sha256}-{finding.step}.npy"
        np.save(path, values)
        Image.fromarray(overlay(picture.pixels, values)).save(path.with_suffix(".png"))
        return path

    def _write_mask(self, sha256: str, finding: FindingRecord) -> Path | None:
        artifact = finding.artifact("mask")
        if artifact is None:
            return None
        path = self.folder / f"{sha256}-{finding.step}-mask.png"
        shutil.copyfile(artifact.path, path)
        return path

    def _write_pictures(self, sha256: str, finding: FindingRecord) -> None:
        for artifact in finding.artifacts:
            if artifact.kind == "picture":
                name = f"{sha256}-{finding.step}-{artifact.name}.png"
                shutil.copyfile(artifact.path, self.folder / name)


def _cannot_write(folder: Path, error: OSError) -> LocardError:
    return LocardError(
        f"cannot write maps to {folder}: {error.strerror or error}",
        "Give another folder with --maps, or make room there.",
    )


class _Picture:
    """Decodes a file when its first overlay is drawn, and only then."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        from locard.image import Image

        return Image.from_path(self._path).pixels
