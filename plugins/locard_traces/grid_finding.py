"""From what ZERO says of a picture to a finding, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from locard.findings import Finding, HeatMap, Measurement, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard_traces.zero import Grids
    from locard_traces.zero_regions import GridRegion

HALF_SCALE = 10.0
"""Orders of magnitude of the false-alarm bound at which the map reaches ½."""

LONE_GRID = (
    " Either that part came from a JPEG, or the whole picture was cut after a compression and has "
    "lost the grid everywhere else."
)

SHIFTED, FOREIGN, MISSING = "grid-shifted", "foreign-grid", "missing-grid"


def grid_finding(grids: Grids, shape: tuple[int, int], file_format: str) -> Finding:
    """Return the finding that says what the grids show.

    Args:
        grids: From :func:`locard_traces.zero.examine_grids`.
        shape: Height and width of the picture in pixels.
        file_format: The file's format, "JPEG" or another.
    """
    traces = _traces(grids)
    measurements = _measurements(grids, shape, file_format, [name for name, _ in traces])
    if not grids.enough_voters:
        return Finding.inconclusive("flat", _explain_flat(grids, shape), measurements=measurements)
    explanation = _explain(grids, file_format)
    if traces:
        reason, score = traces[0]
        return Finding.detected(
            score,
            explanation,
            reason=reason,
            map=HeatMap(draw_map(grids, shape)),
            mask=_draw_mask(grids, shape),
            regions=_regions(grids),
            measurements=measurements,
        )
    if not grids.has_main:
        reason = "partial-grid" if grids.partial else "no-grid"
        return Finding.inconclusive(reason, explanation, measurements=measurements)
    return Finding.not_detected(
        0.0, explanation, map=HeatMap(draw_map(grids, shape)), measurements=measurements
    )


def draw_map(grids: Grids, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the map: s / (s + 10) within a region whose false-alarm bound is 10^-s, 0 elsewhere.

    Args:
        grids: From :func:`locard_traces.zero.examine_grids`.
        shape: Height and width of the picture in pixels.

    Returns:
        float32, of that shape, in [0, 1).
    """
    values = np.zeros(shape, np.float32)
    for region in _all_regions(grids):
        value = np.float32(-region.log10_nfa / (HALF_SCALE - region.log10_nfa))
        part = values[region.window]
        np.maximum(part, value, out=part, where=region.mask)
    return values


def _draw_mask(grids: Grids, shape: tuple[int, int]) -> NDArray[np.bool_] | None:
    """Return the union of the regions, or None where the trace belongs to the whole picture."""
    regions = _all_regions(grids)
    if not regions:
        return None
    mask = np.zeros(shape, np.bool_)
    for region in regions:
        mask[region.window] |= region.mask
    return mask


def _all_regions(grids: Grids) -> tuple[GridRegion, ...]:
    return grids.foreign + (grids.missing or ())


def _is_shifted(grids: Grids) -> bool:
    return grids.has_main and grids.best.origin != (0, 0)


def _traces(grids: Grids) -> list[tuple[str, float]]:
    """Return the kinds of trace with their scores, strongest first."""
    traces = [(SHIFTED, -grids.best.log10_nfa)] if _is_shifted(grids) else []
    for name, regions in ((FOREIGN, grids.foreign), (MISSING, grids.missing)):
        if regions:
            traces.append((name, -regions[0].log10_nfa))
    return sorted(traces, key=lambda trace: -trace[1])


def _measurements(
    grids: Grids, shape: tuple[int, int], file_format: str, traces: Sequence[str]
) -> dict[str, Measurement]:
    x, y = grids.best.origin if grids.has_main else (None, None)
    columns, rows = grids.best.missing if grids.has_main else (None, None)
    explained_by_file = file_format == "JPEG" and not _is_shifted(grids)
    return {
        "voting_share": round(grids.voters / (shape[0] * shape[1]), 4),
        "grid_x": x,
        "grid_y": y,
        "log10_nfa": round(grids.best.log10_nfa, 2),
        "agreement": round(grids.best.votes / max(grids.voters, 1), 4),
        "cut_columns": columns,
        "cut_rows": rows,
        "compressed_before": True if grids.has_main and not explained_by_file else None,
        "foreign_regions": len(grids.foreign),
        "missing_regions": None if grids.missing is None else len(grids.missing),
        "traces": list(traces),
    }


