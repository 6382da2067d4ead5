"""Checks of refiners alone."""

from __future__ import annotations

import numpy as np

from locard.detectors import Refiner
from locard.testing.bench import Bench, input_finding, run
from locard.testing.checks import NotApplicable, check, require_none


@check
def score_and_outcome_kept(bench: Bench) -> None:
    """A refiner draws the edges anew; whether something is there was said by the detector."""
    _refiners_only(bench)
    problems = []
    for reaction, finding in bench.examined:
        for name in ("outcome", "score"):
            before, after = getattr(reaction.input, name), getattr(finding, name)
            if before != after:
                problems.append(f"{reaction.sample.name}: {name} was {before}, became {after}")
    require_none(problems, "Return finding.with_(map=…, mask=…, regions=…) and nothing else.")


@check
def flat_map_stays_flat(bench: Bench) -> None:
    """Edges of the picture are no evidence: where a map says nothing, its refinement must not."""
    _refiners_only(bench)
    problems = []
    for reaction, _ in bench.examined:
        if reaction.image is None or not reaction.sample.name.startswith("photograph"):
            continue
        header = reaction.image.header
        for value in (0.0, 0.5, 1.0):
            flat = input_finding(header.height, header.width, value)
            refined = run(bench.step, reaction.image, flat).map
            if refined is not None and np.ptp(refined.values) > _FLAT:
                low, high = refined.values.min(), refined.values.max()
                problems.append(
                    f"{reaction.sample.name}: a flat map of {value:g} became {low:.3g} to {high:.3g}"
                )
    require_none(problems, "Return the finding as it is where its map is flat.")


_FLAT = 1e-6
"""Rounding of float32 is no structure."""


def _refiners_only(bench: Bench) -> None:
    if not issubclass(bench.step_class, Refiner):
        raise NotApplicable("the step is a detector")
