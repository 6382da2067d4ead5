"""Bootstrap intervals and the table of metrics."""

from __future__ import annotations

import pytest

from locard.evaluation.bootstrap import mean_interval
from locard.evaluation.metrics import METRICS
from locard.evaluation.rows import PixelScores, Row
from locard.evaluation.summary import summarise
from locard.outcomes import Outcome


def test_constant_data_has_an_interval_of_no_width_and_none_is_counted() -> None:
    found = mean_interval([0.3] * 9 + [None])
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3, 0.3))
    assert (found.images, found.left_out) == (9, 1)


def test_groups_widen_the_interval_and_one_group_has_none() -> None:
    values = [float(at % 10 < 5) for at in range(100)]
    alone, together = mean_interval(values), mean_interval(values, [str(v) for v in range(10)] * 10)
    assert together.high - together.low > alone.high - alone.low
    assert mean_interval([0.0, 1.0], ["a", "a"]).low is None


def rows() -> list[Row]:
    kinds = ["authentic"] * 4 + ["splice"] * 4 + ["copy-move"] * 2
    return [
        Row(
            sample=f"{at}.png", sha256="", kind=kind, treatment="none", step="s",
            outcome=Outcome.DETECTED if at in (0, 4, 5) else Outcome.NOT_DETECTED,
            score=float(at), log10_lr=at - 4.5, has_map=True,
            pixels=PixelScores(marked=0.1) if at < 4 else PixelScores(f1=0.5, marked=0.2),
        )
        for at, kind in enumerate(kinds)
    ]  # fmt: skip


def test_a_kind_is_held_against_all_authentic_images() -> None:
    found = {part.value: part for part in summarise(rows(), {"s": True}, count=200)}
    assert list(found["all"].metrics) == list(METRICS)
    splice = found["splice"].metrics
    assert (splice["sensitivity"].value, splice["false_positive_rate"].value) == (0.5, None)
    assert splice["balanced_accuracy"].value == pytest.approx((0.5 + 0.75) / 2)
    assert (splice["image_auc"].value, splice["image_auc"].images) == (1, 8)
    assert splice["answered"].images == 4
    assert found["authentic"].metrics["marked"].value == pytest.approx(0.1)
    assert found["authentic"].metrics["image_auc"].value is None
    assert found["all"].metrics["f1"].images == 6


def test_order_of_rows_changes_nothing_and_doubles_are_refused() -> None:
    assert summarise(rows()[::-1], {"s": True}, count=50) == summarise(
        rows(), {"s": True}, count=50
    )
    with pytest.raises(ValueError, match="two rows"):
        summarise(rows() + rows()[:1], {"s": True})
