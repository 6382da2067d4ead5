"""Whether two artifacts hold the same, however their files are packed."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.engine.records import ArtifactRecord

_GZIP = 16 + zlib.MAX_WBITS


def same_content(one: ArtifactRecord, other: ArtifactRecord) -> bool:
    """Return whether two artifacts hold the same values, to the bit.

    Files of another hash may do so: a compression library packs differently from version to
    version.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file is not what was written.
    """
    if one.sha256 == other.sha256:
        return True
    if (one.kind, dict(one.geometry)) != (other.kind, dict(other.geometry)):
        return False
    return bool(np.array_equal(_values(one), _values(other)))


def _values(artifact: ArtifactRecord) -> NDArray[Any]:
    if artifact.kind == "map":
        data = zlib.decompress(artifact.path.read_bytes(), wbits=_GZIP)
        return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
    from PIL import Image

    with Image.open(artifact.path) as picture:
        return np.asarray(picture)
