"""The one way in which this package compiles its loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function that takes arrays and numbers; it then lets go of the interpreter lock.

    Sums may be contracted to fused multiply-adds, never reordered: a result is the same on each
    run.
    """
    return cast("F", njit(nogil=True, cache=True, fastmath={"contract"})(function))
