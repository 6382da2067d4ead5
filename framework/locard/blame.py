"""Where in a plugin's code an exception comes from, in words for its author."""

from __future__ import annotations

import traceback
from pathlib import Path

_OWN = Path(__file__).parent


def describe(error: BaseException, when: str = "") -> str:
    """Return an exception in one line, with the place in the plugin that raised it.

    Args:
        error: What was raised.
        when: What was being done ("on import").
    """
    kind = f"{type(error).__name__} {when}".rstrip()
    place = _place(error)
    return f"{kind}: {error}" + (f" ({place})" if place else "")


def _place(error: BaseException) -> str | None:
    """Return file and line of the last frame that is no caller's of plugins."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and not _calls_plugins(Path(frame.filename))
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else None


def _calls_plugins(file: Path) -> bool:
    return file.is_relative_to(_OWN) or file.parent.name in ("pluggy", "importlib", "metadata")
