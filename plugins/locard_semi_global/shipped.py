"""Configs that come with Locard, by their bare names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CONFIGS: Final = Path(__file__).parent / "configs"


def found(path: Path) -> Path:
    """Return a file, or the one that comes with Locard where there is none of that bare name.

    Args:
        path: As the user wrote it: ``jcs.toml`` is Locard's own, unless there is such a file here.
    """
    own = CONFIGS / path.name
    return own if path.name == str(path) and not path.exists() and own.is_file() else path
