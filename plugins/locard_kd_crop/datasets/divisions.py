"""Whether data sets divide photographs alike: what one trains on, no other may test on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from locard.errors import LocardError
from locard.text import printable
from locard_kd_crop.datasets.splits import SPLITS
from locard_kd_crop.phase.cache import pictures

_NAMED = 5


def check_divisions(data_sets: Sequence[Path]) -> None:
    """Check that no photograph, camera or scene is in two splits.

    Args:
        data_sets: Folders that ``locard crop dataset build`` made.

    Raises:
        LocardError: One is, or a data set cannot be read.
    """
    splits: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for line in pictures(data_sets, SPLITS):
        for column, name in (("photograph_sha256", "photograph"), ("group", "group")):
            if source := line.get(column):
                names[source] = line.get(name) or source
                splits[source].add(line["split"])
    divided = sorted(names[source] for source, found in splits.items() if len(found) > 1)
    if divided:
        more = [f"and {len(divided) - _NAMED} more"] if len(divided) > _NAMED else []
        raise LocardError(
            "the data sets divide photographs differently: what one trains on, another tests on",
            "Build them with one version of Locard, one seed and the same photographs.",
            details=[*(printable(name) for name in divided[:_NAMED]), *more],
        )
