"""``locard pipeline plan`` prints names as they are, whatever stands in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]


def test_square_brackets_in_a_name_are_no_markup(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "a[bold]b.png")
    done = subprocess.run(
        [*LOCARD, "pipeline", "plan", "a[bold]b.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a[bold]b.png" in done.stdout
