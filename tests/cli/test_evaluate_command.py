"""``locard evaluate`` as people and scripts use it: real processes, killed and interrupted ones."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import painted
import psutil
import pytest

LOCARD = [sys.executable, "-c", "from locard.cli import main; main()"]
PIPELINE = """
name = "{name}"
version = "1"

[[steps]]
name = "red"
plugin = "acme-red"
parameters = {{ seconds = {seconds} }}

[[steps]]
name = "eye"
plugin = "acme-eye"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with the painted data set and two pipelines."""
    painted.make(tmp_path / "set")
    (tmp_path / "known.toml").write_text(PIPELINE.format(name="known", seconds=0))
    (tmp_path / "slow.toml").write_text(PIPELINE.format(name="slow", seconds=0.4))
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    path = os.pathsep.join([str(painted.LAB), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        **os.environ,
        "PYTHONPATH": path,
        "LOCARD_PLUGINS": "acme-red",
        "ACME_RED_LOG": str(folder / "log"),
        "TMPDIR": str(folder),
    }


def locard(folder: Path, *words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*LOCARD, "evaluate", "-w", "1", *words],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == expect, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    return done


def looked_at(folder: Path) -> list[str]:
    """Return the hashes of the images that were looked at, and forget them."""
    log = folder / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def whole(results: dict[str, Any], step: str = "red") -> dict[str, Any]:
    """Return the metrics of a step over all images as they are."""
    (found,) = (
        subset["metrics"]
        for subset in results["subsets"]
        if (subset["step"], subset["by"], subset["treatment"]) == (step, "all", "none")
    )
    return found


def test_the_table_and_the_files(folder: Path):
    done = locard(folder, "--dataset", "set", "-p", "known.toml", "-o", "out", "--treat", "png")
    words = done.stdout
    assert "set (folder): 8 images: 4 authentic, 1 copy-move, 3 splice" in words
    pixels, images = (line.split()[1:] for line in re.findall(r"^ +red .*$", words, re.M)[:2])
    # F1, MCC, best F1, F1 of everything, pixel AUC
    assert [pixels[at] for at in (0, 2, 3)] == [".583", ".683", ".400"]
    # sensitivity, false-positive rate, image AUC, answered
    assert images == [".750", ".250", ".844", "1.000"]
    assert "by kind" in words
    assert "under treatment" in words
    assert "leak check needs five groups" in words
    assert words.endswith("wrote out/report.html\n")
    results = json.loads((folder / "out/results.json").read_text())
    assert whole(results)["f1"]["value"] == pytest.approx(7 / 12)
    assert results["command"] == {
        "dataset": "set",
        "layout": None,
        "limit": None,
        "pipeline": "known.toml",
        "treatments": ["png"],
    }
    with (folder / "out/cases.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 8 * 2 * 2
    names = {path.name for path in (folder / "out").iterdir()}
    assert names >= {"cases.csv", "findings", "report.html", "results.json"}


def test_json_is_what_the_file_holds(folder: Path):
    done = locard(
        folder, "--dataset", "set", "-p", "acme-red", "-o", "out", "--json", "--limit", "4"
    )
    (line,) = done.stdout.splitlines()
    results = json.loads(line)
    assert results == json.loads((folder / "out/results.json").read_text())
    assert results["pipeline"]["name"] == "acme-red"
    assert results["dataset"]["kinds"] == {"authentic": 2, "copy-move": 1, "splice": 1}


def test_quiet_says_nothing(folder: Path):
    assert locard(folder, "--dataset", "set", "-p", "acme-red", "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dataset", "nowhere"], "does not exist"),
        (["--dataset", "set", "--treat", "jpeg-101"], "there is no treatment"),
        (["--dataset", "set", "-p", "acme-rot"], "there is no pipeline"),
        (["--dataset", "set", "-p", "acme-invert"], "there is no pipeline"),
        (["--dataset", "set", "-o", "set/out"], "lies in the data set"),
        (["--dataset", "set", "-o", "known.toml"], "known.toml"),
    ],
)
def test_a_wrong_command_does_nothing(folder: Path, words: list[str], said: str):
    pipeline = [] if "-p" in words else ["-p", "known.toml"]
    done = locard(folder, "-o", "out", *words, *pipeline, expect=2)
    assert said in done.stderr
    assert looked_at(folder) == []
    assert not (folder / "out").exists()


def test_results_of_another_pipeline_are_not_overwritten(folder: Path):
    locard(folder, "--dataset", "set", "-p", "known.toml", "-o", "out")
    before = (folder / "out/results.json").read_bytes()
    done = locard(folder, "--dataset", "set", "-p", "acme-red", "-o", "out", expect=2)
    assert "holds the results of pipeline known" in done.stderr
    assert (folder / "out/results.json").read_bytes() == before
    looked_at(folder)
    # With its findings at hand, another evaluation need not look again.
    words = ["--dataset", "set", "-p", "acme-red", "-o", "other", "--cache", "out/findings"]
    assert "used again" in locard(folder, *words).stdout
    assert looked_at(folder) == []
    assert not (folder / "other/findings").exists()


def test_failed_findings_are_for_attention(folder: Path):
    done = locard(folder, "--dataset", "set", "-p", "acme-picky", expect=1)
    assert "4 findings FAILED" in done.stdout
    assert "4 failures:" in done.stdout
    assert re.search(r"^  \S+: acme-picky failed: \S+$", done.stdout, re.MULTILINE)


def test_problems_are_told_and_hostile_names_do_no_harm(folder: Path):
    (folder / "set/authentic/\x1b[31mred\n.png").write_bytes(b"no image")
    done = locard(folder, "--dataset", "set", "-p", "acme-red", expect=1)
    assert "1 problem:" in done.stdout
    assert "\\x1b[31mred\\n.png is left out" in done.stdout
    assert "\x1b[31mred" not in done.stdout


def test_a_leak_is_told_in_plain_words(tmp_path: Path):
    for place in range(12):
        tampered = place >= 6
        name = f"{'tampered' if tampered else 'authentic'}/{place}"
        ending = "png" if tampered else "jpg"
        painted.save(tmp_path / f"set/{name}.{ending}", painted.photograph(place))
        if tampered:
            painted.save_mask(tmp_path / "set", name)
    done = locard(tmp_path, "--dataset", "set", "-p", "acme-red")
    assert "WARNING: without a look at any picture" in done.stdout
    assert "file format 1.000" in done.stdout
    assert "mean nothing on this data set" in done.stdout


def started(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*LOCARD, "evaluate", "--dataset", "set", "-p", "slow.toml", "-o", "out", "-w", "1"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_findings(folder: Path, count: int) -> None:
    """Wait until so many images were examined and kept."""
    deadline = time.monotonic() + 60
    while len(kept(folder)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kept(folder: Path) -> list[Path]:
    """Return the findings of the detector that are kept."""
    found = (folder / "out" / "findings").glob("??/*/finding.json")
    return [path for path in found if json.loads(path.read_text())["plugin"] == "acme-red"]


def assert_gone(pgid: int) -> None:
    deadline = time.monotonic() + 10
    while alive := group(pgid):
        assert time.monotonic() < deadline, alive
        time.sleep(0.02)


def group(pgid: int) -> list[int]:
    found = []
    for process in psutil.process_iter(["pid", "status"]):
        try:
            if os.getpgid(process.pid) == pgid and process.info["status"] != "zombie":
                found.append(process.pid)
        except ProcessLookupError:
            continue
    return found


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_run_that_was_stopped_goes_on(folder: Path, how: signal.Signals):
    with started(folder) as process:
        try:
            wait_for_findings(folder, 3)
        finally:
            if how is signal.SIGKILL:
                process.kill()  # the command alone: its workers must notice
            else:
                os.killpg(process.pid, how)  # as a terminal does
        _, errors = process.communicate(timeout=60)
    assert process.returncode == (-how if how is signal.SIGKILL else 130), errors
    assert "Traceback" not in errors
    assert_gone(process.pid)
    assert not (folder / "out/results.json").exists()
    done = len(kept(folder))
    assert 3 <= done < 8
    looked_at(folder)

    again = locard(folder, "--dataset", "set", "-p", "slow.toml", "-o", "out")
    seen = looked_at(folder)
    assert len(seen) == len(set(seen)) == 8 - done
    assert "used again" in again.stdout
    results = json.loads((folder / "out/results.json").read_text())
    assert whole(results)["f1"]["value"] == pytest.approx(7 / 12)
    assert not list((folder / "out/findings/unfinished").iterdir())


def test_help_imports_nothing_heavy():
    code = (
        "import sys, contextlib\n"
        "from locard.cli import main\n"
        "sys.argv = ['locard', 'evaluate', '--help']\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'matplotlib', 'rich'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
