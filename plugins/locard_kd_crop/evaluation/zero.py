"""The votes of ZERO as a baseline: what the detector ``jpeg-grid`` goes by, without its regions.

Nikoukhah et al., IPOL 11 (2021), doi:10.5201/ipol.2021.390. The logit of a phase is −ln NFA of its
votes, that of no grid is 0: a number of false alarms of one. After a JPEG compression the new grid
has nearly all votes, so that little can be seen beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from locard_kd_crop.evaluation.models import EVIDENCE_MACS, Advance, Costs, one_by_one
from locard_kd_crop.phase.labels import CLASSES
from locard_kd_crop.phase.windows import PHASES
from locard_traces.zero_nfa import log10_nfa, log10_tests
from locard_traces.zero_votes import luma_of, vote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.image import Image
    from locard_kd_crop.phase.samples import Samples

NAME: Final = "ZERO's votes"


class ZeroVotes:
    """ZERO's votes as a model; it has no parameters."""

    name = NAME
    key = "zero-votes-1"
    costs = Costs(parameters=0, macs=None, evidence_macs=EVIDENCE_MACS, bytes=0)

    def logits(self, samples: Samples, advance: Advance) -> NDArray[np.float32]:
        """Return logits: float32, (n, 65)."""
        return one_by_one(self, samples, advance)

    def examine(self, image: Image) -> NDArray[np.float64]:
        """Return the logits of one picture: float64, (1, 65)."""
        votes = vote(luma_of(image.pixels))
        height, width = votes.shape
        tests = log10_tests(width, height)
        counts = np.bincount(votes.view(np.uint8).ravel(), minlength=PHASES)[:PHASES]
        found = np.zeros((1, CLASSES))
        for phase, agree in enumerate(counts.tolist()):
            found[0, phase] = -np.log(10) * log10_nfa(agree, width * height, tests)
        return found
