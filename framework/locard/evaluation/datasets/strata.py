"""Divides a data set into the subsets whose figures stand beside each other in a table."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from locard.evaluation.datasets.base import HISTORY, NEVER_COMPRESSED

if TYPE_CHECKING:
    from locard.evaluation.datasets.base import Sample
    from locard.image import Header

WAYS = frozenset({"all", "kind", "source", "size", "share"})
"""Ways to divide every data set; no fact of a data set may be named like one."""

MAX_VALUES = 12
"""A fact with more values than this does not divide a data set: it names its images."""

MIN_IMAGES = 4
"""So does one whose values have, on average, fewer images than this."""

_QUALITIES = (70, 80, 90, 95)
_JPEG = ("JPEG below 70", "JPEG 70-79", "JPEG 80-89", "JPEG 90-94", "JPEG 95-100")
_MEGAPIXELS = (0.5, 2.0, 8.0)
_SIZES = ("below 0.5 MP", "0.5-2 MP", "2-8 MP", "8 MP and more")
_SHARES = (0.02, 0.1, 0.3)
_SHARE_NAMES = ("below 2 %", "2-10 %", "10-30 %", "30 % and more")
_PLACES = {name: place for place, name in enumerate((*_JPEG, *_SIZES, *_SHARE_NAMES))}


def subsets_of(
    sample: Sample,
    header: Header,
    share: float | None,
    dividing: Collection[str] | None = None,
) -> dict[str, str]:
    """Return which part of each division a sample belongs to.

    Args:
        sample: The sample.
        header: Of its image, as the data set has it (before any treatment).
        share: Share of its pixels that are tampered, 0 to 1; None where the truth is not known.
        dividing: Names of the facts that divide the data set (:func:`dividing_facts`); None for
            all of the sample's facts.

    Returns:
        Values of ``kind``, ``source``, ``size``, of ``share`` for a tampered image whose truth is
        known, and of the sample's own facts.
    """
    subsets = {"kind": sample.kind, "source": source_of(sample, header), "size": size_of(header)}
    if sample.tampered and share is not None:
        subsets["share"] = _SHARE_NAMES[bisect_right(_SHARES, share)]
    facts = sample.facts if dividing is None else sample.facts.keys() & dividing
    subsets.update({name: sample.facts[name] for name in sorted(facts)})
    return subsets


def source_of(sample: Sample, header: Header) -> str:
    """Return what kind of file an image is.

    ``never compressed`` is said only where the data set says so: a lossless file may hold a picture
    that was a JPEG before. JPEG files are divided by the IJG quality whose tables are nearest, for
    the strength of the compression matters to detectors, whoever made the tables.
    """
    if sample.facts.get(HISTORY) == NEVER_COMPRESSED:
        return NEVER_COMPRESSED
    if header.jpeg is not None:
        quality = header.jpeg.quality
        return "JPEG" if quality is None else quality_band(quality.value)
    return "WebP" if header.format == "WEBP" else "lossless file"


def size_of(header: Header) -> str:
    """Return the band of megapixels that a picture is in."""
    return size_band(header.width * header.height / 1e6)


def quality_band(quality: int) -> str:
    """Return the band of IJG qualities that a quality is in."""
    return _JPEG[bisect_right(_QUALITIES, quality)]


def size_band(megapixels: float) -> str:
    """Return the band of sizes that so many megapixels are in."""
    return _SIZES[bisect_right(_MEGAPIXELS, megapixels)]


def in_order(value: str) -> tuple[int, str]:
    """Return what sorts the parts of a division: bands from low to high, the rest by name after."""
    return _PLACES.get(value, len(_PLACES)), value


def dividing_facts(samples: Iterable[Sample]) -> frozenset[str]:
    """Return names of the facts that divide a data set.

    They have 2 to 12 values, and on average at least 4 images a value.
    """
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for sample in samples:
        for name, value in sample.facts.items():
            values[name][value] += 1
    return frozenset(
        name
        for name, found in values.items()
        if 2 <= len(found) <= MAX_VALUES and found.total() >= MIN_IMAGES * len(found)
    )
