"""Whether two artifacts hold the same, however their files are packed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locard.engine.artifacts import read_values

if TYPE_CHECKING:
    from locard.engine.records import ArtifactRecord


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
    return bool(np.array_equal(read_values(one), read_values(other)))
