"""Folders with models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from registry_models import card_of, network

import locard_registry as registry


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a folder of models, which is empty."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def model(models: Path) -> Callable[..., Path]:
    """Return what puts a model with a card into the folder of models."""

    def make(name: str = "toy", version: str = "1.0.0", **changes: Any) -> Path:
        folder = models / name / version
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(network().SerializeToString())
        registry.write_card(card_of(folder, **changes), folder)
        return folder

    return make
