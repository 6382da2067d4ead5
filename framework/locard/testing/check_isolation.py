"""Checks of what a step does to the evidence and to the world around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from locard.detectors import Step
from locard.testing.bench import Bench, Examined, react
from locard.testing.checks import CheckFailed, NotApplicable, check, require, require_none
from locard.testing.fingerprint import array_hash, differing_parts, fingerprint

if TYPE_CHECKING:
    from locard.testing.probing import ProbeReport

TIME_TOLERANCE = 2.0
"""How many times the declared processor time a step may take here: machines differ."""

MEMORY_TOLERANCE = 1.25
"""How many times the declared memory a step may take here."""


@check(Step)
def same_in_a_fresh_process(bench: Bench) -> None:
    """A replay, years later, is another process: nothing may depend on what ran before."""
    report = _probed(bench)
    here = {examined.sample.name: fingerprint(examined.finding) for examined in bench.examined}
    problems = [f"{error} (only there)" for error in report.errors]
    for name, there in report.fingerprints.items():
        if parts := differing_parts(here[name], there):
            problems.append(f"{name}: another {', '.join(parts)} in a fresh process")
    require_none(
        problems,
        "Look for the order of sets, hash(), global state, clocks and unseeded randomness.",
    )


@check(Step)
def needs_respected(bench: Bench) -> None:
    """The plan promises by the declared needs; a step that opens what it did not declare breaks it.

    DCT coefficients are there for JPEG files only, so only a step that declares them may open them.
    """
    needs = bench.step_class.needs
    if needs.jpeg or needs.coefficients:
        raise NotApplicable("the step declares that it reads JPEG coefficients")
    opened = []
    for examined in bench.examined[:4]:
        watched = _watching_image()
        react(bench.step, examined.sample, watched)
        if watched.opened:
            opened.append(f"{examined.sample.name}: opens image.coefficients")
    require_none(opened, "Declare needs = Needs(jpeg=True), or Needs(coefficients=True).")


def _watching_image() -> Any:
    """Return a class of images whose coefficients cannot be read, and which notes who tries."""
    from locard.image import Image

    class WatchingImage(Image):
        opened: ClassVar[bool] = False

        @property
        def coefficients(self) -> Any:
            type(self).opened = True
            raise CheckFailed("image.coefficients opened without being declared")

    return WatchingImage


@check(Step)
def evidence_untouched(bench: Bench) -> None:
    """An exhibit that a method alters is no evidence any more, for this step and all after it."""
    altered = [
        f"{examined.sample.name}: image.{name} was altered"
        for examined in bench.examined
        for name in _altered_parts(examined)
    ]
    altered += [f"{path}: the file was altered" for path in _probed(bench).altered]
    require_none(altered, "Work on a copy: image.pixels.copy().")


def _altered_parts(examined: Examined) -> list[str]:
    """Return what a step altered of the image that it was given."""
    from locard.image import Image

    image, sample = examined.image, examined.sample
    if image.data != sample.data:
        return ["data"]  # of which nothing else need be decodable
    fresh = Image.from_bytes(sample.data, name=sample.name)
    return [
        name
        for name in ("pixels", "luma")
        if array_hash(getattr(image, name)) != array_hash(getattr(fresh, name))
    ]


@check(Step)
def no_files_left(bench: Bench) -> None:
    """What a step leaves on the disk may hold evidence, fills disks, and is nobody's to clean."""
    require_none(
        [f"{path} was left behind" for path in _probed(bench).left],
        "Keep results in the finding; remove temporary files with tempfile's context managers.",
    )


@check(Step)
def no_network(bench: Bench) -> None:
    """Evidence must not leave the building, and an examination must not depend on a server."""
    require_none(
        sorted(set(_probed(bench).network)),
        "Ship what the step needs with its package, or through the model registry.",
    )


@check(Step)
def time_within_budget(bench: Bench) -> None:
    """The engine's limits and the time left on screen are computed from the declared budget."""
    report = _measured(bench)
    declared = bench.step_class.budget.seconds_for(report.pixels)
    require(
        report.cpu_seconds <= declared * TIME_TOLERANCE,
        f"{report.pixels / 1e6:.2f} megapixels took {report.cpu_seconds:.2f} s of processor time; "
        f"declared are {declared:.2f} s (tolerated: {TIME_TOLERANCE:g} times that). "
        "Make it faster, or declare what it takes.",
    )


@check(Step)
def memory_within_budget(bench: Bench) -> None:
    """Workers share a machine's memory by the declared budget; who takes more is killed."""
    report = _measured(bench)
    if report.mebibytes is None:
        raise NotApplicable("this system does not tell how much memory a process took")
    declared = bench.step_class.budget.mebibytes_for(report.pixels)
    require(
        report.mebibytes <= declared * MEMORY_TOLERANCE,
        f"{report.pixels / 1e6:.2f} megapixels took {report.mebibytes:.0f} MiB; declared are "
        f"{declared:.0f} MiB (tolerated: {MEMORY_TOLERANCE:g} times that). "
        "Take less, or declare what it takes.",
    )


def _probed(bench: Bench) -> ProbeReport:
    report = bench.probed
    if report.died is not None:
        raise CheckFailed(f"the step was tried in a process of its own: {report.died}")
    return report


def _measured(bench: Bench) -> ProbeReport:
    report = _probed(bench)
    if report.measuring_error is not None:
        raise CheckFailed(f"the step was tried on a large picture: {report.measuring_error}")
    if not report.pixels:
        raise NotApplicable("the declared needs leave out the kit's large picture")
    return report
