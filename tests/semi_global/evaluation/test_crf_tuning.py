"""The CRF is tuned so that no kind of picture loses, and what is said of the gain is honest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from scipy import stats
from typer.testing import CliRunner

from locard.errors import LocardError
from locard.findings import HeatMap
from locard.image import Image
from locard.testing import photograph
from locard_dense_crf.refiner import DenseCrfParameters
from locard_registry import load
from locard_semi_global.commands import app
from locard_semi_global.crf_measuring import figure, stratum_of
from locard_semi_global.crf_results import into
from locard_semi_global.crf_tuning import (
    FEWEST,
    FOLDS,
    MARKED,
    Judged,
    candidates,
    choose,
    folds,
    gains,
    held_out,
)
from locard_semi_global.evaluation.measuring import refined

from .bright_models import write_model
from .conftest import noise, write_set

RUNNER = CliRunner()


def pictures(
    stratum: str, changes: list[list[float]], *, tampered: bool = True, before: float = 0.5
) -> list[Judged]:
    """Return pictures by how much each candidate changes each of them, a group a picture."""
    return [
        Judged(stratum, f"{stratum} {place}", tampered, before, before + np.array(change))
        for place, change in enumerate(changes)
    ]


def test_candidates_are_drawn_alike_and_fit_the_refiner() -> None:
    drawn = candidates(30, 1)
    assert drawn == candidates(30, 1)
    assert drawn != candidates(30, 2)
    assert len({one["sigma_alpha"] for one in drawn}) > 20
    for one in drawn:
        assert DenseCrfParameters.model_validate(one).pixels_a_cell == 2


def test_the_largest_gain_is_chosen() -> None:
    assert choose(pictures("a", [[0.01, 0.03, 0.02]] * FEWEST)) == 1


def test_what_harms_a_stratum_is_not_chosen() -> None:
    splices = pictures("splices", [[0.01, 0.30]] * 50)
    copies = pictures("copy-moves", [[0.0, -0.01]] * FEWEST)
    assert choose(splices + copies) == 0
    assert choose(splices + copies[1:]) == 1, "too few to decide"


def test_no_choice_where_each_does_harm_or_nothing() -> None:
    harmed = pictures("a", [[0.1, -0.1]] * 20) + pictures("b", [[-0.1, 0.1]] * 20)
    assert choose(harmed) is None
    assert choose(pictures("a", [[0.0, 0.0]] * 9)) is None
    assert choose([]) is None
    assert held_out(harmed).tolist() == [0.5] * 40


def test_authentic_pictures_must_not_be_marked_on_more_of_their_area() -> None:
    splices = pictures("splices", [[0.01, 0.2]] * 20)
    for more, best in ((2 * MARKED, 0), (0.5 * MARKED, 1)):
        marked = pictures("as shot", [[0.0, more]] * 20, tampered=False, before=0.01)
        assert choose(splices + marked) == best


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float64, (30, 4), elements=st.floats(-0.5, 0.5)))
def test_the_best_of_those_by_which_no_stratum_loses_more_than_is_in_doubt(
    changes: np.ndarray,
) -> None:
    judged = pictures("a", changes[:10].tolist()) + pictures("b", changes[10:].tolist())
    best = choose(judged)
    parts = changes[:10], changes[10:]
    doubt = [stats.sem(part, axis=0) + 1e-9 for part in parts]
    allowed = [
        place
        for place in range(4)
        if all(part[:, place].mean() >= -own[place] for part, own in zip(parts, doubt, strict=True))
    ]
    means = {place: sum(part[:, place].mean() for part in parts) for place in allowed}
    if best is None:
        assert max(means.values(), default=0) <= 1e-9
    else:
        assert means[best] >= max(means.values()) - 1e-9


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=60))
def test_folds_do_not_divide_groups(groups: list[str]) -> None:
    fold = folds(groups)
    assert all(len({int(fold[i]) for i, g in enumerate(groups) if g == one}) == 1 for one in groups)
    assert fold.max() < FOLDS
    sizes = np.bincount(fold, minlength=FOLDS)
    assert sizes.max() - sizes.min() <= max(groups.count(one) for one in groups)


def test_held_out_figures_are_chosen_by_the_others() -> None:
    """One group of pictures alone would choose the second candidate; the others do not."""
    judged = pictures("a", [[0.1, 0.0]] * 40)
    judged += [Judged("a", "one", True, 0.5, np.array([0.4, 0.9])) for _ in range(5)]
    after = held_out(judged)
    assert after[:40].tolist() == pytest.approx([0.6] * 40)
    assert after[40:].tolist() == pytest.approx([0.4] * 5)


def test_gains_are_means_of_strata() -> None:
    judged = pictures("a", [[0.1]] * 10) + pictures("b", [[0.3]] * 30)
    judged += pictures("as shot", [[-0.01]] * 10, tampered=False, before=0.05)
    rows = {row.stratum: row for row in gains(judged, 0)}
    assert {name: row.images for name, row in rows.items()} == {
        "a": 10,
        "b": 30,
        "as shot": 10,
        "all tampered": 40,
        "all authentic": 10,
    }
    assert rows["all tampered"].chosen == pytest.approx(0.75)
    assert rows["all tampered"].held_out == pytest.approx(0.75)
    assert rows["all authentic"].chosen == pytest.approx(0.04)
    assert rows["b"].low == pytest.approx(0.3)
    assert gains(judged, None)[0].chosen == pytest.approx(gains(judged, None)[0].before)


# --- what is drawn, drawn on pictures ------------------------------------------------------------


def test_a_flat_map_never_becomes_a_detection() -> None:
    """Whatever is tried, on a photograph full of edges."""
    image = Image.from_array(photograph(160, 224))
    for level in (0.02, 0.3, 0.49):
        found = HeatMap(np.full((40, 56), level, np.float32), cell=4)
        for crf in candidates(6, 3):
            assert figure(refined(image, found, crf), np.zeros((160, 224), np.bool_)) == 0


def test_what_looks_like_its_surroundings_is_left_alone() -> None:
    """A copy-move on even ground, which the appearance kernel alone swallows."""
    pixels = np.clip(np.random.default_rng(1).normal(120, 4, (160, 224, 3)), 0, 255)
    image = Image.from_array(pixels.astype(np.uint8))
    truth = np.zeros((160, 224), np.bool_)
    truth[60:100, 88:136] = True
    values = np.where(truth[::4, ::4], 0.8, 0.2).astype(np.float32)
    found = HeatMap(values, cell=4)
    assert figure(found, truth) == 1
    for crf in candidates(6, 1):
        assert figure(refined(image, found, {**crf, "colour_only": 1.0}), truth) > 0.9


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ((), "chart splice"),
        (("life",), "chart splice, life resized"),
        (("life=none",), "chart splice, life other"),
        (("life=resized", "camera"), "chart splice, life resized"),
    ],
)
def test_strata_are_named_by_facts(by: tuple[str, ...], words: str) -> None:
    assert stratum_of("chart", "splice", {"life": "resized", "camera": ""}, by) == words


# --- the command ---------------------------------------------------------------------------------


def off_the_grid(folder: Path) -> Path:
    """A data set of bright rectangles that begin and end inside blocks."""
    write_set(folder, tampered=20, authentic=10)
    for number in range(20):
        mask = np.zeros((128, 128), np.bool_)
        left, top = 19 + number, 27 + number // 2
        mask[top : top + 42, left : left + 37] = True
        pixels = noise(number)
        pixels[mask] = noise(number + 1000, 200)[mask]
        Pillow.fromarray(pixels).save(folder / f"t{number}.png")
        Pillow.fromarray(mask).convert("L").save(folder / "masks" / f"t{number}.png")
    return folder


def tune(*words: str | Path, code: int = 0) -> str:
    done = RUNNER.invoke(app, ["tune-crf", *map(str, words), "-w", "2", "--quiet"])
    if code:
        assert isinstance(done.exception, LocardError | SystemExit)
        return str(done.exception)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_choice_goes_into_the_card_and_is_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(tmp_path / "models", "0.0.2")
    monkeypatch.setenv("LOCARD_MODELS", str(tmp_path / "models"))
    folder = off_the_grid(tmp_path / "set")
    words = (folder, "--model", "0.0.2", "--candidates", "8")
    tune(*words, "-o", tmp_path / "crf.json", "--into-card")
    found = json.loads((tmp_path / "crf.json").read_text())
    rows = {row["stratum"]: row for row in found["gains"]}
    assert rows["all tampered"]["images"] == 20
    assert rows["all tampered"]["held_out"] > rows["all tampered"]["before"] + 0.02
    assert rows["all authentic"]["held_out"] == 0
    model = load("semi-global", "0.0.2", provides=dict(load_requires(tmp_path)))
    assert dict(model.card.refinement["dense-crf"]) == found["parameters"]
    tune(*words, "-o", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "crf.json").read_bytes()


def load_requires(tmp_path: Path) -> dict[str, str]:
    from locard_registry.loading import catalogue

    (entry,) = catalogue((tmp_path / "models",))
    assert entry.card is not None
    return dict(entry.card.requires)


def test_a_model_that_is_another_now_gets_no_parameters(squares: Path) -> None:
    from locard_semi_global.crf_results import CrfResults

    results = CrfResults(
        refiner="dense-crf",
        version="1",
        network="semi-global",
        model="0.0.1",
        model_sha256="0" * 64,
        sets={},
        split="val",
        seed=1,
        parameters={"weight_alpha": 1.0},
        gains=(),
        tried=(),
        problems=(),
    )
    with pytest.raises(LocardError, match="is not the one that was tuned"):
        into(results)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--split", "test"], "no pictures of the split test"),
        (["--network", "nobody"], "no network 'nobody'"),
        (["--model", "9.9.9"], "no model semi-global 9.9.9"),
    ],
)
def test_bad_input_is_named(squares: Path, tmp_path: Path, words: list[str], says: str) -> None:
    said = tune(squares, "-o", tmp_path / "crf.json", "--model", "0.0.1", *words, code=2)
    assert says in said
    assert not (tmp_path / "crf.json").exists()


def test_pictures_without_masks_are_named_and_the_others_measured(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", tampered=2, authentic=1)
    for mask in (folder / "masks").iterdir():
        mask.unlink()
    said = tune(folder, "-o", tmp_path / "crf.json", "--model", "0.0.1", code=2)
    assert "no tampered picture could be measured" in said
    assert "t0.png" in said
