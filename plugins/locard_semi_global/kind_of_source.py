"""What sort of file a picture comes in: thresholds hold for one sort each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from locard.image.quality import estimate_quality

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from locard import Image
    from locard.findings import Measurement
    from locard.image import Header
    from locard_semi_global.evidence.history import Facts

NEVER_COMPRESSED: Final = 1.5
"""Mean step of the luma table up to which a picture counts as never compressed."""


def luma_table(image: Image) -> NDArray[np.int64] | None:
    """Return the quantisation table that a JPEG's luma was compressed with.

    Returns:
        int64, (8, 8), vertical frequency first; None where the file has none.
    """
    jpeg = image.jpeg
    if jpeg is None or jpeg.colour_space not in ("YCbCr", "grey") or not jpeg.component_tables[0]:
        return None
    return jpeg.table(0)


def source_measurements(header: Header, facts: Facts) -> dict[str, Measurement]:
    """Return the figures that thresholds are bound to, beside format, quality and size.

    Args:
        header: Of the file.
        facts: What the whole picture says of its last compression.
    """
    steps = facts.steps
    mean = float(steps.mean())
    quality = None
    if mean > NEVER_COMPRESSED:
        quality = estimate_quality(tuple(int(step) for step in steps.ravel()), None).value
    return {
        "shorter_side": min(header.width, header.height),
        "mean_luma_step": round(mean, 3),
        "steps_estimated": facts.estimated,
        "luma_quality": quality,
    }
