"""Ablations: what their file says, what is trained, and what the table shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from locard.errors import LocardError

pytest.importorskip("torch")

from locard_semi_global.evaluation.ablations import (
    Run,
    configs_of,
    read_ablations,
    slug,
    table,
    train_all,
)
from locard_semi_global.evidence.groups import GROUPS
from locard_semi_global.prepared import Given

from .conftest import write_set


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_ablations_that_come_with_locard_can_be_read() -> None:
    ablations = read_ablations(Path("ablations.toml"))
    configs = dict(
        zip((run.name for run in ablations.runs), configs_of(ablations, []), strict=True)
    )
    assert not configs["without the view against the picture"].globally
    assert configs["without cfa"].without == ("cfa",)
    assert set(configs["only content, the floor"].without) == set(GROUPS) - {"content"}
    # Nothing else differs.
    alone = configs["without cfa"].model_dump()
    assert configs["all"].model_dump() == {**alone, "without": ()}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("runs = [", "no valid TOML"),
        ("[config]\nsteps = 3", "runs"),
        ('[[runs]]\nname = "a"\nskip = 1', "skip"),
        ('[[runs]]\nname = "a b"\n[[runs]]\nname = "A-B"', "two runs are named a-b"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LocardError, match=words):
        read_ablations(written(tmp_path, text))


def test_a_wrong_config_names_its_run(tmp_path: Path) -> None:
    text = '[[runs]]\nname = "odd"\nconfig = { widths = [7] }'
    with pytest.raises(LocardError, match="odd") as caught:
        configs_of(read_ablations(written(tmp_path, text)), ["a", "b"])
    assert "multiples of 8" in str(caught.value)


def test_what_is_left_out_leaves_the_mixture(tmp_path: Path) -> None:
    text = (
        "[config.mixture]\na = 2.0\nb = 1.0\n"
        '[[runs]]\nname = "all"\n[[runs]]\nname = "no a"\nleave_out = ["a"]'
    )
    first, second = configs_of(read_ablations(written(tmp_path, text)), ["a", "b"])
    assert first.mixture == {"a": 2.0, "b": 1.0}
    assert second.mixture == {"b": 1.0}


def test_the_table_puts_runs_side_by_side() -> None:
    runs = [
        Run("all", 600, 120.0, {"f1": 0.5, "x_splice_f1": 0.6, "x_flagged": 0.02, "loss": 1}),
        Run("without cfa", 600, 90.0, {"f1": 0.4, "x_splice_f1": 0.45}),
    ]
    found = table(runs)
    assert found.head == ("run", "steps", "f1", "x splice f1", "x flagged")
    assert found.rows == (
        ("all", "600 in 2.0 min", ".500", ".600", ".020"),
        ("without cfa", "600 in 1.5 min", ".400", ".450", "–"),
    )
    assert slug("without DCT, noise") == "without-dct-noise"


@pytest.mark.slow
def test_runs_are_trained_once_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    learnt = write_set(tmp_path / "learnt", tampered=6, authentic=2, split="train")
    held = write_set(tmp_path / "held", first=100)
    text = (
        "[config]\nsteps = 2\nepochs = 1\nbatch_size = 2\nwidths = [8, 16]\nthreads = 1\n"
        'precision = "fp32"\n'
        '[[runs]]\nname = "all"\n[[runs]]\nname = "lost"\nleave_out = ["none"]\n'
        '[[runs]]\nname = "without cfa"\nconfig = { without = ["cfa"] }'
    )
    ablations = read_ablations(written(tmp_path, text))
    given = Given(
        data_sets=(learnt,),
        validation=(held,),
        cache=tmp_path / "cache",
        workers=1,
        weights=None,
        global_network=None,
        advance=lambda *_: None,
    )
    trained = train_all(ablations, given, tmp_path / "runs", lambda *_: None)
    assert [run.name for run in trained.runs] == ["all", "without cfa"], trained.failed
    assert "no data set none" in trained.failed[0]
    assert all(0 <= run.figures["f1"] <= 1 for run in trained.runs)
    again = train_all(ablations, given, tmp_path / "runs", lambda *_: None)
    assert again.runs == trained.runs
