"""Writes cards, for what exports models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from locard.errors import LocardError
from locard_registry.loading import read
from locard_registry.places import CARD_FILE, Place

if TYPE_CHECKING:
    from pathlib import Path

    from locard_registry.card import Card


def card_text(card: Card) -> str:
    """Return a card as TOML: a row a line, and tables of single facts below them.

    Raises:
        LocardError: tomlkit is not installed.
    """
    try:
        import tomlkit
    except ImportError:
        raise LocardError(
            "writing a card needs tomlkit", "Install it with: pip install 'locard[train]'"
        ) from None
    # What is left at its default goes without saying, but for the format, which readers ask first.
    said = {"format": card.format, **card.model_dump(exclude_defaults=True)}
    document = tomlkit.document()
    # Sorting is stable: TOML wants tables behind everything else, and the order stays otherwise.
    for key, value in sorted(said.items(), key=lambda item: isinstance(item[1], dict)):
        document[key] = _block(value)
    return document.as_string()


def _block(value: Any) -> Any:
    """Return a value with a line for each item that it holds."""
    import tomlkit

    if isinstance(value, dict):
        table = tomlkit.table()
        table.update({key: _block(item) for key, item in value.items()})
        return table
    if isinstance(value, tuple):
        lines = tomlkit.array().multiline(True)
        lines.extend(_inline(item) for item in value)
        return lines
    return value


def _inline(value: Any) -> Any:
    """Return a value in one line, tables inside it too."""
    import tomlkit

    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update({key: _inline(item) for key, item in value.items()})
        return table
    if isinstance(value, tuple):
        array = tomlkit.array()
        array.extend(_inline(item) for item in value)
        return array
    return value


def write_card(card: Card, folder: Path) -> str:
    """Write ``card.toml`` beside a model's files, and read the model as it will be read.

    Args:
        card: What is to be said of the model.
        folder: Where the files are that it lists: ``…/NAME/VERSION``.

    Returns:
        The model's identity: SHA-256 of the card.

    Raises:
        LocardError: A file is not what the card says, the folder is not named like the model, or
            cannot be written. Where a file was wrong the card is there, and will be refused.
    """
    from locard.report.atomic import write_whole

    write_whole(folder / CARD_FILE, [card_text(card).encode()])
    absolute = folder.absolute()
    return read(Place(absolute.parent.name, absolute.name, folder)).identity
