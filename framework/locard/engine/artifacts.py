"""Maps, masks and pictures of a finding as files, and back.

The same arrays give the same bytes, so that an artifact's hash can be compared in a replay.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locard.engine.encoding import encode_gzip, encode_png
from locard.engine.records import ArtifactKind, ArtifactRecord, FindingRecord
from locard.engine.spool import write_atomically
from locard.findings import Finding, HeatMap, Region

_NPY_HEADER_AT_MOST = 4096


def write_artifacts(finding: Finding, step: str, folder: Path) -> tuple[ArtifactRecord, ...]:
    """Write what belongs to a finding into ``folder``, under names that begin with the step's."""
    return tuple(_write_each(finding, step, folder))


def _write_each(finding: Finding, step: str, folder: Path) -> Iterator[ArtifactRecord]:
    if finding.map is not None:
        path = folder / f"{step}.map.npy.gz"
        data = _packed_array(finding.map.values)
        yield _write(path, data, "map", "map", "application/gzip", _map_geometry(finding.map))
    if finding.mask is not None:
        yield _write_png(folder / f"{step}.mask.png", finding.mask, "mask", "mask")
    for name, picture in finding.pictures.items():
        yield _write_png(folder / f"{step}.picture.{name}.png", picture, "picture", name)


def read_map(record: FindingRecord) -> HeatMap | None:
    """Read a finding's map back, or return None where it has none.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not what was written.
    """
    artifact = record.artifact("map")
    if artifact is None:
        return None
    values = read_values(artifact)
    with _as_written(artifact):
        x, y = artifact.geometry["origin"]
        return HeatMap(values, cell=artifact.geometry["cell"], origin=(x, y))


def read_mask(record: FindingRecord) -> NDArray[np.bool_] | None:
    """Read a finding's mask back, bool (height, width), or return None where it has none.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not what was written.
    """
    artifact = record.artifact("mask")
    return None if artifact is None else read_values(artifact).astype(np.bool_)


def read_values(artifact: ArtifactRecord) -> NDArray[Any]:
    """Read what an artifact holds.

    Returns:
        Of a map its values, float32 (rows, columns); of a mask bool (height, width); of a picture
        uint8 (height, width, 3).

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not what was written.
    """
    data = artifact.path.read_bytes()
    with _as_written(artifact):
        if artifact.kind == "map":
            return _unpacked_array(data, (artifact.geometry["rows"], artifact.geometry["columns"]))
        return _decoded_png(data, (artifact.geometry["width"], artifact.geometry["height"]))


@contextmanager
def _as_written(artifact: ArtifactRecord) -> Iterator[None]:
    """Turn what gzip, numpy and Pillow raise on other bytes than were written into one error."""
    try:
        yield
    except (OSError, EOFError, SyntaxError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise ValueError(f"{artifact.path} is not what was written: {error}") from error


def read_finding(record: FindingRecord) -> Finding:
    """Read a finding back, as a refiner needs it; pictures are left out.

    Raises:
        OSError: An artifact cannot be read.
        ValueError: An artifact is not what was written.
    """
    return Finding(
        outcome=record.outcome,
        score=record.score,
        reason=record.reason,
        explanation=record.explanation,
        map=read_map(record),
        mask=read_mask(record),
        regions=tuple(Region(**region) for region in record.regions),
        measurements=record.measurements,
    )


def _map_geometry(heat_map: HeatMap) -> dict[str, Any]:
    rows, columns = heat_map.values.shape
    return {
        "cell": int(heat_map.cell),
        "origin": [int(place) for place in heat_map.origin],
        "rows": rows,
        "columns": columns,
    }


def _packed_array(values: NDArray[np.float32]) -> bytes:
    """Return an ``.npy`` file in gzip."""
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    return encode_gzip(file.getvalue())


def _unpacked_array(data: bytes, shape: tuple[int, int]) -> NDArray[Any]:
    # A bundle comes from somebody else, and a few kilobytes of gzip can hold gigabytes: no more is
    # unpacked than the record says there is.
    most = math.prod(shape) * np.dtype(np.float32).itemsize + _NPY_HEADER_AT_MOST
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        unpacked = stream.read(most + 1)
    if len(unpacked) > most:
        raise ValueError(f"it holds more than {shape[0]}×{shape[1]} values")
    values: NDArray[Any] = np.load(io.BytesIO(unpacked), allow_pickle=False)
    if values.shape != shape:
        raise ValueError(f"it holds {values.shape} values, not {shape}")
    return values


def _decoded_png(data: bytes, size: tuple[int, int]) -> NDArray[Any]:
    from PIL.PngImagePlugin import PngImageFile

    # PIL.Image.open has a limit of its own, below that of exhibits; here the record sets the size.
    with PngImageFile(io.BytesIO(data)) as picture:
        if picture.size != size:
            raise ValueError(f"it has {picture.size} pixels, not {size}")
        return np.array(picture)


def _write_png(
    path: Path, pixels: NDArray[np.bool_] | NDArray[np.uint8], kind: ArtifactKind, name: str
) -> ArtifactRecord:
    height, width = pixels.shape[:2]
    geometry = {"width": width, "height": height}
    return _write(path, encode_png(pixels), kind, name, "image/png", geometry)


def _write(
    path: Path,
    data: bytes,
    kind: ArtifactKind,
    name: str,
    media_type: str,
    geometry: dict[str, Any],
) -> ArtifactRecord:
    write_atomically(path, data)
    sha256 = hashlib.sha256(data).hexdigest()
    return ArtifactRecord(kind, name, path, sha256, len(data), media_type, geometry)
