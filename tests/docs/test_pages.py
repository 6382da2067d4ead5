"""The pages are all there, lead where they say, and their script for `locard analyze` runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"\]\(([^)#\s]+)")


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_relative_links_lead_to_files(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).is_file()] == []


def test_the_navigation_names_every_page_and_no_other() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    named = sorted(re.findall(r"[\w/-]+\.md", navigation))
    assert named == [str(page.relative_to(DOCS)) for page in PAGES]


def test_the_script_of_the_analyze_page_runs(tmp_path: Path) -> None:
    import skimage.data

    photographs = tmp_path / "photographs"
    photographs.mkdir()
    picture = Path(skimage.data.__file__).parent / "rocket.jpg"
    (photographs / "rocket.jpg").write_bytes(picture.read_bytes())
    (script,) = re.findall(
        r"^```python\n(.*?)^```$", (DOCS / "analyze.md").read_text("utf-8"), re.M | re.S
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "photographs/rocket.jpg jpeg-grid not_detected 0.0"
    assert len(lines) == 6
