"""Which channels change places when a picture is mirrored or transposed."""

from __future__ import annotations


def exchanged(names: tuple[str, ...], *pairs: tuple[str, str]) -> tuple[int, ...]:
    """Return the permutation of channels that exchanges words of their names.

    Args:
        names: Words joined by hyphens.
        pairs: Words that change places.

    Returns:
        Indices: channel i of the changed picture is channel ``indices[i]`` of the picture itself.
    """
    other = {word: partner for pair in pairs for word, partner in (pair, pair[::-1])}
    return tuple(
        names.index("-".join(other.get(word, word) for word in name.split("-"))) for name in names
    )
