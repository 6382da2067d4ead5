"""How a calibration does on images that it was not made from: what it is worth elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locard.calibration.calibration import Calibration, CalibrationError
from locard.calibration.make import Ratios

if TYPE_CHECKING:
    from locard.calibration.cases import Cases

TOGETHER = "all strata"


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a calibration says of an evaluation's images.

    Attributes:
        ratios: By stratum, and of all together where there are several.
        outside: Images that meet the conditions of no stratum.
        without_score: Images without a score.
        unreadable: Images without a header.
        same_data: Whether these are images that it was fitted to, as far as hash or name of the
            data set tell: then the ratios look better than they are.
    """

    ratios: Mapping[str, Ratios]
    outside: int
    without_score: int
    unreadable: int
    same_data: bool


def apply(calibration: Calibration, cases: Cases, treatment: str = "none") -> Transfer:
    """Return the ratios that a calibration gives the images of an evaluation.

    Args:
        calibration: Of the same method.
        cases: What the evaluation says of that method's step.
        treatment: Which of the evaluation's treatments to take.

    Raises:
        CalibrationError: The evaluation is of another method, or has no such treatment.
    """
    _check_method(calibration, cases)
    if treatment not in cases.results.treatments:
        raise CalibrationError(
            f"the evaluation has no treatment {treatment}",
            f"There are: {', '.join(cases.results.treatments)}.",
        )
    counts: Counter[str] = Counter()
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for case in cases.cases:
        if case.treatment != treatment:
            continue
        if case.file is None:
            counts["unreadable"] += 1
        elif case.score is None:
            counts["without score"] += 1
        elif (stratum := calibration.stratum_for(case.file, {})) is None:
            counts["outside"] += 1
        else:
            ratio = float(stratum.log10_lrs(case.score))
            found[stratum.name].append((ratio, case.tampered))
    order = [stratum.name for stratum in calibration.strata]
    if len(order) > 1:
        found[TOGETHER] = [pair for name in order for pair in found[name]]
        order.append(TOGETHER)
    return Transfer(
        ratios={name: _ratios(found[name]) for name in order if found[name]},
        outside=counts["outside"],
        without_score=counts["without score"],
        unreadable=counts["unreadable"],
        same_data=calibration.dataset.same_as(cases.results.dataset),
    )


def transfer_figures(transfer: Transfer) -> list[dict[str, Any]]:
    """Return a row a stratum: images of each class, Cllr, min Cllr (None without both classes)."""
    from locard.evaluation.metrics.likelihood import cllr, min_cllr

    rows = []
    for name, ratios in transfer.ratios.items():
        values, tampered = ratios.log10_lrs, ratios.tampered
        both = tampered.any() and not tampered.all()
        rows.append(
            {
                "stratum": name,
                "tampered": int(tampered.sum()),
                "authentic": int((~tampered).sum()),
                "cllr": cllr(values, tampered) if both else None,
                "cllr_min": min_cllr(values, tampered) if both else None,
            }
        )
    return rows


def _ratios(found: list[tuple[float, bool]]) -> Ratios:
    values, tampered = zip(*found, strict=True)
    return Ratios(np.array(values, dtype=np.float64), np.array(tampered, dtype=bool))


def _check_method(calibration: Calibration, cases: Cases) -> None:
    step = cases.step
    differences = calibration.differences(
        step.plugin, step.version, step.parameters, [model["sha256"] for model in step.models]
    )
    if differences:
        raise CalibrationError(
            f"the evaluation is of another method than the calibration: {'; '.join(differences)}",
            "Evaluate the method that was calibrated.",
        )
