"""Makes a new plugin's folder: a package that installs, and passes its own tests at once."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Literal

from locard import __version__
from locard.errors import LocardError

if TYPE_CHECKING:
    from locard.plugins import Catalogue

Kind = Literal["detector", "refiner"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 60

_DESCRIPTIONS: dict[Kind, str] = {
    "detector": "Finds parts of a picture that are noisier than the rest",
    "refiner": "Removes single suspicious cells from a map",
}


def create(name: str, into: Path, kind: Kind, plugins: Catalogue) -> Path:
    """Write a new plugin's folder.

    Args:
        name: What the plugin, its package and its step are called, in kebab-case.
        into: Folder in which the new folder is made.
        kind: What the plugin offers.
        plugins: What is installed already.

    Returns:
        The new folder.

    Raises:
        LocardError: The name cannot be used, or the folder cannot be made.
    """
    check_name(name, plugins)
    folder = into / name
    texts = render(name, kind)
    try:
        folder.mkdir(parents=True)
        for path, text in texts.items():
            target = folder / path
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except FileExistsError:
        raise LocardError(
            f"{folder} exists already", "Choose another name, or another folder with --into."
        ) from None
    except OSError as error:
        raise LocardError(f"cannot write {folder}: {error.strerror}") from None
    return folder


def check_name(name: str, plugins: Catalogue) -> None:
    """Check that a plugin may have a name.

    Raises:
        LocardError: It may not; says why.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise LocardError(f"{name!r} cannot be a plugin's name", _kebab_hint(name))
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or package in sys.stdlib_module_names:
        raise LocardError(
            f"{name!r} cannot be a plugin's name: {package} is a word or module of Python",
            "Put the lab's name before it, as in acme-noise.",
        )
    if name in plugins.entries or name in plugins.steps:
        raise LocardError(
            f"there is a plugin or step {name!r} already",
            "`locard plugin list` shows what there is.",
        )
    if find_spec(package) is not None:
        raise LocardError(
            f"there is a Python package {package} already", "Choose another name for the plugin."
        )


def render(name: str, kind: Kind) -> dict[str, str]:
    """Return the files of a new plugin: path within its folder to text."""
    package = name.replace("-", "_")
    words = {
        "name": name,
        "package": package,
        "class_name": "".join(part.capitalize() for part in name.split("-")),
        "kind": kind,
        "description": _DESCRIPTIONS[kind],
        "locard_version": __version__,
    }
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        ".gitignore": "gitignore",
        f"{package}/__init__.py": "package.py",
        f"{package}/py.typed": None,
        f"{package}/{kind}.py": f"{kind}.py",
        "tests/test_conformance.py": "test_conformance.py",
        f"tests/test_{kind}.py": f"test_{kind}.py",
    }
    return {
        path: "" if template is None else _fill(template, words)
        for path, template in templates.items()
    }


def _fill(template: str, words: dict[str, str]) -> str:
    text = (files(__name__) / f"{template}.tmpl").read_text(encoding="utf-8")
    return Template(text).substitute(words)


def _kebab_hint(name: str) -> str:
    rule = f"Use lower-case letters, digits and hyphens, at most {_LONGEST}, as in acme-noise."
    near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")
    return f"{rule} Did you mean {near}?" if _NAME.fullmatch(near) and near != name else rule
