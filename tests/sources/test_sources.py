"""Files, folders, globs: everything that a person names comes out, once, in a stable order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from locard.sources import Source, expand


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_folder_is_walked_in_order(tmp_path):
    touch(tmp_path / "b.jpg", tmp_path / "a.jpg", tmp_path / "sub" / "c.jpg")
    found = list(expand([tmp_path]))
    assert [source.path for source in found] == [
        f"{tmp_path}/a.jpg",
        f"{tmp_path}/b.jpg",
        f"{tmp_path}/sub/c.jpg",
    ]
    assert not any(source.named for source in found)


def test_a_glob_that_the_shell_left_alone(tmp_path):
    touch(tmp_path / "1.jpg", tmp_path / "2.png", tmp_path / "deep" / "3.jpg")
    found = list(expand([f"{tmp_path}/**/*.jpg"]))
    assert found == [
        Source(str(tmp_path / "1.jpg"), named=True),
        Source(str(tmp_path / "deep" / "3.jpg"), named=True),
    ]


def test_a_file_whose_name_is_a_pattern_is_that_file(tmp_path):
    touch(tmp_path / "a[1].jpg", tmp_path / "a1.jpg")
    assert list(expand([f"{tmp_path}/a[1].jpg"])) == [
        Source(str(tmp_path / "a[1].jpg"), named=True)
    ]


@pytest.mark.parametrize("name", ["missing.jpg", "miss*.jpg"])
def test_what_is_not_there_is_passed_on_for_its_reader_to_report(tmp_path, name):
    assert list(expand([tmp_path / name])) == [Source(str(tmp_path / name), named=True)]


def test_a_broken_link_is_passed_on(tmp_path):
    (tmp_path / "link.jpg").symlink_to(tmp_path / "nowhere")
    assert list(expand([tmp_path / "link.jpg"])) == [Source(str(tmp_path / "link.jpg"), named=True)]


def test_a_link_loop_in_a_folder_ends(tmp_path):
    touch(tmp_path / "a.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert Source(str(tmp_path / "a.jpg"), named=False) in list(expand([tmp_path]))


def test_a_folder_that_cannot_be_listed_is_passed_on(tmp_path, monkeypatch):
    """Root may list everything, so the refusal is put where the system would give it."""
    touch(tmp_path / "a.jpg", tmp_path / "closed" / "b.jpg")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [(Path(source.path).name, source.named) for source in expand([tmp_path])] == [
        ("a.jpg", False),
        ("closed", True),
    ]


def test_a_pipe_in_a_folder_is_passed_over(tmp_path):
    """Opening it would wait for a writer that never comes."""
    touch(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert list(expand([tmp_path])) == [Source(str(tmp_path / "a.jpg"), named=False)]


@pytest.mark.parametrize("text", ["./a.jpg", ".//a.jpg", "sub/../a.jpg"])
def test_a_path_stays_as_it_was_given(tmp_path, monkeypatch, text):
    touch(tmp_path / "a.jpg", tmp_path / "sub" / "b.jpg")
    monkeypatch.chdir(tmp_path)
    assert list(expand([text])) == [Source(text, named=True)]
