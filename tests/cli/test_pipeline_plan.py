"""``locard pipeline plan`` plans every file, also after one that cannot be read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]


def test_one_bad_file_does_not_end_the_plan(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    picture = Image.fromarray(np.full((64, 64, 3), 90, np.uint8))
    picture.save(tmp_path / "folder" / "a.jpg")
    picture.save(tmp_path / "b.png")
    (tmp_path / "c.jpg").write_text("no image")
    words = ["pipeline", "plan", "missing.jpg", "folder", "b.png", "c.jpg", "--json"]
    done = subprocess.run(
        [*LOCARD, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == ""
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    told = {
        row["file"]: (row["runs"], row["outcome"], row["reason"])
        for row in rows
        if row["step"] == "double-jpeg"
    }
    assert told == {
        "missing.jpg": (False, "failed", "unreadable"),
        "folder/a.jpg": (True, None, None),
        "b.png": (False, "not_applicable", "not-jpeg"),
        "c.jpg": (False, "failed", "not-an-image"),
    }
