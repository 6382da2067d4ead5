"""Horizontal bands of a picture, worked on by several threads.

Where the bands lie depends on the height of the picture alone, and each writes to memory of its
own. So a result has the same bits on one thread as on sixteen.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import numba

BAND_HEIGHT = 128
"""Rows in a band: many enough that neighbours share few lattice vertices, few enough that a
megapixel keeps eight threads busy."""

T = TypeVar("T")


def available_threads() -> int:
    """Return how many threads to use: ``NUMBA_NUM_THREADS``, or the processors allowed."""
    return int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]  # set at run time


def band_rows(height: int) -> list[slice]:
    """Return the rows of each band of a picture.

    Args:
        height: Height of the picture in pixels.
    """
    tops = range(0, height, BAND_HEIGHT)
    return [slice(top, min(top + BAND_HEIGHT, height)) for top in tops]


class BandRunner:
    """Calls a function for each band. The function should let go of the interpreter lock.

    Args:
        threads: At most so many bands are worked on at a time.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def map(self, work: Callable[[int], T], bands: int) -> list[T]:
        """Return ``[work(0), …, work(bands - 1)]``."""
        if self._pool is None or bands == 1:
            return [work(band) for band in range(bands)]
        return list(self._pool.map(work, range(bands)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()
