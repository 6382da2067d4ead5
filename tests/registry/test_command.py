"""``locard model``: what there is, what a card says, and which file differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from calibrating import locard
from registry_models import card_of

import locard_registry as registry


@pytest.fixture
def run(models: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run `locard model` over the folder of models."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("LOCARD_MODELS", raising=False)

    def command(*words: str, code: int = 0) -> str:
        done = locard("model", *words, "--models", models, folder=models)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return command


def plain(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if "toy" in line]


def test_models_are_listed_broken_ones_too(run, model):
    model(version="1.0.0", purpose="Says [bold]what\x1b it is for")
    (model(version="2.0.0") / "card.toml").write_text("name = ")
    said = run("list")
    assert "Says [bold]what\\x1b it is for" in said
    assert "not valid TOML" in said
    first, second = plain(run("list", "--json"))
    assert first["card"]["parameters"] == 6
    assert len(first["identity"]) == 64
    assert second["card"] is None
    assert "not valid TOML" in second["error"]


def test_a_card_is_shown_for_people(run, model):
    folder = model()
    said = run("show", "toy")
    for words in (
        "It can do nothing else.",
        "phase_evidence 1",
        "0.8 to 0.95",
        "JPEG files; JPEG quality at least 90",
        "1.00%",
        "3 epochs",
        "n×3",
        "no likelihood ratios",
        "12,345",
        "1.5×",
        card_of(folder).files[0].sha256,
    ):
        assert words in said, words
    (card,) = plain(run("show", "toy", "1.0.0", "--json"))
    assert registry.Card.model_validate(card["card"]) == card_of(folder)


def test_one_that_is_not_there_is_a_wrong_command(run, model):
    model()
    assert "There are: " in run("show", "none", code=2)
    assert "toy 1.0.0" in run("show", "toy", "9", code=2)
    assert "there is no model none" in run("verify", "none", code=2)
    (model(version="2.0.0") / "card.toml").unlink()
    assert "cannot read" in run("show", "toy", "2.0.0", code=2)


def test_verify_names_what_differs(run, model):
    good, bad = model(version="1.0.0"), model(version="2.0.0")
    assert run("verify", "toy").count("as its card says, identity") == 2
    (bad / "model.onnx").write_bytes(b"other")
    (bad / "weights.pt").write_bytes(b"x")
    said = run("verify", code=1)
    assert str(bad / "model.onnx") in said
    assert "expected SHA-256" in said
    assert str(bad / "weights.pt") in said
    assert str(good) not in said
    first, second = plain(run("verify", "toy", "--json", code=1))
    assert (first["ok"], second["ok"]) == (True, False)
    assert len(second["differences"]) == 2
    run("verify", "toy", "1.0.0")
    assert "2.0.0" not in run("verify", "toy", "1.0.0")


def test_a_folder_that_is_not_there_is_a_wrong_command(tmp_path):
    done = locard("model", "list", "--models", tmp_path / "none", folder=tmp_path)
    assert done.returncode == 2
    assert "there is no folder of models" in done.stderr
