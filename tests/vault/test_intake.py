"""What becomes of the files, folders and patterns that a user gives."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from locard import intake
from locard.vault.verify import verify

HOSTILE = [
    b'it\'s "quoted".jpg',
    b"line\nbreak.jpg",
    b"<script>alert(1)</script>.jpg".replace(b"/", b"_"),
    b"\xff\xfe undecodable.jpg",
    "‮gpj.תמונה".encode(),
    b"n" * 246 + b".jpg",
    b"[a-z]*?.jpg",
    b" .jpg",
    b"-rf.jpg",
]


def statuses(case, lab, *paths, **options):
    return [(one.status, one.path) for one in case.add(paths, actor=lab.actor, **options)]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_kept_exactly(case, lab, tmp_path, name):
    path = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(lab.photographs(1).joinpath("000.jpg").read_bytes())
    (added,) = case.add([os.fsdecode(path)], actor=lab.actor)
    assert added.status == "added"
    assert [os.fsencode(kept) for kept in case.exhibit("E0001").names] == [path]
    assert list(verify(case)) == []


def test_same_bytes_twice_are_one_exhibit_with_two_names(case, lab, tmp_path):
    first = lab.photographs(1) / "000.jpg"
    second = tmp_path / "copy.jpg"
    second.write_bytes(first.read_bytes())
    assert statuses(case, lab, first, second, second) == [
        ("added", str(first)),
        ("known", str(second)),
        ("unchanged", str(second)),
    ]
    assert case.exhibit_count() == 1
    assert case.exhibit("E0001").names == (str(first), str(second))
    assert list(verify(case)) == []


def test_store_holds_what_was_hashed_and_the_source_is_untouched(case, lab):
    source = lab.photographs(1) / "000.jpg"
    source.chmod(0o400)
    before = source.stat()
    (added,) = case.add([source], actor=lab.actor)
    after = source.stat()
    assert added.exhibit.path.read_bytes() == source.read_bytes()
    assert added.exhibit.path.stat().st_mode & 0o777 == 0o444
    assert (before.st_mtime_ns, before.st_mode) == (after.st_mtime_ns, after.st_mode)


def test_folder_gives_its_images_and_what_is_named_like_one(case, lab, tmp_path):
    folder = lab.photographs(1)
    (folder / "deep" / "er").mkdir(parents=True)
    Image.new("L", (9, 9)).save(folder / "deep" / "er" / "no-ending", format="PNG")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    (folder / "empty.png").touch()
    (folder / "text.jpeg").write_text("a text")
    (folder / "note.txt").write_text("a note")
    assert statuses(case, lab, folder) == [
        ("added", str(folder / "000.jpg")),
        ("added", str(folder / "broken.jpg")),
        ("added", str(folder / "empty.png")),
        ("skipped", str(folder / "note.txt")),
        ("added", str(folder / "text.jpeg")),
        ("added", str(folder / "deep/er/no-ending")),
    ]
    assert [one.format for one in case.exhibits()] == ["JPEG", None, None, None, "PNG"]
    assert ("added", str(folder / "note.txt")) in statuses(case, lab, folder, everything=True)


def test_named_files_are_taken_whatever_they_hold(case, lab, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("a note")
    empty = tmp_path / "empty"
    empty.touch()
    assert [status for status, _ in statuses(case, lab, note, empty)] == ["added", "added"]
    assert case.exhibit("E0002").size == 0


def test_patterns_that_the_shell_did_not_expand(case, lab):
    folder = lab.photographs(3)
    assert statuses(case, lab, str(folder / "00[01].jpg"), f"{folder}/*.png") == [
        ("added", str(folder / "000.jpg")),
        ("added", str(folder / "001.jpg")),
        ("refused", f"{folder}/*.png"),
    ]


def test_what_cannot_be_read_is_refused_and_the_rest_goes_on(case, lab, tmp_path):
    photograph = lab.photographs(1) / "000.jpg"
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "broken").symlink_to("nowhere.jpg")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to(photograph)
    paths = [tmp_path / name for name in ("missing", "pipe.jpg", "broken", "loop", "link")]
    added = list(case.add(paths, actor=lab.actor))
    assert [one.status for one in added] == ["refused"] * 4 + ["added"]
    assert [one.message for one in added[:3]] == [
        "there is no such file",
        "it is not a regular file",
        "it is a broken link to nowhere.jpg",
    ]
    assert "symbolic links" in added[3].message
    assert added[4].message == f"symbolic link to {photograph}"
    assert list(verify(case)) == []


def test_links_to_folders_are_not_followed(case, lab, tmp_path):
    folder = lab.photographs(1)
    (folder / "again").symlink_to(folder)
    assert [status for status, _ in statuses(case, lab, folder)] == ["added"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become a user without rights")
def test_file_without_permission_is_refused(tmp_path):
    (tmp_path / "secret").mkdir()
    tmp_path.chmod(0o755)
    script = f"""
import os
from locard import intake
os.chdir({str(tmp_path)!r})
os.chmod("secret", 0o700)
open("hidden.jpg", "w").close(); os.chmod("hidden.jpg", 0)
os.setuid(65534)
for source in intake.find(["secret", "hidden.jpg"], everything=False):
    print(source.status, source.name, source.message)
try:
    list(intake.read("hidden.jpg"))
except intake.SourceError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "refused secret you may not read it",
        "file hidden.jpg None",
        "you may not read it",
    ], done.stderr


def test_file_that_changes_while_it_is_read_is_refused(case, lab, tmp_path, monkeypatch):
    growing = tmp_path / "growing.jpg"
    growing.write_bytes(b"\xff\xd8\xff" + bytes(100))
    monkeypatch.setattr(intake, "CHUNK", 10)
    chunks = intake.read(str(growing))
    next(chunks)
    with growing.open("ab") as file:
        file.write(b"more")
    with pytest.raises(intake.SourceError, match="it changed while it was read"):
        list(chunks)


def test_file_that_fails_in_the_middle_is_refused(case, lab, monkeypatch):
    photograph = lab.photographs(1) / "000.jpg"

    def fail(name):
        yield b"\xff\xd8"
        raise intake.SourceError(os.strerror(errno.EIO))

    monkeypatch.setattr(intake, "read", fail)
    (added,) = case.add([photograph], actor=lab.actor)
    assert (added.status, added.message) == ("refused", "Input/output error")
    assert list(case.vault.scratch.iterdir()) == []
    assert list(verify(case)) == []
