"""Sentences beside the tables of an evaluation."""

from __future__ import annotations

from types import SimpleNamespace

from locard.evaluation.results import Estimate
from locard.evaluation.wording import scored_images


def results(*scored: tuple[str, int]) -> SimpleNamespace:
    return SimpleNamespace(
        subsets=[
            SimpleNamespace(
                step=step,
                by=by,
                treatment=treatment,
                images=20,
                metrics={"image_auc": Estimate(value=0.7, images=images)},
            )
            for step, images in scored
            for by, treatment in (("all", "none"), ("kind", "none"), ("all", "jpeg-80"))
        ]
    )


def test_steps_that_scored_fewer_images_are_named() -> None:
    words = scored_images(results(("ghost", 20), ("history", 17), ("refined", 9)))
    assert words is not None
    assert "history 17 of 20, refined 9 of 20." in words
    assert "ghost" not in words


def test_nothing_is_said_where_all_images_have_scores_or_none() -> None:
    assert scored_images(results(("ghost", 20), ("ela", 0))) is None
