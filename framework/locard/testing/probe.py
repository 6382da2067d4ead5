"""The watched process of the conformance kit: ``python -m locard.testing.probe``.

Reads what to do from standard input (see :mod:`locard.testing.probing`), and writes its report to
the file it is told. Python tells an audit hook of every socket that is used through it, and the
hook refuses; native code that opens sockets by itself is not seen.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from locard.detectors import Step
from locard.engine.limits import limited
from locard.engine.plan import limits_for
from locard.findings import Finding
from locard.image import Image
from locard.pipelines import PipelineStep
from locard.testing.bench import input_finding, run
from locard.testing.fingerprint import fingerprint

_EVENTS_ON_SOCKETS = frozenset(
    f"socket.{name}" for name in ("bind", "connect", "sendmsg", "sendto")
)
_EVENTS_ON_NAMES = frozenset(
    f"socket.{name}" for name in ("getaddrinfo", "gethostbyaddr", "gethostbyname", "getnameinfo")
)


@dataclass(slots=True)
class Observations:
    """What the process reports: fields of :class:`locard.testing.probing.ProbeReport`."""

    fingerprints: dict[str, dict[str, str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    network: list[str] = field(default_factory=list)
    pixels: int = 0
    cpu_seconds: float = 0.0
    mebibytes: float | None = None
    measuring_error: str | None = None


def main() -> None:
    """Examine the files that standard input names, and write the report."""
    order = json.load(sys.stdin)
    seen = Observations()
    refuse_network(seen.network)
    step = resolve_name(order["step"])()
    step.load()
    for name in order["files"]:
        _examine(step, Path(name), seen)
    _measure(step, Path(order["large"]), seen)
    Path(order["report"]).write_text(json.dumps(asdict(seen)))


def refuse_network(attempts: list[str]) -> None:
    """Refuse, from now on and for good, every use of a network that Python knows of.

    Args:
        attempts: Where each attempt is noted.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS_ON_SOCKETS:
            target = arguments[1]
            if not isinstance(target, tuple):
                return  # a socket of the machine itself (AF_UNIX) has a path for an address
        elif event in _EVENTS_ON_NAMES:
            target = arguments[0]
        else:
            return
        attempts.append(f"{event} {target}")
        raise PermissionError("a step must not use a network")

    sys.addaudithook(hook)


def _examine(step: Step, path: Path, seen: Observations) -> None:
    image, given = _opened(path)
    try:
        seen.fingerprints[path.name] = fingerprint(run(step, image, given))
    except Exception as error:  # noqa: BLE001  whatever a plugin may raise
        seen.errors.append(f"{path.name}: {type(error).__name__}: {error}")


def _measure(step: Step, path: Path, seen: Observations) -> None:
    """Measure one examination; compilation and first use were paid for by the files before."""
    image, given = _opened(path)
    if step.needs.unmet(image.header) is not None:
        return
    # Decoding is shared between steps and is no step's own time.
    _ = (image.pixels, image.luma)
    if step.needs.jpeg or (step.needs.coefficients and image.jpeg is not None):
        _ = image.coefficients
    pixels = image.header.width * image.header.height
    limits = limits_for(PipelineStep(name="probe", plugin=step.name), step.budget, pixels)
    try:
        with limited(limits) as usage:
            started = time.process_time()
            run(step, image, given)
            seen.cpu_seconds = time.process_time() - started
    except Exception as error:  # noqa: BLE001
        seen.measuring_error = f"{type(error).__name__}: {error}"
        return
    seen.mebibytes, seen.pixels = usage.peak_mebibytes, pixels


def _opened(path: Path) -> tuple[Image, Finding]:
    """Return an exhibit, and a finding that a refiner may refine."""
    image = Image.from_bytes(path.read_bytes(), name=str(path))
    return image, input_finding(image.header.height, image.header.width)


if __name__ == "__main__":
    main()
