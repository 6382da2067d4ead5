"""Commands that cannot succeed: real processes, clear words, the right exit code, nothing begun."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]


def locard(
    folder: Path, *words: str, redirect: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command through a shell, which closes or redirects streams as it is told."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirect}', "sh", *LOCARD, *words],
        cwd=folder,
        env={**os.environ, "LOCARD_VAULT": "vault", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def assert_refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    assert len(done.stderr.splitlines()) >= 2, "what was wrong, and what to do next"
    for text in words:
        assert text in done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photograph and a case that holds it."""
    folder = tmp_path_factory.mktemp("bad-input")
    pixels = np.random.default_rng(5).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "a.jpg", quality=90)
    for words in (("case", "new", "K"), ("exhibit", "add", "K", "a.jpg")):
        assert locard(folder, *words).returncode == 0
    return folder


@pytest.mark.parametrize(
    ("words", "variable", "value", "message"),
    [
        ((), "LOCARD_MAX_MEGAPIXELS", "abc", "not a positive number"),
        ((), "LOCARD_PLUGINS", "nonsense", "blocked (by LOCARD_PLUGINS)"),
        (("--workers", "999"), "LOCARD_ACTOR", "eve", "999 workers are too many"),
        (("--executor", "moon"), "LOCARD_ACTOR", "eve", "no executor 'moon'"),
    ],
)
def test_a_run_that_cannot_begin_begins_nothing(folder, words, variable, value, message):
    done = locard(folder, "examine", "K", "-p", "quick", *words, **{variable: value})
    assert_refused(done, 2, message)
    assert '"examinations": 0' in locard(folder, "case", "show", "K", "--json").stdout
    analyzed = locard(folder, "analyze", "a.jpg", *words, **{variable: value})
    assert_refused(analyzed, 2, message)


@pytest.mark.parametrize(
    "text", ["a=" + "[" * 5000, "name=" + "9" * 5000, 'name="\udcff"', "name ="]
)
def test_pathological_pipelines_are_not_valid_toml(folder, text):
    (folder / "bad.toml").write_text(text, errors="surrogateescape")
    done = locard(folder, "pipeline", "show", "bad.toml")
    assert_refused(done, 2, "bad.toml is not valid TOML")


def test_a_wrong_step_is_not_said_to_be_missing(folder):
    step = '[[steps]]\nname = "../a"\nplugin = "noise"\n'
    (folder / "step.toml").write_text(f'name = "x"\nversion = "1"\n{step}')
    done = locard(folder, "pipeline", "show", "step.toml")
    assert done.returncode == 2
    assert "step '../a', key 'name'" in done.stderr
    assert "at least 1 item" not in done.stderr


def test_a_report_never_replaces_what_is_no_file(folder):
    os.mkfifo(folder / "pipe.html")
    done = locard(folder, "report", "K", "-o", "pipe.html")
    assert_refused(done, 2, "not a regular file")
    assert (folder / "pipe.html").is_fifo()


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&- <&-"])
def test_closed_streams_stop_no_analysis(folder, streams):
    assert locard(folder, "analyze", "a.jpg", redirect=streams).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [("analyze", "a.jpg", "--json"), ("pipeline", "list")])
def test_output_that_has_no_room_is_said(folder, words):
    done = locard(folder, *words, redirect="> /dev/full")
    assert_refused(done, 1, "No space left on device")


def test_maps_that_cannot_be_written_are_said(folder):
    """A folder in the place of the first map stands for a folder without permission."""
    digest = hashlib.sha256((folder / "a.jpg").read_bytes()).hexdigest()
    (folder / "maps" / f"{digest}-ela.npy").mkdir(parents=True)
    done = locard(folder, "analyze", "a.jpg", "--maps", "maps")
    assert_refused(done, 2, "cannot write maps to maps")
