"""Text from outside, made safe to show: file names and metadata are hostile input."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return outside text (file names above all) in a form that cannot steer what shows it.

    Control characters, line breaks, direction overrides, invisible characters and undecodable
    bytes become escapes.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
