"""From what the model says of a picture to a finding, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from locard.findings import Finding, HeatMap, Measurement
from locard.image.file_facts import FileFacts
from locard_kd_crop.decision import Phases
from locard_kd_crop.evidence_picture import draw_phases
from locard_kd_crop.first_table import FirstTable, first_table
from locard_kd_crop.frame_picture import CORNER, draw_corner

if TYPE_CHECKING:
    from locard import Image
    from locard.image import Header
    from locard_kd_crop.looking import Look
    from locard_registry import Model, Threshold

MODULO_8: Final = (
    "Cuts at the right and at the bottom, and whole blocks of 8 more at the left and at the top, "
    "leave no trace here."
)
FAR: Final = 3.0
"""Ratio of table steps above which an old grid has seldom been found."""

SURE: Final = 0.9
"""Probability of a place from which on the words do not doubt it."""

LEAST_POWER: Final = 0.5
"""Share of off-grid crops that must have been found among files of a kind, or ``not detected``
would mean too little to be said."""

_ANY_SIZE = 1 << 20  # pixels: larger than what any threshold is bound to


def unsuitable(header: Header) -> Finding | None:
    """Return why the method has nothing to say of such a file, or None."""
    if header.format == "WEBP":
        return Finding.not_applicable(
            "webp",
            "WebP has a block grid of its own, of another kind, which the model was never shown.",
        )
    jpeg = header.jpeg
    if jpeg is None:
        return None
    if coding := jpeg.unsupported_coding:
        return Finding.not_applicable(
            "jpeg-coding", f"The coefficients of {coding} JPEG cannot be read."
        )
    if jpeg.colour_space not in ("YCbCr", "grey"):
        return Finding.not_applicable(
            "jpeg-colours",
            f"The JPEG stores its colours as {jpeg.colour_space}; the method looks at the luma of "
            "YCbCr and grey JPEG files.",
        )
    return None


def crop_finding(image: Image, look: Look, model: Model) -> Finding:
    """Return the finding.

    Args:
        image: The picture.
        look: What the model says of it.
        model: The model, for its thresholds.
    """
    measured, phases = _measurements(look, image.header), look.phases
    if phases is None:
        return Finding.inconclusive("nothing-to-see", _explain_empty(look), measurements=measured)
    own = look.table is not None
    file = FileFacts.of(image.header)
    threshold = model.threshold(file, measured)
    first = first_table(look.counts, phases.best, look.table)
    board = draw_phases(phases.probabilities, phases.best, first.fits, first.quality, own=own)
    pictures = {"phase-evidence": board}
    if threshold is not None:
        measured |= _threshold_measurements(threshold)
    if threshold is not None and phases.score >= threshold.value:
        measured |= _first_measurements(first)
        corner = image.pixels[:CORNER, :CORNER]
        pictures["frame"] = draw_corner(corner, phases.grid, own=own)
        words = _explain_detected(phases, first)
        finding = Finding.detected(phases.score, words, reason="moved-grid")
    else:
        finding = _undetected(phases, threshold, model, file)
    heat_map = HeatMap(look.local, cell=look.tiling.side)
    return finding.with_(score=phases.score, map=heat_map, measurements=measured, pictures=pictures)


def _undetected(
    phases: Phases, threshold: Threshold | None, model: Model, file: FileFacts
) -> Finding:
    """Return what a score below the threshold means."""
    lossless = file.kind == "lossless"
    if threshold is None:
        return Finding.inconclusive("not-validated", _explain_unknown(file))
    if lossless and phases.no_grid > phases.uncropped:
        return Finding.inconclusive("no-grid", NO_GRID_WORDS)
    if (threshold.power or 0.0) >= LEAST_POWER:
        words = _explain_none(threshold, threshold.power or 0.0, lossless=lossless)
        return Finding.not_detected(phases.score, words)
    large = replace(file, width=_ANY_SIZE, height=_ANY_SIZE)
    larger = model.threshold(large, {"shorter_side": _ANY_SIZE})
    return Finding.inconclusive(*_explain_powerless(threshold, larger, file))


def _measurements(look: Look, header: Header) -> dict[str, Measurement]:
    table = look.table
    measured: dict[str, Measurement] = {
        "shorter_side": min(header.width, header.height),
        "windows": round(look.windows, 1),
        "mean_luma_step": None if table is None else round(float(table.mean()), 3),
        "tile": look.tiling.side,
    }
    phases = look.phases
    if phases is None:
        return measured
    (x, y), (columns, rows) = phases.grid, phases.cut
    return measured | {
        "probability_cropped": _rounded(1 - phases.uncropped - phases.no_grid),
        "probability_uncropped": _rounded(phases.uncropped),
        "probability_no_grid": _rounded(phases.no_grid),
        "grid_x": x,
        "grid_y": y,
        "offset_probability": _rounded(phases.offset_probability),
        "offset_share": _rounded(phases.offset_share),
        "cut_columns": columns,
        "cut_rows": rows,
    }


def _threshold_measurements(threshold: Threshold) -> dict[str, Measurement]:
    return {
        "threshold": round(threshold.value, 3),
        "threshold_name": threshold.name,
        "power": threshold.power,
    }


def _first_measurements(first: FirstTable) -> dict[str, Measurement]:
    ratio = None if first.step_ratio is None else round(first.step_ratio, 2)
    return {"first_quality": first.quality, "step_ratio": ratio}


def _rounded(probability: float) -> float:
    return round(min(max(probability, 0.0), 1.0), 6)


# --- words -----------------------------------------------------------------------------------

NO_GRID_WORDS: Final = (
    "No JPEG grid shows, neither at the corner nor elsewhere. The picture was never compressed as "
    "JPEG, or was resized, turned or blurred since: then the grid cannot tell whether it was "
    "cropped. Nothing follows from this."
)
_NOTHING_LEFT = (
    "Crops that leave nothing to see: by multiples of 8 at the left and at the top (1 in 64 by "
    "chance, and always with tools that crop without decompressing); of a photograph that was "
    "never compressed before; and those before a re-save that was much coarser."
)


def _explain_detected(phases: Phases, first: FirstTable) -> str:
    (x, y), (columns, rows) = phases.grid, phases.cut
    sentences = [
        "An earlier JPEG compression has left a grid of 8×8 blocks that does not begin at the "
        "upper left corner: the picture was cut since, or shifted."
    ]
    place = f"column {x}, row {y}"
    cut = f"{_counted(columns, 'column')} at the left and {_counted(rows, 'row')} at the top"
    if phases.offset_probability >= SURE:
        sentences.append(f"The old grid begins at {place}: {cut} are missing, modulo 8.")
    else:
        sentences.append(
            f"Where it begins is not certain: {place} is likeliest, with a probability of "
            f"{phases.offset_probability:.0%}; then {cut} are missing, modulo 8."
        )
    sentences += [MODULO_8, _explain_first(first)]
    return " ".join(sentences)


def _explain_first(first: FirstTable) -> str:
    about = f"The first quality was about {first.quality} on the IJG scale"
    ratio = first.step_ratio
    if ratio is None:
        return f"{about}."
    if ratio > FAR:
        return (
            f"{about}. The file was then compressed with steps {ratio:.1f} times as large: above "
            f"{FAR:g} an old grid is seldom seen, so that this finding needs another to support it."
        )
    return f"{about}, and the file's own steps are {ratio:.2g} times that table's."


def _explain_none(threshold: Threshold, power: float, *, lossless: bool) -> str:
    seen = (
        "The JPEG grid that shows begins at the upper left corner: as far as the grid tells, "
        "nothing was cut off at the left and at the top, or multiples of 8."
        if lossless
        else "No grid of an earlier compression shows beside the file's own."
    )
    return (
        f"{seen} Among such files ({threshold.name}) {power:.0%} of the crops off the "
        f"grid were found in the model's validation. {_NOTHING_LEFT}"
    )


def _explain_powerless(
    threshold: Threshold, larger: Threshold | None, file: FileFacts
) -> tuple[str, str]:
    """Return the reason why too few crops are found among such files, and a sentence."""
    share = "not stated" if threshold.power is None else f"{threshold.power:.0%}"
    found = (
        f"of the crops off the grid among such files ({threshold.name}) the share found in the "
        f"model's validation is {share}, below {LEAST_POWER:.0%}: that nothing shows says nothing."
    )
    if larger is not None and (larger.power or 0.0) >= LEAST_POWER:
        return "too-small", f"The picture is small, {file.width}×{file.height} pixels: {found}"
    if file.kind == "JPEG":
        return "coarse-resave", f"The file's own compression hides what was before: {found}"
    return "no-power", f"The model sees too little here: {found}"


def _explain_unknown(file: FileFacts) -> str:
    quality = "" if file.jpeg_quality is None else f", quality about {file.jpeg_quality}"
    return (
        f"The model's card has no threshold for such a file ({file.format}, "
        f"{file.width}×{file.height} pixels{quality}): it was not validated on any like it."
    )


def _explain_empty(look: Look) -> str:
    return (
        f"Of the {look.windows:.0f} windows a phase that can be looked at none tells the phases "
        "apart: the picture is of one colour, or black and white to the ends of the scale. "
        "Nothing follows from this."
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
