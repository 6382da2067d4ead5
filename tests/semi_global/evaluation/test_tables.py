"""Tables, probes and cards, from figures that are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from locard.errors import LocardError
from locard_registry import load
from locard_semi_global.commands import app
from locard_semi_global.evaluation import probes
from locard_semi_global.evaluation.card import card_with, into_card
from locard_semi_global.evaluation.networks import Wanted
from locard_semi_global.evaluation.results import (
    FigureResult,
    MethodResult,
    SetResult,
    SpliceResults,
    ThresholdResult,
)
from locard_semi_global.evaluation.tables import by_treatment, false_alarms, paper, short, tables

from .bright_models import write_model

OURS, REFINED = (MethodResult(network="semi-global", refined=refined) for refined in (False, True))
PAPER = MethodResult(network="sgn-paper")


def figure(
    method: MethodResult, part: str, name: str, value: float, treatment: str = "none"
) -> FigureResult:
    return FigureResult(
        set="casia1-val",
        treatment=treatment,
        part=part,
        method=method,
        figure=name,
        value=value,
        low=value - 0.05,
        high=value + 0.05,
        images=42,
    )


def results() -> SpliceResults:
    figures = [
        figure(PAPER, "splice", "f1", 0.4236),
        figure(PAPER, "splice", "mcc", -0.02),
        figure(OURS, "splice", "f1", 0.76),
        figure(OURS, "splice", "mcc", 0.74),
        figure(OURS, "splice", "f1", 0.5, "jpeg-80"),
        figure(OURS, "copy-move", "f1", 0.66),
        figure(OURS, "authentic", "flagged", 0.05, "resaved"),
        figure(REFINED, "splice", "f1", 0.8),
        figure(REFINED, "splice", "f1_gain", 0.04),
        figure(OURS, "authentic, JPEG 90-94, below 0.5 MP", "marked", 0.05),
    ]
    threshold = ThresholdResult(
        network="semi-global",
        file="JPEG 90-94",
        size="below 0.5 MP",
        value=1.25,
        photographs=80,
        own=60,
        pictures=160,
        false_alarms=0.04,
        power=0.5,
        tampered=30,
    )
    return SpliceResults(
        created="2024-01-01T00:00:00+00:00",
        locard="0",
        crf={},
        sets=(
            SetResult(
                name="casia1-val",
                layout="casia1",
                sha256="0",
                images=217,
                kinds={"authentic": 103, "copy-move": 72, "splice": 42},
            ),
        ),
        figures=tuple(figures),
        thresholds=(threshold,),
        scores=(),
    )


def test_the_paper_table_has_its_layout() -> None:
    found = paper(results())
    assert found.head == (
        "F1 / MCC at 0.5",
        "casia1-val, copy-move (n = 42)",
        "casia1-val, splice (n = 42)",
    )
    assert found.rows == (
        ("sgn-paper", "–", ".424 / -.020"),
        ("semi-global", ".660 / –", ".760 / .740"),
        ("semi-global + CRF", "–", ".800 / –"),
    )


def test_other_tables_name_pictures_and_treatments() -> None:
    found = by_treatment(results(), "f1")
    assert found.head == ("pictures", "sgn-paper", "semi-global", "semi-global + CRF")
    assert found.rows[0] == (
        "casia1-val, splice (n = 42)",
        ".424 (.374–.474)",
        ".760 (.710–.810)",
        ".800 (.750–.850)",
    )
    assert found.rows[1][0] == "casia1-val, splice, jpeg-80 (n = 42)"
    assert false_alarms(results()).rows == (
        ("casia1-val, authentic, resaved (n = 42)", ".050 (.000–.100)"),
    )
    titles = [table.title for table in tables(results())]
    assert len(titles) == len(set(titles)) == 7
    assert all(len(row) == len(table.head) for table in tables(results()) for row in table.rows)


@pytest.mark.parametrize(
    ("value", "words"), [(0.5, ".500"), (-0.02, "-.020"), (1.0, "1.000"), (0.9999, "1.000")]
)
def test_shares_are_short(value: float, words: str) -> None:
    assert short(value) == words


def test_a_card_takes_thresholds_figures_and_comparisons(models: Path) -> None:
    card = card_with(load("semi-global", "0.0.1").card, results(), "semi-global")
    (threshold,) = card.thresholds
    assert threshold.name == "JPEG 90-94, below 0.5 MP"
    assert threshold.value == 1.25
    assert threshold.images == 160
    told = {(one.stratum, one.figure): one.value for one in card.figures}
    assert told == {
        ("splice", "pixel F1 at 0.5"): 0.76,
        ("splice", "signed pixel MCC at 0.5"): 0.74,
        ("splice, jpeg-80", "pixel F1 at 0.5"): 0.5,
        ("copy-move", "pixel F1 at 0.5"): 0.66,
        ("authentic, resaved", "share of pictures flagged"): 0.05,
        ("splice", "pixel F1 at 0.5, refined by the CRF"): 0.8,
    }
    again = card_with(card, results(), "semi-global", ("thresholds",))
    assert len(again.figures) == len(card.figures)
    assert {(one.method, one.figure) for one in card.comparisons} == {
        ("sgn-paper", "pixel F1 at 0.5"),
        ("sgn-paper", "signed pixel MCC at 0.5"),
    }


def test_a_changed_card_is_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(tmp_path)
    monkeypatch.setenv("LOCARD_MODELS", str(tmp_path))
    before = load("semi-global", "0.0.1").identity
    named = results().model_copy(
        update={
            "figures": tuple(
                one.model_copy(update={"method": MethodResult(network="semi-global 0.0.1")})
                for one in results().figures[2:4]
            )
        }
    )
    identity = into_card(named, Wanted("semi-global", "0.0.1"), ("figures",))
    after = load("semi-global", "0.0.1")
    assert before != identity == after.identity
    assert len(after.card.figures) == 2
    assert not after.card.thresholds
    with pytest.raises(LocardError, match="was not measured"):
        into_card(results(), Wanted("semi-global", "0.0.1"))
    none = named.model_copy(update={"thresholds": ()})
    with pytest.raises(LocardError, match="too few authentic"):
        into_card(none, Wanted("semi-global", "0.0.1"))


def test_the_commands_print_and_write(squares: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    output = tmp_path / "results.json"
    words = [
        "evaluate",
        str(squares),
        "--networks",
        "semi-global",
        "--model",
        "0.0.1",
        "--treat",
        "none",
        "--no-crf",
    ]
    words += ["-w", "1", "-o", str(output), "--rows", str(tmp_path / "rows.csv")]
    said = runner.invoke(app, words)
    assert said.exit_code == 0, said.output
    assert "F1 / MCC at 0.5" in said.output
    read = SpliceResults.model_validate(json.loads(output.read_text()))
    assert read.sets[0].kinds == {"authentic": 4, "copy-move": 2, "splice": 2}
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 9
    probed = runner.invoke(
        app, ["probe", str(squares), "--model", "0.0.1", "-w", "1", "--limit", "3"]
    )
    assert probed.exit_code == 0, probed.output
    lines = [line.split("│") for line in probed.output.splitlines() if line.startswith("│")]
    cells = {line[1].strip(): [cell.strip() for cell in line[2:4]] for line in lines}
    assert set(cells) == {probe.words for probe in probes.PROBES}
    assert cells["content: its group"] == [".000", ".000"]
    assert ".000" not in cells["all but content"]
