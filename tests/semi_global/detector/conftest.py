"""Pictures with a bright or foreign part, and detectors with models made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locard_semi_global.detector import SemiGlobal

from .linear_models import install

Use = Callable[..., SemiGlobal]


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Return what puts a model into a laboratory's folder and gives the detector with it."""

    def make(
        content: bytes, parameters: dict[str, Any] | None = None, **changes: Any
    ) -> SemiGlobal:
        models = tmp_path / "models"
        models.mkdir()
        install(models, content, "0.0.1-lab", **changes)
        monkeypatch.setenv("LOCARD_MODELS", str(models))
        return SemiGlobal({"model": "0.0.1-lab", **(parameters or {})})

    return make
