"""Sentences that the tables of an evaluation need beside them, on whatever they are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locard.evaluation.rows import UNTREATED

if TYPE_CHECKING:
    from locard.evaluation.results import Results

LEAKS_NOT_CHECKED = (
    "The leak check needs five groups of images with each class, and was not made: whether headers "
    "tell the classes apart is not known."
)


def scored_images(results: Results) -> str | None:
    """Say on how many images the image AUC of each step rests; None where it is on all of them.

    A step without a score on an image is left out of its image AUC. Which images those are differs
    between steps, a refining step and its input above all, and so figures of one and the same score
    may differ as well.
    """
    counts = [
        (subset.step, subset.metrics["image_auc"].images, subset.images)
        for subset in results.subsets
        if subset.by == "all" and subset.treatment == UNTREATED and "image_auc" in subset.metrics
    ]
    fewer = [
        f"{step} {scored} of {images}" for step, scored, images in counts if 0 < scored < images
    ]
    if not fewer:
        return None
    return (
        f"Image AUC is over images with a score, which not all have: {', '.join(fewer)}. "
        "Steps that scored different images cannot be compared by it."
    )
