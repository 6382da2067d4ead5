"""Programs that are called as command lines: which are there, and what they wrote."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from locard.errors import LocardError
from locard.text import printable

_LONGEST_SECONDS = 120.0
_SAID_AT_MOST = 300
_BREW = {"imagemagick": "imagemagick", "libvips-tools": "vips", "libjpeg-turbo-progs": "jpeg-turbo"}


class ToolError(LocardError):
    """A tool is missing, failed, or wrote something else than it was told."""


@lru_cache(maxsize=1)
def magick() -> tuple[str, str]:
    """Return the path of ImageMagick's program, and its version.

    Raises:
        ToolError: It is not installed.
    """
    for program in ("magick", "convert"):
        # On Windows, convert is another program.
        if found := _asked(program, "-version", r"Version: (ImageMagick \S+)"):
            return found
    raise _missing("ImageMagick", "magick or convert", "imagemagick")


@lru_cache(maxsize=1)
def vips() -> tuple[str, str]:
    """Return the path of libvips's program, and its version.

    Raises:
        ToolError: It is not installed.
    """
    found = _asked("vips", "--version", r"(vips-\S+)")
    if found is None:
        raise _missing("libvips", "vips", "libvips-tools")
    return found


@lru_cache(maxsize=1)
def jpegtran() -> tuple[str, str]:
    """Return the path of jpegtran's program, and its version.

    Raises:
        ToolError: It is not installed.
    """
    found = _asked("jpegtran", "-version", r"((?:libjpeg-turbo|mozjpeg|Independent).*)")
    if found is None:
        raise _missing("jpegtran", "jpegtran", "libjpeg-turbo-progs")
    return found


def _asked(program: str, option: str, pattern: str) -> tuple[str, str] | None:
    """Return the path of a program and what it says of its version; None where it is not it."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = _run([path, option])
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(pattern, done.stdout.decode("utf-8", "replace"))
    return (path, printable(found[1].strip())) if found else None


def _missing(name: str, program: str, package: str) -> ToolError:
    return ToolError(
        f"{name} is not installed: there is no program {program}",
        f"Install it: apt-get install {package}, or brew install {_BREW[package]}.",
    )


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """Run a tool on one thread; what it says on either stream is its output."""
    single = dict.fromkeys(("MAGICK_THREAD_LIMIT", "OMP_NUM_THREADS", "VIPS_CONCURRENCY"), "1")
    return subprocess.run(  # noqa: S603  the words are ours, and no shell reads them
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_LONGEST_SECONDS,
        env={**os.environ, **single},
    )


def results(name: str, command: Sequence[str], targets: Sequence[Path]) -> list[bytes]:
    """Run a tool on one thread, and return the files that it wrote.

    Args:
        name: Of the tool, for errors.
        command: Its words.
        targets: Where it writes.

    Raises:
        ToolError: It failed, took longer than two minutes, or wrote nothing.
    """
    try:
        done = _run(command)
        if done.returncode:
            said = printable(done.stdout.decode("utf-8", "replace").strip())[:_SAID_AT_MOST]
            raise ToolError(f"{name} failed (exit code {done.returncode}): {said or 'no words'}")
        return [target.read_bytes() for target in targets]
    except subprocess.TimeoutExpired:
        raise ToolError(f"{name} took longer than {_LONGEST_SECONDS:g} s") from None
    except OSError as error:
        raise ToolError(f"{name} wrote nothing: {error.strerror or error}") from None
