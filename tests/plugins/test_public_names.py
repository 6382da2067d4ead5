"""``from locard import …`` gives plugin authors every name that it promises, and at no cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import locard

PROMISED = sorted(set(locard.__all__) - {"__version__"})


def promised_to_type_checkers() -> dict[str, str]:
    tree = ast.parse(Path(locard.__file__).read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_type_checkers_and_python_are_promised_the_same() -> None:
    promised = promised_to_type_checkers()
    assert sorted(promised) == PROMISED
    for name, home in promised.items():
        assert getattr(locard, name) is getattr(import_module(home), name)


def test_importing_locard_imports_nothing_else_of_it() -> None:
    code = "import sys, locard; print([m for m in sys.modules if m.startswith('locard.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = locard.Nothing  # type: ignore[attr-defined]
