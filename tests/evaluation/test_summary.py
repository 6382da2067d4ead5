"""Bootstrap intervals and the table of metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn import metrics as oracle

from locard.evaluation.metrics import METRICS
from locard.evaluation.metrics.bootstrap import interval, mean_interval, means
from locard.evaluation.metrics.image import verdict_scores
from locard.evaluation.metrics.likelihood import cllr, costs
from locard.evaluation.metrics.pixel import CURVE
from locard.evaluation.metrics.ranking import Ranking
from locard.evaluation.metrics.summary import summarise
from locard.evaluation.rows import PixelScores, Row
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


# --- the bootstrap against scipy's ---------------------------------------------------------------


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    tampered = np.arange(120) < 50
    return random.normal(tampered * 1.2), tampered


def test_interval_of_the_auc_is_that_of_scipy(scored: tuple[np.ndarray, np.ndarray]) -> None:
    scores, tampered = scored
    ranking = Ranking.of(scores, tampered)
    found = interval(lambda weights: ranking.scores(weights)[:, 0], np.ones(120, np.bool_))
    expected = bootstrap(
        (scores, tampered), lambda s, t: oracle.roc_auc_score(t, s), paired=True, vectorized=False,
        n_resamples=2000, method="percentile", rng=1,
    ).confidence_interval  # fmt: skip
    assert found.value == pytest.approx(oracle.roc_auc_score(tampered, scores))
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.01)


def test_interval_of_the_cllr_is_that_of_scipy(scored: tuple[np.ndarray, np.ndarray]) -> None:
    ratios, tampered = scored
    paid = costs(ratios, tampered)
    columns = np.where(np.stack([tampered, ~tampered], axis=1), paid[:, None], np.nan)
    found = interval(lambda weights: means(weights, columns).mean(axis=1), np.ones(120, np.bool_))
    expected = bootstrap(
        (ratios, tampered), lambda r, t: cllr(r, t > 0), paired=True, vectorized=False,
        n_resamples=2000, method="percentile", rng=1,
    ).confidence_interval  # fmt: skip
    assert found.value == pytest.approx(cllr(ratios, tampered))
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.02)


def test_where_most_resamples_lack_a_class_there_is_no_interval() -> None:
    one = np.array([np.nan] * 9 + [1.0])
    found = interval(lambda weights: np.where(weights[:, 9] > 1, 1.0, np.nan), ~np.isnan(one))
    assert (found.low, found.high) == (None, None)


# --- the table -----------------------------------------------------------------------------------


def of_all(rows: list[Row], gives_verdict: bool = True):
    return summarise(rows, {"s": gives_verdict}, count=200)[0]


def test_a_misleading_infinite_ratio_makes_the_cllr_infinite_and_says_so() -> None:
    misled = [
        replace(row, log10_lr=float("inf")) if row.kind == "authentic" else row for row in rows()
    ]
    found = of_all(misled).metrics
    assert (found["cllr"].value, found["cllr"].infinite, found["cllr"].images) == (None, True, 10)
    assert (found["cllr"].high, found["calibration_loss"].infinite) == (None, True)
    assert found["min_cllr"].value == pytest.approx(1.0)
    one = [replace(row, log10_lr=float("inf")) if at == 0 else row for at, row in enumerate(rows())]
    some = of_all(one).metrics["cllr"]
    # A third of the resamples lacks that image.
    assert some.infinite
    assert some.low is not None
    assert some.high is None
    right = [replace(row, log10_lr=float("inf")) if row.tampered else row for row in rows()]
    assert of_all(right).metrics["cllr"].value == pytest.approx(
        np.mean([np.log2(1 + 10 ** (at - 4.5)) for at in range(4)]) / 2
    )


def test_images_without_likelihood_ratio_are_left_out_in_silence() -> None:
    some = [
        replace(row, log10_lr=None) if at in (1, 5, 9) else row for at, row in enumerate(rows())
    ]
    found = of_all(some).metrics
    known = np.array([at for at in range(10) if at not in (1, 5, 9)])
    assert found["cllr"].value == pytest.approx(cllr(known - 4.5, known >= 4))
    assert found["cllr"].images == 7
    none = of_all([replace(row, log10_lr=None) for row in rows()]).metrics
    for name in ("cllr", "min_cllr", "calibration_loss"):
        assert none[name].value is None
        assert (none[name].images, none[name].infinite) == (0, False)


def test_a_step_that_decides_nothing_has_no_figures_of_verdicts() -> None:
    found = of_all(rows(), gives_verdict=False)
    for name in ("sensitivity", "false_positive_rate", "balanced_accuracy", "answered"):
        assert (found.metrics[name].value, found.metrics[name].images) == (None, 0)
    assert found.metrics["f1"].value == 0.5
    assert found.outcomes["detected"] == 3
    with pytest.raises(ValueError, match="give a verdict: s"):
        summarise(rows(), {})


def test_verdicts_are_those_of_the_outcomes() -> None:
    every = [replace(row, outcome=list(Outcome)[at % 5]) for at, row in enumerate(rows())]
    expected = verdict_scores([row.outcome for row in every], [row.tampered for row in every])
    found = of_all(every).metrics
    for name in ("sensitivity", "false_positive_rate", "balanced_accuracy", "answered"):
        assert found[name].value == pytest.approx(getattr(expected, name))


def test_what_has_no_map_or_no_truth_is_counted() -> None:
    some = rows()
    some[4] = replace(some[4], has_map=False, pixels=PixelScores(f1=0.0))
    some[5] = replace(some[5], pixels=None)
    found = of_all(some)
    assert (found.without_map, found.without_truth) == (1, 1)
    assert (found.metrics["f1"].images, found.metrics["f1"].value) == (5, pytest.approx(0.4))
    assert found.metrics["sensitivity"].images == 6


def test_a_figure_that_never_varies_has_bounds_at_the_ends_of_its_scale_alone() -> None:
    def f1(value: float):
        same = [replace(row, pixels=PixelScores(f1=value, mcc=0.0)) for row in rows()]
        return of_all(same).metrics

    assert f1(0.0)["f1"].high == pytest.approx(1 - 0.025 ** (1 / 6))
    assert f1(1.0)["f1"].low == pytest.approx(0.025 ** (1 / 6))
    assert (f1(0.5)["f1"].value, f1(0.5)["f1"].low) == (0.5, None)
    assert (f1(0.5)["mcc"].value, f1(0.5)["mcc"].low) == (0, None)


def test_curves_are_the_mean_f1_and_the_roc() -> None:
    some = rows()
    for at, level in ((4, 0.2), (5, 0.6)):
        some[at] = replace(some[at], pixels=PixelScores(f1=level, f1_curve=(level,) * len(CURVE)))
    f1, roc = of_all(some).curves
    assert (f1.name, f1.x, f1.y) == ("f1", CURVE, pytest.approx((0.4,) * 21))
    assert (roc.name, roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == ("roc", 0, 0, 1, 1)
    many = [replace(some[at % 10], sample=f"{at}", score=at * 0.37 % 1) for at in range(900)]
    thinned = of_all(many).curves[1]
    assert len(thinned.x) == 201
    assert np.all(np.diff(thinned.x) >= 0)


def test_treatments_and_steps_stand_for_themselves() -> None:
    def changed(**to: object) -> list[Row]:
        return [replace(row, **to) for row in rows()]

    every = rows() + changed(treatment="png") + changed(step="t", outcome=Outcome.DETECTED)
    found = summarise(every, {"s": True, "t": True}, count=100)
    assert list(dict.fromkeys((part.treatment, part.step) for part in found)) == [
        ("none", "s"), ("none", "t"), ("png", "s"),
    ]  # fmt: skip
    alone = summarise(rows(), {"s": True}, count=100)
    assert found[: len(alone)] == alone
    assert found[len(alone)].metrics["false_positive_rate"].value == 1


def test_parts_are_measured_on_their_own_images() -> None:
    some = [replace(row, subsets={"size": str(at % 2)}) for at, row in enumerate(rows())]
    parts = {
        part.value: part for part in summarise(some, {"s": True}, count=100) if part.by == "size"
    }
    assert [parts[value].images for value in "01"] == [5, 5]
    assert parts["0"].metrics["false_positive_rate"].value == 0.5
    assert parts["1"].metrics["false_positive_rate"].value == 0
    assert parts["0"].curves == ()


def test_images_of_one_group_have_no_interval_and_groups_widen_it() -> None:
    one = [replace(row, group="scene") for row in rows()]
    assert of_all(one).metrics["sensitivity"].low is None
    random = np.random.default_rng(3)
    many = [
        replace(rows()[4], sample=f"{at}", pixels=PixelScores(f1=float(level)))
        for at, level in enumerate(np.repeat(random.random(12), 10))
    ]
    together = [replace(row, group=f"{at // 10}") for at, row in enumerate(many)]
    wide, narrow = (of_all(each).metrics["f1"] for each in (together, many))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
