"""What a calibration says of itself, in words for terminals and reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locard.calibration.calibration import Calibration


def description(calibration: Calibration) -> Iterator[str]:
    """Yield lines: method, data, hypotheses, what is in no figure, hash."""
    detector, dataset = calibration.detector, calibration.dataset
    models = "".join(f", model {model.name} {model.version}" for model in detector.models)
    yield f"Calibration of {detector.plugin} {detector.version}{models}, made {calibration.created}"
    kinds = ", ".join(f"{count} {kind}" for kind, count in dataset.images.items())
    treated = [name for name in dataset.treatments if name != "none"]
    after = f", after {', '.join(treated)}" if treated else ""
    yield f"Data set: {dataset.name} ({dataset.layout}): {kinds}{after}"
    if dataset.leaks is None:
        yield "Whether anything but content tells its classes apart was not checked"
    elif dataset.leaks:
        yield (
            "WARNING: its classes differ in more than content, so that the ratios may mean nothing "
            f"in case work: {', '.join(dataset.leaks)}"
        )
    yield f"H1: {calibration.hypotheses.h1}"
    yield f"H2: {calibration.hypotheses.h2}"
    for stratum in calibration.strata:
        missing = [f"{count} {kind}" for kind, count in stratum.without_score.items() if count]
        if missing:
            yield f"Without a score, and in no figure ({stratum.name}): {', '.join(missing)}"
    yield f"SHA-256: {calibration.sha256}"
