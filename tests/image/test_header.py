from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import bad_files
import pytest
from hypothesis import given
from hypothesis import strategies as st

from locard.errors import ExitCode, ImageError, LocardError
from locard.image import Header, read_header, sources

SAMPLES = {sample.name: sample for sample in (*bad_files.broken(), *bad_files.special())}
REASONS = {"empty", "not-an-image", "truncated", "corrupt", "too-large", "unsupported"}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_header_is_read_or_refused_with_its_reason(sample: bad_files.Sample):
    if sample.header is None:
        header = read_header(sample.data)
        assert header.width > 0
        assert header.height > 0
        return
    with pytest.raises(ImageError) as refusal:
        read_header(sample.data)
    assert refusal.value.reason == sample.header
    assert refusal.value.exit_code == ExitCode.ATTENTION
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
def test_mapped_file_gives_the_same(
    sample: bad_files.Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / sample.name
    path.write_bytes(sample.data)
    monkeypatch.setattr(sources, "MAPPED_FROM", 1)
    assert outcome(path) == outcome(sample.data, name=sample.name)


def outcome(source: Path | bytes, **options: Any) -> Any:
    """The header, or why there is none."""
    try:
        return read_header(source, **options)
    except ImageError as refusal:
        return refusal.reason, refusal.message


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("7x5.jpg", ("JPEG", 7, 5, 3, 8, False, False, 1)),
        ("7x5.png", ("PNG", 7, 5, 3, 8, False, False, 1)),
        ("7x5.tif", ("TIFF", 7, 5, 3, 8, False, False, 1)),
        ("7x5.webp", ("WEBP", 7, 5, 3, 8, False, False, 1)),
        ("7x5.bmp", ("BMP", 7, 5, 3, 8, False, False, 1)),
        ("jpeg-grey.jpg", ("JPEG", 61, 45, 1, 8, False, False, 1)),
        ("jpeg-cmyk.jpg", ("JPEG", 61, 45, 4, 8, False, False, 1)),
        ("jpeg-turned.jpg", ("JPEG", 61, 45, 3, 8, False, False, 1)),
        ("png-1-bit.png", ("PNG", 61, 45, 1, 1, False, False, 1)),
        ("png-la.png", ("PNG", 61, 45, 1, 8, True, False, 1)),
        ("png-palette-transparent.png", ("PNG", 61, 45, 3, 8, True, True, 1)),
        ("png-16-bit-rgba.png", ("PNG", 61, 45, 3, 16, True, False, 1)),
        ("png-animated.png", ("PNG", 61, 45, 3, 8, False, False, 2)),
        ("tiff-turned.tif", ("TIFF", 61, 45, 3, 8, False, False, 1)),
        ("tiff-cmyk.tif", ("TIFF", 61, 45, 4, 8, False, False, 1)),
        ("tiff-16-bit-planar.tif", ("TIFF", 61, 45, 3, 16, False, False, 1)),
        ("tiff-pages.tif", ("TIFF", 61, 45, 3, 8, False, False, 3)),
        ("tiff-palette.tif", ("TIFF", 61, 45, 3, 8, False, True, 1)),
        ("webp-rgba.webp", ("WEBP", 61, 45, 3, 8, True, False, 1)),
        ("webp-animated.webp", ("WEBP", 61, 45, 3, 8, True, False, 2)),
        ("bmp-1-bit.bmp", ("BMP", 61, 45, 1, 1, False, False, 1)),
        ("bmp-palette.bmp", ("BMP", 61, 45, 3, 8, False, True, 1)),
    ],
)
def test_header_declares(name: str, expected: tuple[object, ...]):
    header = read_header(SAMPLES[name].data)
    assert (
        header.format,
        header.width,
        header.height,
        header.channels,
        header.bits,
        header.has_alpha,
        header.palette,
        header.frames,
    ) == expected
    assert (header.jpeg is not None) == (header.format == "JPEG")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("jpeg-trailing.jpg", "20 bytes follow the end"),
        ("jpeg-multi-picture.jpg", "a multi-picture file says so"),
        ("jpeg-cut-within-scan.jpg", "not whole"),
        ("png-cut-within-idat.png", "not whole"),
        ("webp-cut-within-data.webp", "not whole"),
        ("jpeg-named-as.png", "name ends in .png, the content is JPEG"),
        ("jpeg-cmyk.jpg", "without a colour profile"),
        ("png-16-bit-rgb.png", "high byte"),
        ("png-animated.png", "only the first"),
        ("tiff-pages.tif", "3 pages"),
        ("tiff-white-is-zero.tif", "white to black"),
        ("png-rgba.png", "alpha is kept apart"),
        ("png-palette.png", "replaced by their colours"),
        ("tiff-1-bit.tif", "1-bit samples"),
    ],
)
def test_special_cases_are_noted(name: str, words: str):
    notes = read_header(SAMPLES[name].data, name=name).notes
    assert any(words in note for note in notes), notes