def _regions(grids: Grids) -> tuple[Region, ...]:
    foreign = [_region(found, f"foreign grid {found.origin}") for found in grids.foreign]
    missing = [_region(found, "missing grid") for found in grids.missing or ()]
    return tuple(foreign + missing)


def _region(found: GridRegion, label: str) -> Region:
    height, width = found.mask.shape
    measurements: dict[str, Measurement] = {
        "log10_nfa": round(found.log10_nfa, 2),
        "votes": found.votes,
    }
    if label != "missing grid":
        measurements["grid_x"], measurements["grid_y"] = found.origin
    return Region(found.x, found.y, width, height, label, -found.log10_nfa, measurements)


# --- words -----------------------------------------------------------------------------------


def _power(log10_nfa: float) -> str:
    return f"10^{math.ceil(log10_nfa)}"


def _explain_flat(grids: Grids, shape: tuple[int, int]) -> str:
    share = grids.voters / (shape[0] * shape[1])
    return (
        f"Only {share:.1%} of the pixels can vote for a grid: the picture is too flat, too regular "
        "or too small to show one. Nothing follows from this."
    )


def _explain(grids: Grids, file_format: str) -> str:
    sentences = [_explain_main(grids, file_format)]
    if grids.foreign:
        sentences.append(_explain_foreign(grids.foreign, has_main=grids.has_main))
    if grids.missing:
        sentences.append(_explain_missing(grids.missing))
    if grids.has_main and not _all_regions(grids):
        sentences.append("No region stands out against this grid.")
    return " ".join(sentences)


def _explain_main(grids: Grids, file_format: str) -> str:
    best = grids.best
    bound = f"(false-alarm bound {_power(best.log10_nfa)})"
    if grids.partial:
        return (
            f"A grid that begins at (0, 0) shows in part of the picture only {bound}. The rest may "
            "have lost it, to noise or retouching, or that part may have been compressed alone: "
            "neither follows."
        )
    if not grids.has_main:
        return _explain_no_grid(file_format)
    if _is_shifted(grids):
        columns, rows = best.missing
        return (
            f"The picture's 8×8 grid begins at {best.origin} {bound}: it was cut by {columns} "
            f"columns at the left and {rows} rows at the top, modulo 8, after JPEG compression."
        )
    if file_format == "JPEG":
        return f"The 8×8 grid begins at (0, 0), where this file's own compression puts it {bound}."
    return (
        f"The 8×8 grid begins at (0, 0) {bound}: the picture was compressed as JPEG before it "
        f"became {file_format}, and was not cut since, or by multiples of 8 pixels at the left and "
        "at the top."
    )


def _explain_no_grid(file_format: str) -> str:
    if file_format == "JPEG":
        return (
            "No JPEG grid stands out over the whole picture, not even this file's own: it was "
            "compressed at a quality that leaves hardly a zero."
        )
    return (
        "No JPEG grid stands out over the whole picture: it was never compressed as JPEG, or has "
        "lost the trace since."
    )


def _explain_foreign(regions: Sequence[GridRegion], *, has_main: bool) -> str:
    strongest = regions[0]
    rest = "differs from the rest" if has_main else "the rest does not have"
    subject = "A region has" if len(regions) == 1 else f"{len(regions)} regions have"
    return (
        f"{subject} a grid that {rest}; {_place(strongest, len(regions))}. That grid begins at "
        f"{strongest.origin}.{'' if has_main else LONE_GRID}"
    )


def _explain_missing(regions: Sequence[GridRegion]) -> str:
    subject = "A region has" if len(regions) == 1 else f"{len(regions)} regions have"
    return f"{subject} no grid, unlike the rest; {_place(regions[0], len(regions))}."


def _place(region: GridRegion, count: int) -> str:
    height, width = region.mask.shape
    which = "it" if count == 1 else "the strongest"
    return (
        f"{which} lies within {width}×{height} pixels at ({region.x}, {region.y}), false-alarm "
        f"bound {_power(region.log10_nfa)}"
    )
