"""Lines of manifests and answers of models that were made up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from locard_kd_crop.evaluation.answers import Answers
from locard_kd_crop.evaluation.pictures import Pictures
from locard_kd_crop.phase.labels import label_of

PLAIN: Mapping[str, str] = {
    "path": "images/a.jpg",
    "sha256": "0" * 64,
    "kind": "authentic",
    "group": "camera 1",
    "stratum": "C",
    "variant": "camera",
    "tool": "pillow",
    "life": "camera",
    "photograph": "a.jpg",
    "photograph_sha256": "a",
    "first_quality": "90",
    "last_tables": "ijg-90",
    "last_quality": "90",
    "ratio": "0.9-1.15",
    "width": "300",
    "height": "400",
    "grid": "0,0",
}


def line(**facts: str) -> dict[str, str]:
    return {**PLAIN, **facts}


def pictures(*lines: Mapping[str, str]) -> Pictures:
    return Pictures(lines, np.array([label_of(facts) for facts in lines], np.int64))


def many(count: int, groups: int, crops: NDArray[np.bool_], **facts: str) -> Pictures:
    """Return pictures of which some are crops at 3,5, of cameras in turn."""
    return pictures(
        *(
            line(
                sha256=f"{n:064x}",
                group=f"camera {n % groups}",
                photograph_sha256=f"photograph {n % groups}",
                grid="3,5" if crops[n] else "0,0",
                kind="crop" if crops[n] else "authentic",
                **facts,
            )
            for n in range(count)
        )
    )


def answers(scores: NDArray[np.float64] | list[float], phase: int = 43) -> Answers:
    """Return scores with one and the same phase: 43 is that of :func:`many`'s crops."""
    values = np.asarray(scores, np.float64)
    return Answers(values, np.full(values.size, phase, np.int64))
