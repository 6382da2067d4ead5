"""What is not installed is said before it is missed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from locard.errors import LocardError
from locard.training import libraries


def test_all_is_here():
    libraries.require_libraries()


def test_what_is_absent_is_named(monkeypatch):
    real = libraries.find_spec
    monkeypatch.setattr(libraries, "find_spec", lambda n: None if n == "torch" else real(n))
    with pytest.raises(LocardError, match=r"not installed: torch\n.*locard\[train\]"):
        libraries.require_libraries()


def test_reading_a_config_loads_nothing_heavy():
    code = (
        "import sys, locard.training.config, locard.training.libraries;"
        "print({'numpy', 'torch', 'onnx', 'safetensors', 'matplotlib'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
