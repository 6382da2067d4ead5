"""From what the network says of a picture to a finding, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit

from locard.detectors import Unmet
from locard.findings import Finding, HeatMap, Measurement, Region
from locard.image.file_facts import FileFacts
from locard_semi_global.evidence.cells import SIDE
from locard_semi_global.explanation_words import carriers, family_shares, sentence, shares
from locard_semi_global.kind_of_source import source_measurements
from locard_semi_global.tiles import FINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from locard.image import Header
    from locard_registry import Threshold
    from locard_semi_global.evidence.history import Facts
    from locard_semi_global.explanation import Explanation
    from locard_semi_global.regions import Area, Areas

PIXELS: Final = SIDE // FINE
"""Side in pixels of what a value of the map stands for."""

LEAST_POWER: Final = 0.5
"""Share of splices that must have been found among files of a kind, or ``not detected`` would mean
too little to be said."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the network says of a picture.

    Attributes:
        logits: float32, (2 h, 2 w): the map, unrefined, less its cut: marked where above 0.
        score: What it comes to.
        areas: Where it is above 0.
        facts: What the picture says of its last compression.
    """

    logits: NDArray[np.float32]
    score: float
    areas: Areas
    facts: Facts


def splice_finding(
    said: Said,
    header: Header,
    threshold: Threshold | None,
    unlike: Unmet | None,
    explain: Callable[[Area], Explanation | None],
) -> Finding:
    """Return the finding, without its mask: see :func:`with_mask`.

    Args:
        said: By the network.
        header: Of the file.
        threshold: For such a file; None where the model's card has none.
        unlike: Why the model's validation says nothing of such a picture, or None.
        explain: Gives what carries a region, or None where that is not wanted; asked of the
            regions that are shown, the largest first.
    """
    finding = _outcome(said, header, threshold, unlike)
    finding = finding.with_(
        score=said.score,
        map=map_of(said.logits, header.height, header.width),
        measurements=_measurements(said, header, threshold),
    )
    if not _points(finding):
        return finding
    regions = tuple(_region(area, said.logits, header, explain(area)) for area in said.areas.listed)
    words = _explain_regions(said.areas, regions)
    if finding.explanation:
        words = f"{finding.explanation} What the map shows is no finding by itself. {words}"
    return finding.with_(explanation=words, regions=regions)


def with_mask(finding: Finding, areas: Areas, header: Header) -> Finding:
    """Return a finding of :func:`splice_finding` with its mask, a value a pixel, where it has one.

    It comes last, when the evidence is no longer needed: both are large.
    """
    return finding.with_(mask=_at_pixels(areas.mask, header)) if _points(finding) else finding


def _points(finding: Finding) -> bool:
    """Say whether regions are pointed at: not where the score lies below a threshold."""
    return finding.outcome != "not_detected" and finding.reason != "no-power"


def map_of(logits: NDArray[np.float32], height: int, width: int) -> HeatMap:
    """Return the map of probabilities, which covers the picture to less than a cell.

    Args:
        logits: float32, (2 h, 2 w), over the picture's whole blocks.
        height: Of the picture in pixels.
        width: Of the picture in pixels.
    """
    values = np.asarray(expit(logits), np.float32)
    rows, columns = height // PIXELS - len(values), width // PIXELS - values.shape[1]
    return HeatMap(np.pad(values, ((0, rows), (0, columns)), mode="edge"), cell=PIXELS)


def _outcome(
    said: Said, header: Header, threshold: Threshold | None, unlike: Unmet | None
) -> Finding:
    """Return outcome, reason and what is to be said first."""
    if unlike is not None:
        return Finding.inconclusive(unlike.reason, unlike.explanation)
    if threshold is None:
        return Finding.inconclusive("not-validated", _explain_unknown(FileFacts.of(header)))
    if said.score >= threshold.value:
        return Finding.detected(said.score, "", reason="foreign-region")
    if (threshold.power or 0.0) >= LEAST_POWER:
        return Finding.not_detected(said.score, _explain_none(threshold, threshold.power or 0.0))
    return Finding.inconclusive("no-power", _explain_powerless(threshold))


def _measurements(
    said: Said, header: Header, threshold: Threshold | None
) -> dict[str, Measurement]:
    found = source_measurements(header, said.facts)
    found["share_above_half"] = round(float(np.mean(said.areas.mask)), 4)
    if threshold is not None:
        found |= {
            "threshold": round(threshold.value, 3),
            "threshold_name": threshold.name,
            "power": threshold.power,
        }
    return found


def _region(
    area: Area, logits: NDArray[np.float32], header: Header, explanation: Explanation | None
) -> Region:
    rows, columns = area.box
    top, left = PIXELS * rows.start, PIXELS * columns.start
    inside = logits[area.box][area.inside]
    places = area.places
    measured: dict[str, Measurement] = {
        "pixels": places * PIXELS**2,
        "share": round(places / logits.size, 4),
        "mean_probability": round(float(expit(inside).mean(dtype=np.float64)), 4),
    }
    if explanation is not None:
        measured |= _explained(explanation)
    return Region(
        x=left,
        y=top,
        width=min(PIXELS * columns.stop, header.width) - left,
        height=min(PIXELS * rows.stop, header.height) - top,
        label="foreign region" if explanation is None else sentence(explanation),
        score=round(float(inside.mean(dtype=np.float64)), 4),
        measurements=measured,
    )


def _explained(explanation: Explanation) -> dict[str, Measurement]:
    window = explanation.window
    return {
        "contrast": round(explanation.contrast, 3),
        "carried_by": list(carriers(explanation)),
        "lost_without": dict(shares(explanation)),
        "lost_without_all": dict(family_shares(explanation)),
        "looked_at": {
            "x": SIDE * window.left,
            "y": SIDE * window.top,
            "width": SIDE * (window.right - window.left),
            "height": SIDE * (window.bottom - window.top),
        },
    }


def _at_pixels(mask: NDArray[np.bool_], header: Header) -> NDArray[np.bool_]:
    """Return a mask of the map's size at that of the picture; its border is that of its blocks."""
    whole = np.zeros((header.height, header.width), np.bool_)
    fine = mask.repeat(PIXELS, axis=1)
    rows, columns = len(mask) * PIXELS, fine.shape[1]
    for offset in range(PIXELS):
        whole[offset:rows:PIXELS, :columns] = fine
    return whole


