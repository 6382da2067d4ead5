"""onnxruntime, which tells its maker of each process, is kept from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORTS = ("import locard.inference, onnxruntime", "import locard.training.quantization")


@pytest.mark.parametrize("code", IMPORTS)
def test_nothing_is_kept_for_its_maker(tmp_path: Path, code: str) -> None:
    # The first thing that its telemetry does is to leave a session's number in a file.
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    environment |= {"TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".ses")] == []
