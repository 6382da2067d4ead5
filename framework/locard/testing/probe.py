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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locard.detectors import Step

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
    wall_seconds: float = 0.0
    mebibytes: float | None = None


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
    from locard.image import Image
    from locard.testing.bench import input_finding, run
    from locard.testing.fingerprint import fingerprint

    image = Image.from_bytes(path.read_bytes(), name=str(path))
    given = input_finding(image.header.height, image.header.width)
    try:
        seen.fingerprints[path.name] = fingerprint(run(step, image, given))
    except Exception as error:  # noqa: BLE001  whatever a plugin may raise
        seen.errors.append(f"{path.name}: {type(error).__name__}: {error}")


def _measure(step: Step, path: Path, seen: Observations) -> None:
    """Measure one examination; compilation and first use were paid for by the files before."""
    from locard.image import Image
    from locard.testing.bench import input_finding, run

    image = Image.from_bytes(path.read_bytes(), name=str(path))
    if step.needs.unmet(image.header) is not None:
        return
    given = input_finding(image.header.height, image.header.width)
    # Decoding is shared between steps and is no step's own time.
    _ = (image.pixels, image.luma)
    if step.needs.jpeg:
        _ = image.coefficients
    memory = _Memory()
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        run(step, image, given)
    except Exception as error:  # noqa: BLE001
        seen.errors.append(f"{path.name}: {type(error).__name__}: {error}")
        return
    seen.cpu_seconds, seen.wall_seconds = time.process_time() - cpu, time.perf_counter() - wall
    seen.mebibytes = memory.risen()
    seen.pixels = image.header.width * image.header.height


class _Memory:
    """How far resident memory rises above where it is now (Linux; see proc(5))."""

    def __init__(self) -> None:
        self._before: float | None = None
        try:
            # The highest value so far is of imports and compilation: begin anew.
            Path("/proc/self/clear_refs").write_text("5")
            self._before = self._status("VmRSS")
        except OSError:
            return

    def risen(self) -> float | None:
        """Return the rise in mebibytes, or None where the system does not tell."""
        return None if self._before is None else self._status("VmHWM") - self._before

    @staticmethod
    def _status(key: str) -> float:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 1024
        raise OSError(f"/proc/self/status has no {key}")


if __name__ == "__main__":
    main()