def test_ordinary_photograph_has_no_notes():
    assert read_header(bad_files.jpeg(), name="photo.JPG").notes == ()


@pytest.mark.parametrize("name", [n for n, s in SAMPLES.items() if "large" in n or "hollow" in n])
def test_declared_size_allocates_nothing(name: str):
    tracemalloc.start()
    try:
        bad_files_outcome(SAMPLES[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(SAMPLES[name].data) <= 1024
    assert peak < 20 * 2**20


def bad_files_outcome(sample: bad_files.Sample) -> None:
    from locard.image import Image

    with pytest.raises(ImageError) as refusal:
        _ = Image.from_bytes(sample.data).pixels
    assert refusal.value.reason == sample.reason


def test_limit_comes_from_argument_or_environment(monkeypatch: pytest.MonkeyPatch):
    data = bad_files.png()
    with pytest.raises(ImageError, match="limit") as refusal:
        read_header(data, max_pixels=61 * 45 - 1)
    assert refusal.value.reason == "too-large"
    assert read_header(data, max_pixels=61 * 45).width == 61
    monkeypatch.setenv("LOCARD_MAX_MEGAPIXELS", "0.001")
    with pytest.raises(ImageError, match="LOCARD_MAX_MEGAPIXELS"):
        read_header(data)


@pytest.mark.parametrize("text", ["many", "-3", "0", "nan", "inf"])
def test_wrong_limit_is_explained(text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOCARD_MAX_MEGAPIXELS", text)
    with pytest.raises(LocardError, match="not a positive number"):
        read_header(bad_files.png())


def test_paths_that_lead_to_no_file(tmp_path: Path):
    link = tmp_path / "link.jpg"
    link.symlink_to("nowhere.jpg")
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    for path, words in {
        tmp_path: "is a folder",
        tmp_path / "missing.jpg": "does not exist",
        link: "is a link to nowhere.jpg, which does not exist",
        pipe: "neither a file nor a folder",
        tmp_path / ("x" * 300): "cannot be read",
        tmp_path / "nul\0.jpg": "cannot be read",
    }.items():
        with pytest.raises(LocardError, match=words):
            read_header(path)


def test_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "locked.jpg"
    path.write_bytes(bad_files.jpeg())

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    # The superuser may read everything, so the system's answer is put in its mouth.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(LocardError, match="may not be read"):
        read_header(path)


def test_hostile_name_is_written_out(tmp_path: Path):
    with pytest.raises(LocardError) as error:
        read_header(tmp_path / "a\nb\u202egpj.exe")
    assert "a\\nb\\u202egpj.exe" in error.value.message


def test_reading_a_header_needs_no_numpy():
    # A JPEG and a PNG: only TIFF needs the library that brings numpy along.
    code = (
        "import sys; from pathlib import Path; from locard.image import read_header\n"
        "read_header(sys.stdin.buffer.read())\n"
        "print('numpy' in sys.modules, 'PIL' in sys.modules)"
    )
    for data in (bad_files.jpeg(), bad_files.png()):
        run = subprocess.run(
            [sys.executable, "-c", code], input=data, capture_output=True, check=True
        )
        assert run.stdout.split() == [b"False", b"False"]


@given(
    st.sampled_from(sorted(n for n, s in SAMPLES.items() if 0 < len(s.data) < 10_000)),
    st.lists(st.tuples(st.integers(0, 9_999), st.integers(0, 255)), max_size=8),
    st.integers(0, 10_000),
)
def test_damaged_bytes_raise_nothing_else(name: str, changes: list[tuple[int, int]], length: int):
    data = bytearray(SAMPLES[name].data[:length])
    for place, value in changes:
        if data:
            data[place % len(data)] = value
    match outcome(bytes(data)):
        case Header(width=width, height=height):
            assert 0 < width * height <= 250_000_000
        case (reason, _):
            assert reason in REASONS
