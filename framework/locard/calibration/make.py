"""From the scores of an evaluation to a calibration."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from locard import __version__
from locard.calibration.calibration import (
    Calibration,
    CalibrationError,
    DatasetFacts,
    DetectorFacts,
    Hypotheses,
    ModelFacts,
)
from locard.calibration.fitting import LEAST_IMAGES, Method, Scored, TooFewError, fit
from locard.calibration.strata import By, conditions_of, stratum_of
from locard.calibration.stratum import Stratum
from locard.evaluation.datasets.header_facts import SIZE
from locard.evaluation.rows import UNTREATED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from locard.calibration.cases import Case, Cases


@dataclass(frozen=True, slots=True)
class Ratios:
    """Log-likelihood ratios of images with known answers.

    Attributes:
        log10_lrs: float64, shape (n,).
        tampered: bool, shape (n,): whether H1 is true.
    """

    log10_lrs: NDArray[np.float64]
    tampered: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Made:
    """A new calibration, and what its maker should see of it.

    Attributes:
        calibration: It.
        ratios: By stratum, cross-validated: what its figures and plots are about.
        notes: What was left out and why, and what bounds rest on, a sentence each.
    """

    calibration: Calibration
    ratios: Mapping[str, Ratios]
    notes: tuple[str, ...]


def make(
    cases: Cases,
    *,
    method: Method,
    by: By = "none",
    treatments: Collection[str] = (UNTREATED,),
    least: int = LEAST_IMAGES,
    accept_leaks: bool = False,
) -> Made:
    """Calibrate a step.

    Strata with too few images are left out: exhibits that would be in one get no ratio.

    Args:
        cases: What an evaluation says of the step.
        method: ``logistic`` or ``pav``.
        by: How to divide the images into strata, each with a mapping of its own.
        treatments: Which of the evaluation's treatments to take.
        least: Least number of images of each class and stratum.
        accept_leaks: Go on where something that is no content tells the classes of the data set
            apart. A detector may have answered to that alone; the calibration says so.

    Raises:
        CalibrationError: There are too few images, or the data set leaks; or scikit-learn is not
            installed.
    """
    if unknown := set(treatments) - set(cases.results.treatments):
        raise CalibrationError(
            f"the evaluation has no treatment {', '.join(sorted(unknown))}",
            f"There are: {', '.join(cases.results.treatments)}.",
        )
    leaks = _leaks(cases, treatments)
    if leaks and not accept_leaks:
        raise CalibrationError(
            f"the classes of {cases.results.dataset.name} differ in {', '.join(leaks)}, and the "
            "score may answer to that: its ratios would mislead in case work",
            "Use images whose classes were saved in one way, or a treatment that saves them so "
            "(evaluate with --treat jpeg-80, fit with --treatment jpeg-80). To see the figures all "
            "the same, add --accept-leaks.",
        )
    wanted = [case for case in cases.cases if case.treatment in treatments]
    parts, notes = _parts(wanted, by)
    strata: list[Stratum] = []
    ratios: dict[str, Ratios] = {}
    for name in sorted(parts):
        part = parts[name]
        try:
            stratum, ratios[name] = _stratum(name, part, method, least)
        except TooFewError as error:
            notes.append(f"Stratum {name!r} is left out: {error.message}.")
        else:
            strata.append(stratum)
            notes += _dependent(name, part.files)
    if not strata:
        raise CalibrationError(
            f"{cases.step.name} cannot be calibrated on {cases.results.dataset.name}: "
            + " ".join(notes or ["there is no image with a known answer."]),
            "Use a larger data set, or divide it into fewer strata.",
        )
    used = [case for stratum in strata for case in parts[stratum.name].files]
    calibration = Calibration.sealed(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        locard=__version__,
        detector=_detector(cases),
        dataset=_dataset(cases, treatments, used, leaks),
        hypotheses=_hypotheses(cases, used),
        strata=strata,
    )
    return Made(calibration, ratios, tuple(notes))


@dataclass(slots=True)
class _Part:
    """The images of one stratum: those with a score, and how many have none."""

    files: list[Case]
    without_score: Counter[str]


def _parts(cases: Iterable[Case], by: By) -> tuple[dict[str, _Part], list[str]]:
    """Divide images into strata; say what fits into none."""
    name_of = stratum_of(by)
    parts: dict[str, _Part] = defaultdict(lambda: _Part([], Counter()))
    unreadable = untold = 0
    for case in cases:
        if case.file is None:
            unreadable += 1
        elif case.file.kind == "JPEG" and case.file.jpeg_quality is None:
            untold += 1
        elif case.score is None:
            part = parts[name_of(case.file)]
            part.without_score["tampered" if case.tampered else "authentic"] += 1
        else:
            parts[name_of(case.file)].files.append(case)
    notes = []
    if unreadable:
        notes.append(f"{unreadable} files that cannot be read are left out.")
    if untold:
        notes.append(f"{untold} JPEG files without quantisation tables are left out.")
    return dict(parts), notes


def _stratum(name: str, part: _Part, method: Method, least: int) -> tuple[Stratum, Ratios]:
    data = scored(part.files)
    found = fit(method, data, least)
    stratum = Stratum(
        name=name,
        conditions=conditions_of([case.file for case in part.files if case.file is not None]),
        tampered=int(data.tampered.sum()),
        authentic=int((~data.tampered).sum()),
        without_score=dict(part.without_score),
        mapping=found.mapping,
        bounds=found.bounds,
        performance=found.performance,
    )
    return stratum, Ratios(found.log10_lrs, data.tampered)


def _dependent(name: str, cases: Sequence[Case]) -> Iterator[str]:
    """Say where images share sources: the bounds (ELUB) take them as independent."""
    for words, those in (
        ("tampered", [case for case in cases if case.tampered]),
        ("authentic", [case for case in cases if not case.tampered]),
    ):
        sources = len({case.group for case in those})
        if sources < len(those):
            yield (
                f"Stratum {name!r}: {len(those)} {words} images come from {sources} sources, and "
                "the bounds count images: so few sources support less."
            )


def scored(cases: Sequence[Case]) -> Scored:
    """Return images as arrays; all must have a score."""
    return Scored(
        np.array([case.score for case in cases], dtype=np.float64),
        np.array([case.tampered for case in cases], dtype=bool),
        np.array([case.group for case in cases], dtype=np.str_),
    )


def _detector(cases: Cases) -> DetectorFacts:
    step = cases.step
    return DetectorFacts(
        plugin=step.plugin,
        version=step.version,
        parameters=step.parameters,
        models=tuple(
            ModelFacts(name=m["name"], version=m["version"], sha256=m["sha256"])
            for m in step.models
        ),
    )


def _leaks(cases: Cases, treatments: Collection[str]) -> tuple[str, ...] | None:
    """Return what leaks; None where it is not known: not checked, or of images all treated.

    A treatment saves both classes in one way, but leaves a picture the larger of two.
    """
    if not cases.results.leaks:
        return None
    leaks = tuple(finding.feature for finding in cases.results.leaks if finding.leaks)
    if UNTREATED in treatments:
        return leaks
    return (SIZE,) if SIZE in leaks else None


def _dataset(
    cases: Cases,
    treatments: Collection[str],
    used: Sequence[Case],
    leaks: tuple[str, ...] | None,
) -> DatasetFacts:
    dataset = cases.results.dataset
    return DatasetFacts(
        name=dataset.name,
        layout=dataset.layout,
        sha256=dataset.sha256,
        treatments=tuple(t for t in cases.results.treatments if t in treatments),
        images=dict(sorted(Counter(case.kind for case in used).items())),
        leaks=leaks,
    )


def _hypotheses(cases: Cases, used: Sequence[Case]) -> Hypotheses:
    """Say what is compared: images like those of the data set, which is all that was measured."""
    name = cases.results.dataset.name
    kinds = ", ".join(sorted({case.kind for case in used if case.tampered}))
    return Hypotheses(
        h1=f"the image was tampered with like the tampered images of {name} ({kinds})",
        h2=f"the image is authentic like the authentic images of {name}",
    )
