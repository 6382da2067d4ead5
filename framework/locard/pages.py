"""What Locard's HTML pages share: the case's report, an evaluation, a validation record.

Everything from outside (names, metadata, what plugins say) passes two doors: ``finalize`` makes it
printable, autoescaping makes it harmless. A content security policy that admits one style sheet,
and at most one script, by their hashes, stands behind both.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from locard.text import printable


def environment(package: str) -> Environment:
    """Return an environment for the templates of a package, with the filters that pages share.

    Args:
        package: Its templates lie in ``templates``.
    """
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_showable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"groups": groups, "rows": rows}
    return made


def policy(style: str, script: str = "") -> str:
    """Return a content security policy that admits inline pictures, this style and this script."""
    return (
        f"default-src 'none'; img-src data:; style-src {_source(style)}; "
        f"script-src {_source(script) if script else chr(39) + 'none' + chr(39)}; "
        "base-uri 'none'; form-action 'none'"
    )


def groups(sha256: str) -> str:
    """Return a hash in groups of eight, which two people can compare aloud."""
    return " ".join(sha256[place : place + 8] for place in range(0, len(sha256), 8))


def plain(value: object) -> str:
    """Return a value of JSON as text: lists with commas, nothing as "none"."""
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or "none"
    return "none" if value is None else str(value)


def rows(
    mapping: Mapping[str, Any], words: Callable[[object], str] = plain, prefix: str = ""
) -> list[tuple[str, str]]:
    """Return a nested mapping as rows of dotted name and value.

    Args:
        mapping: Whose values may be mappings.
        words: Turns a value that is none into text.
        prefix: Before each name.
    """
    found: list[tuple[str, str]] = []
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            found.extend(rows(value, words, f"{prefix}{name}."))
        else:
            found.append((f"{prefix}{name}", words(value)))
    return found


def _source(text: str) -> str:
    """Return the hash by which a policy knows an inline element."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _showable(value: object) -> object:
    """Return what a template prints: text from outside without characters that nobody sees."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value
