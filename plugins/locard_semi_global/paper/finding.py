"""From the map of a patch network to a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from locard.findings import Finding, HeatMap, Measurement, Region
from locard.image.file_facts import FileFacts
from locard_semi_global.paper.localising import score_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard import Image
    from locard_registry import Model
    from locard_semi_global.paper.blending import PatchMap

_SMALLEST = 256
"""Fewest pixels of a region."""

_MOST = 20
"""So many regions are listed, the largest first."""


def finding_of(image: Image, found: PatchMap, model: Model) -> Finding:
    """Return the finding; without a threshold for such files it stays inconclusive.

    Args:
        image: The picture.
        found: What the network says of it.
        model: For its thresholds.
    """
    score = score_of(found.values)
    measured: dict[str, Measurement] = {
        "share_above_half": round(float((found.values > 0.5).mean()), 4),
        "patches": int(found.labels.size),
        "spliced_patches": round(float((found.labels > 0.5).mean()), 4),
    }
    threshold = model.threshold(FileFacts.of(image.header), measured)
    if threshold is None:
        words = (
            "The map shows what the network suspects. No threshold was set for such files: what "
            "the score is worth is not known."
        )
        finding = Finding.inconclusive("not-validated", words)
    else:
        measured |= {"threshold": round(threshold.value, 3), "threshold_name": threshold.name}
        if score >= threshold.value:
            mask, regions = _regions(found.values)
            words = (
                "Patches look pasted in, by a score that authentic files of the kind seldom reach."
            )
            finding = Finding.detected(score, words, mask=mask, regions=regions)
        else:
            words = "No patch looks more pasted in than in authentic files of the kind."
            finding = Finding.not_detected(score, words)
    return finding.with_(score=score, map=HeatMap(found.values), measurements=measured)


def _regions(values: NDArray[np.float32]) -> tuple[NDArray[np.bool_], tuple[Region, ...]]:
    """Return where the map is above ½, specks left out, and the boxes of the largest parts."""
    labelled, _ = ndimage.label(values > 0.5)
    sizes = np.bincount(labelled.ravel())
    sizes[0] = 0
    kept = sizes >= _SMALLEST
    order = [int(one) for one in np.argsort(-sizes, kind="stable") if kept[one]][:_MOST]
    boxes = ndimage.find_objects(labelled)
    regions = []
    for number in order:
        rows, columns = boxes[number - 1]
        inside = labelled[rows, columns] == number
        regions.append(
            Region(
                x=columns.start,
                y=rows.start,
                width=columns.stop - columns.start,
                height=rows.stop - rows.start,
                label="suspected by the patches",
                score=round(float(values[rows, columns][inside].mean()), 4),
            )
        )
    return kept[labelled], tuple(regions)
