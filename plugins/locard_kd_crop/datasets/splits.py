"""Divides photographs into training, validation and test, so that no camera or scene is in two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from locard.evaluation.datasets.building import BuildError
from locard_kd_crop.datasets.photographs import Photograph

TRAIN, VALIDATION, TEST = "train", "val", "test"
SPLITS = (TRAIN, VALIDATION, TEST)

SHARE = 0.15
"""Of cameras, and of scenes whose camera is not known, that validation and test get each."""

ALIKE_BITS = 4
"""Photographs whose fingerprints differ in so many of 64 bits, or in fewer, show one scene."""


def sources(photographs: Sequence[Photograph]) -> dict[str, str]:
    """Return which photographs share a source: a camera, a scene, or scenes of one camera.

    Args:
        photographs: Each once.

    Returns:
        Name of the source by the photograph's SHA-256: its camera, or cameras that photographed
        one scene; else the scene.
    """
    from scipy.cluster.hierarchy import DisjointSet

    sets = DisjointSet(photograph.sha256 for photograph in photographs)
    for one, other in _same(photographs):
        sets.merge(one.sha256, other.sha256)
    by_hash = {photograph.sha256: photograph for photograph in photographs}
    names: dict[str, str] = {}
    for members in sets.subsets():
        cameras = sorted({by_hash[sha256].camera for sha256 in members} - {""})
        name = " + ".join(cameras) or f"scene {min(members)[:12]}"
        names.update(dict.fromkeys(members, name))
    return names


def _same(photographs: Sequence[Photograph]) -> Iterator[tuple[Photograph, Photograph]]:
    """Yield pairs of photographs that share a camera or a scene; a burst shares both."""
    first: dict[str, Photograph] = {}
    for photograph in photographs:
        if photograph.camera:
            yield first.setdefault(photograph.camera, photograph), photograph
    prints = np.array([photograph.fingerprint for photograph in photographs], ">u8")
    bits = np.unpackbits(prints.view(np.uint8).reshape(len(prints), 8), axis=1)
    for place, photograph in enumerate(photographs):
        different = np.count_nonzero(bits[place + 1 :] != bits[place], axis=1)
        for further in np.flatnonzero(different <= ALIKE_BITS):
            yield photograph, photographs[place + 1 + int(further)]


def divided(
    photographs: Sequence[Photograph], seed: int, hold_out_cameras: int | None
) -> Mapping[str, str]:
    """Assign each photograph to a split.

    Cameras go to a split as a whole, with all that shares a scene with one of their photographs. So
    do scenes whose camera is not known.

    Args:
        photographs: Each once.
        seed: Of the division.
        hold_out_cameras: How many cameras the test has for itself; None for :data:`SHARE`.

    Returns:
        The split by the photograph's SHA-256.

    Raises:
        BuildError: There are too few cameras to hold out so many.
    """
    names = sources(photographs)
    known = sorted({names[one.sha256] for one in photographs if one.camera})
    unknown = sorted(set(names.values()) - set(known))
    if hold_out_cameras is not None and hold_out_cameras + 2 > len(known):
        raise BuildError(
            f"{hold_out_cameras} cameras cannot be kept for the test: EXIF tells {len(known)} "
            "apart, and training and validation need one each",
            "Hold out fewer cameras, or add photographs of others.",
        )
    random = np.random.default_rng([seed, 2])
    splits = _dealt(known, random, hold_out_cameras) | _dealt(unknown, random, None)
    return {one.sha256: splits[names[one.sha256]] for one in photographs}


def _dealt(names: Sequence[str], random: np.random.Generator, test: int | None) -> dict[str, str]:
    """Deal names to test, validation and training; with fewer than three, all to training."""
    share = 0 if len(names) < len(SPLITS) else max(1, round(SHARE * len(names)))
    for_test = share if test is None else test
    dealt = {}
    for place, index in enumerate(random.permutation(len(names))):
        split = TEST if place < for_test else VALIDATION if place < for_test + share else TRAIN
        dealt[names[index]] = split
    return dealt
