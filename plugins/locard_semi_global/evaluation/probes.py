"""What a network lives on: figures with one thing taken away from the pictures, or from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from locard.evaluation.rows import UNTREATED
from locard_semi_global.evaluation.figures import ALL_TAMPERED, AUTHENTIC, MARKED
from locard_semi_global.evaluation.results import MethodResult
from locard_semi_global.evaluation.tables import NONE, Table, shown
from locard_semi_global.evidence.groups import GROUPS

if TYPE_CHECKING:
    from locard_semi_global.evaluation.results import SpliceResults

HISTORY: Final = ("dct", "ghost", "grid", "quantisation")
"""Groups that tell of compression."""

CAMERA: Final = ("cfa", "co-occurrence", "correlation", "noise")
"""Groups that tell of sensors, and of what was done to their pixels."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that is taken away.

    Attributes:
        words: What is taken away.
        treatment: Of the pictures; ``none`` for nothing.
        without: Groups of traces that the network does not see.
    """

    words: str
    treatment: str = UNTREATED
    without: tuple[str, ...] = ()


def _rest(kept: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(GROUPS) - set(kept)))


PROBES: Final = (
    Probe("nothing"),
    Probe("header: decoded, stored as PNG, steps estimated", "png"),
    Probe("JPEG history: all of its groups", without=HISTORY),
    Probe("JPEG history: grid moved by a cut of 3 columns and 5 rows", "crop-3-5"),
    Probe("camera: all of its groups", without=CAMERA),
    Probe("camera: saved as JPEG 80", "jpeg-80"),
    Probe("fine detail: Gaussian of 1 px", "blur"),
    Probe("fine detail: noise of 3 levels added", "noise"),
    Probe("colours", "grey"),
    Probe("border of 16 px", "border-16"),
    Probe("border of 32 px", "border-32"),
    Probe("what the picture shows: tiles of 64 px mixed", "tiles-64"),
    Probe("content: its group", without=("content",)),
    Probe("all but content", without=_rest(("content",))),
    *(Probe(f"the group {group}", without=(group,)) for group in GROUPS if group != "content"),
    *(Probe(f"all but {group}", without=_rest((group,))) for group in GROUPS if group != "content"),
)
"""In the order of the table."""


def treatments() -> tuple[str, ...]:
    """Return the treatments that probes need."""
    return tuple(dict.fromkeys(probe.treatment for probe in PROBES))


def taken_out() -> tuple[tuple[str, ...], ...]:
    """Return the sets of groups that probes take out."""
    return tuple(dict.fromkeys(probe.without for probe in PROBES))


def table(results: SpliceResults) -> Table:
    """Return F1 of tampered pictures, and pixels marked in authentic ones, a row a probe.

    Args:
        results: Of an evaluation with :func:`treatments` and :func:`taken_out`, of one version of
            the block-evidence network.
    """
    columns = [
        (one.name, part, figure)
        for one in results.sets
        for part, figure in _parts(tuple(one.kinds))
    ]
    network = next(method.network for method in results.methods if not method.refined)
    rows = []
    for probe in PROBES:
        method = MethodResult(network=network, without=probe.without)
        found = [
            results.find(name, probe.treatment, part, method, figure)
            for name, part, figure in columns
        ]
        cells = [NONE if one is None else shown(one) for one in found]
        rows.append((probe.words, *cells))
    head = ("taken away", *(_words(*column) for column in columns))
    title = f"what {network} lives on: F1 at 0.5, and share of pixels marked in authentic pictures"
    return Table(title, head, tuple(rows))


def _parts(kinds: tuple[str, ...]) -> list[tuple[str, str]]:
    tampered = [kind for kind in kinds if kind != AUTHENTIC]
    parts = [(part, "f1") for part in (tampered if len(tampered) > 1 else [ALL_TAMPERED])]
    return [*(parts if tampered else []), *([(AUTHENTIC, MARKED)] if AUTHENTIC in kinds else [])]


def _words(name: str, part: str, figure: str) -> str:
    return f"{name}, {part}" + (", marked" if figure == MARKED else "")
