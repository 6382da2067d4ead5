"""What the checks of ``frame-metadata`` say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from locard.findings import Finding, Measurement
from locard_traces.frame_checks import Check, Says, Seen, crop_check, size_checks, thumbnail_check
from locard_traces.frame_drawing import draw_place
from locard_traces.frame_sizes import usual_shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from locard.image import Image

CAUTION = "Metadata can be removed or forged, so this does not show that the frame is whole."


def examine_frame(image: Image, min_inset: float, min_correlation: float) -> Finding:
    """Compare a picture with what its metadata say of its frame.

    Args:
        image: The picture.
        min_inset: See :func:`~locard_traces.frame_checks.thumbnail_check`.
        min_correlation: The same.
    """
    seen = thumbnail_check(image, min_inset, min_correlation)
    crop = crop_check(image.metadata)
    checks = [*size_checks(image), *([crop] if crop else []), *([seen.check] if seen else [])]
    if not checks:
        return Finding.not_applicable(
            "no-metadata",
            "The file states no size beside its own, no crop, and has no thumbnail to compare.",
        )
    return judge(checks, _measurements(image, checks), _pictures(image, seen))


def judge(
    checks: Sequence[Check],
    measurements: dict[str, Measurement],
    pictures: dict[str, NDArray[np.uint8]],
) -> Finding:
    """Return what checks say together.

    A stated size that only a cut explains stands, except where the thumbnail shows the whole
    picture: then one of the two is wrong, and which is not known.
    """
    words = " ".join(check.sentence for check in checks)
    rest: dict[str, Any] = {"measurements": measurements, "pictures": pictures}
    thumbnail = next((check for check in checks if check.name == "thumbnail"), None)
    hard = [check for check in checks if check.says is Says.CONTRADICTS]
    unclear = [check for check in checks if check.says is Says.UNCLEAR]
    whole = thumbnail is not None and thumbnail.says is Says.AGREES
    if whole and [check.name for check in hard] == ["exif-size"]:
        words = f"{words} These two contradict each other."
        return Finding.inconclusive("size-against-thumbnail", words, **rest)
    if hard:
        strongest = thumbnail if thumbnail in hard else max(hard, key=lambda check: check.missing)
        return Finding.detected(round(strongest.missing, 4), words, **rest)
    if unclear:
        return Finding.inconclusive(unclear[0].reason, words, **rest)
    score = round(thumbnail.missing, 4) if thumbnail is not None else 0.0
    return Finding.not_detected(score, f"{words} {CAUTION}", **rest)


def _measurements(image: Image, checks: Sequence[Check]) -> dict[str, Measurement]:
    stored = (image.width, image.height)
    software = image.metadata.exif.get("Software")
    found: dict[str, Measurement] = {
        "checks": {check.name: check.says.value for check in checks},
        "shape": round(max(stored) / min(stored), 4),
        "usual_shape": usual_shape(stored),
        "whole_blocks": _whole_blocks(image),
        "software": software if isinstance(software, str) else None,
    }
    for check in checks:
        found |= check.measurements
    return found


def _whole_blocks(image: Image) -> bool | None:
    """Return whether a JPEG's sides are multiples of its MCUs; None for other formats."""
    if image.jpeg is None:
        return None
    components = image.jpeg.components
    across = 8 * max(component.horizontal for component in components)
    down = 8 * max(component.vertical for component in components)
    return image.width % across == 0 and image.height % down == 0


def _pictures(image: Image, seen: Seen | None) -> dict[str, NDArray[np.uint8]]:
    if seen is None or seen.thumbnail is None or seen.comparison is None:
        return {}
    if seen.check.says is Says.AGREES:
        return {}
    found = seen.comparison
    return {
        "thumbnail": draw_place(seen.thumbnail.pixels, image.pixels, found.corners, found.turns)
    }
