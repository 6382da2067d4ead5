"""Runs other people's decoders on bytes that may be hostile."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from locard.errors import LocardError


class DecoderFailure(Exception):  # noqa: N818  (becomes an ImageError, which says more)
    """A decoder gave up; the message is what it said, on one line."""


@contextmanager
def contained(*loggers: str) -> Iterator[None]:
    """Turn whatever a decoder raises into one exception, and keep it quiet.

    Args:
        loggers: Names of loggers that the decoder complains to.

    Raises:
        DecoderFailure: The decoder raised anything but MemoryError or an error of Locard's own.
    """
    with warnings.catch_warnings(), _silenced(loggers), _strict_pillow():
        warnings.simplefilter("ignore")
        try:
            yield
        except (LocardError, MemoryError):
            raise
        except Exception as error:
            # Decoders raise nearly anything on bad bytes: no list of types would be whole.
            words = " ".join(str(error).split()) or type(error).__name__
            raise DecoderFailure(words[:200]) from error


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Collect what C code prints to the process's standard error while the block runs.

    Yields:
        A list that holds the lines once the block has ended.
    """
    lines: list[str] = []
    if sys.stderr is not None:
        sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as words:
        os.dup2(words.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            words.seek(0)
            lines += words.read().decode("utf-8", errors="replace").splitlines()


@contextmanager
def _strict_pillow() -> Iterator[None]:
    """Have Pillow refuse pictures that were cut.

    Any module of the process can tell it to fill them with grey instead, and WeasyPrint, which
    writes PDF reports, does.
    """
    pillow: Any = sys.modules.get("PIL.ImageFile")
    before = pillow and pillow.LOAD_TRUNCATED_IMAGES
    if pillow is not None:
        pillow.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        if pillow is not None:
            pillow.LOAD_TRUNCATED_IMAGES = before


@contextmanager
def _silenced(names: tuple[str, ...]) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
