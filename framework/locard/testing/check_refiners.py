"""Checks of refiners alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from locard.detectors import Refiner
from locard.engine.contract import ContractError, check_refined
from locard.testing.bench import Bench, Examined, input_finding, run
from locard.testing.checks import check, require_none


@check(Refiner)
def score_and_outcome_kept(bench: Bench) -> None:
    """A refiner draws the edges anew; whether something is there was said by the detector."""
    problems = []
    for examined in bench.examined:
        try:
            check_refined(examined.finding, examined.input)
        except ContractError as error:
            problems.append(f"{examined.sample.name}: {error}")
    require_none(problems, "Return finding.with_(map=…, mask=…, regions=…) and nothing else.")


@check(Refiner)
def flat_map_stays_flat(bench: Bench) -> None:
    """Edges of the picture are no evidence: where a map says nothing, its refinement must not."""
    photographs = bench.findings_on(bench.photographs[:2])
    problems = [problem for examined in photographs for problem in _unflattened(bench, examined)]
    require_none(problems, "Return the finding as it is where its map is flat.")


def _unflattened(bench: Bench, examined: Examined) -> Iterator[str]:
    """Yield a line for each flat map that is not flat any more."""
    width, height = examined.size
    for value in (0.0, 0.5, 1.0):
        refined = run(bench.step, examined.image, input_finding(height, width, value)).map
        if refined is not None and np.ptp(refined.values) > _FLAT:
            low, high = refined.values.min(), refined.values.max()
            yield f"{examined.sample.name}: a map of {value:g} became {low:.3g} to {high:.3g}"


_FLAT = 1e-6
"""Rounding of float32 is no structure."""