# --- words -----------------------------------------------------------------------------------


def _explain_regions(areas: Areas, regions: tuple[Region, ...]) -> str:
    if not regions:
        return (
            "Nowhere do enough blocks stand out together for a region: what raises the score lies "
            "scattered, as the map shows."
        )
    share = float(np.mean(areas.mask))
    largest = regions[0]
    where = f"{largest.width}×{largest.height} pixels at ({largest.x}, {largest.y})"
    alone = len(regions) == 1
    sentences = [
        f"There is a part that does not share the traces of the rest, {share:.1%} of the picture."
        if alone
        else f"There are {len(regions)} parts that do not share the traces of the rest, together "
        f"{share:.1%} of the picture."
    ]
    if "lost_without" not in largest.measurements:
        return f"{sentences[0]} The largest: {where}."
    who = "It" if alone else "The largest"
    sentences.append(
        f"{who}, {where}, {largest.label}; in brackets, how much of what sets it apart is lost "
        "without that trace."
    )
    if "content" in largest.measurements["carried_by"]:  # type: ignore[operator]  # a list
        sentences.append(
            "Brightness, colour and contrast are no traces of a manipulation: as far as they carry "
            "it, the finding needs another to support it."
        )
    return " ".join(sentences)


def _explain_none(threshold: Threshold, power: float) -> str:
    return (
        f"No part stands out from the rest as splices do. Among such files ({threshold.name}) "
        f"{power:.0%} of the spliced pictures were found in the model's validation; small ones, "
        "and those that were saved again or resized since, less often."
    )


def _explain_powerless(threshold: Threshold) -> str:
    share = "not stated" if threshold.power is None else f"{threshold.power:.0%}"
    return (
        f"No part stands out, but of the spliced pictures among such files ({threshold.name}) the "
        f"share found in the model's validation is {share}, below {LEAST_POWER:.0%}: that nothing "
        "shows says nothing."
    )


def _explain_unknown(file: FileFacts) -> str:
    quality = "" if file.jpeg_quality is None else f", quality about {file.jpeg_quality}"
    return (
        f"The model's card has no threshold for such a file ({file.format}, "
        f"{file.width}×{file.height} pixels{quality}): it was not validated on any like it."
    )
