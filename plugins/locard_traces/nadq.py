"""Non-aligned double compression: what was compressed before on another grid than the file's.

T. Bianchi, A. Piva, "Image forgery localization via block-grained analysis of JPEG artifacts", IEEE
Transactions on Information Forensics and Security 7 (2012), the non-aligned case, known as NADQ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field
from scipy import ndimage

from locard.detectors import Budget, Detector, Needs
from locard.detectors import Parameters as BaseParameters
from locard.findings import Finding, HeatMap
from locard_traces.nadq_shift import BLOCK, Shift, block_evidence, decompress, find_shift

if TYPE_CHECKING:
    from collections.abc import Mapping

    from locard.image import Image

THROUGHOUT = 0.5
"""Share of the blocks above which the earlier compression is the picture's own."""

_POINTS = {
    False: "The map points at those blocks.",
    True: "The picture as such seems to have been cropped and saved again; the map points at "
    "blocks without that trace.",
}


class Parameters(BaseParameters):
    """Parameters of ``nadq``."""

    min_lead: float = Field(
        6.0,
        gt=0,
        description="how far the likelihood of the best grid must be above that of the next best "
        "one, in natural logarithms, for an earlier compression to count as seen",
    )
    smoothing: float = Field(
        2.0,
        ge=0,
        le=8,
        description="standard deviation, in blocks of 8 pixels, of the Gaussian that averages the "
        "evidence of neighbouring blocks; 0 for none",
    )


class Nadq(Detector):
    """Shows parts of a JPEG that were, or were not, compressed before on another grid."""

    name = "nadq"
    version = "1"
    summary = "Parts of a JPEG compressed before on a shifted grid; shows, does not decide"
    method = (
        "The picture is decompressed, and the mean of each 8×8 window taken on each of the 63 "
        "grids other than the file's. On the grid of an earlier compression these DC coefficients "
        "gather around multiples of its quantisation step. The share of blocks that do is fitted "
        "by expectation maximisation for each grid and step, the likeliest is chosen, and each "
        "block of that grid weighed. After Bianchi and Piva, IEEE Transactions on Information "
        "Forensics and Security 7 (2012), non-aligned double compression."
    )
    limits = (
        "Sees an earlier compression only if its grid was shifted and its DC step is no less than "
        "about half of the file's, so not one that was finer than the last. A part pasted in needs "
        "some hundreds of blocks to be seen. A photograph that was cropped and saved again shows "
        "the trace throughout, which is common and innocent. Resizing, blur and noise in between "
        "remove it. Smooth blocks carry no evidence, one DC coefficient a block carries little: "
        "the map is coarse."
    )
    score_meaning = (
        "How far the likelihood of the best shifted grid lies above that of the next best one, in "
        "natural logarithms: evidence of an earlier compression, of all or a part of the picture, "
        "not of tampering. 0 where nothing could be looked for."
    )
    glossary: ClassVar[Mapping[str, str]] = {
        "grid": "Column and row, modulo 8, in which blocks of the earlier compression begin; null "
        "where none was seen.",
        "first_step": "Quantisation step of its DC coefficient.",
        "last_step": "Quantisation step of the file's DC coefficient.",
        "compressed_share": "Share of the blocks that were compressed on that grid, as fitted.",
        "gain": "Logarithm of the likelihood with that compression over without it.",
        "lead": "The same over the next best grid.",
    }
    gives_verdict = False
    Parameters = Parameters
    needs = Needs(jpeg=True, min_side=32)
    budget = Budget(
        seconds=1.0, seconds_per_megapixel=1.0, mebibytes=60, mebibytes_per_megapixel=60
    )

    def examine(self, image: Image) -> Finding:
        """Look for the grid of an earlier compression, and weigh its blocks."""
        assert image.jpeg is not None  # noqa: S101  declared in needs
        table = image.jpeg.table(0)
        rows, columns = -(-image.height // BLOCK), -(-image.width // BLOCK)
        luma = decompress(image.coefficients[0][:rows, :columns], table)
        luma = luma[: image.height, : image.width]
        last_step = int(table[0, 0])
        shift = find_shift(luma, last_step)
        if shift is None:
            return Finding.inconclusive(
                "nothing-to-look-at",
                f"The picture has no detail, or its last compression (DC step {last_step}) is too "
                "strong to leave a trace of an earlier one.",
                score=0.0,
                measurements={"last_step": last_step},
            )
        seen = shift.lead >= self.parameters.min_lead
        measurements = _measurements(shift, last_step, seen)
        if not seen:
            return Finding.inconclusive(
                "no-shifted-grid",
                "None of the 63 shifted grids stands out: there is no trace of an earlier "
                "compression on another grid by which one part could be told from another.",
                score=max(shift.lead, 0.0),
                measurements=measurements,
            )
        evidence, _ = block_evidence(luma, shift, last_step)
        throughout = shift.share > THROUGHOUT
        suspicious = -evidence if throughout else evidence
        smoothed = ndimage.gaussian_filter(suspicious, self.parameters.smoothing)
        values = (1 / (1 + np.exp(-np.clip(smoothed, -50, 50)))).astype(np.float32)
        return Finding.inconclusive(
            "grid-throughout" if throughout else "grid-in-part",
            f"About {100 * shift.share:.0f} % of the blocks were compressed before, on a grid that "
            f"begins at ({shift.x}, {shift.y}). {_POINTS[throughout]} This is where to look, not "
            "what happened: the method gives no verdict.",
            score=shift.lead,
            map=HeatMap(values, cell=BLOCK, origin=(shift.x, shift.y)),
            measurements=measurements,
        )


def _measurements(
    shift: Shift, last_step: int, seen: bool
) -> dict[str, int | float | list[int] | None]:
    return {
        "grid": [shift.x, shift.y] if seen else None,
        "first_step": shift.first_step if seen else None,
        "last_step": last_step,
        "compressed_share": round(shift.share, 4) if seen else None,
        "gain": round(shift.gain, 2),
        "lead": round(shift.lead, 2),
    }
