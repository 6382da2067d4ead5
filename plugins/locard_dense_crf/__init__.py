"""Fully connected CRF refiner (Krähenbühl & Koltun, NIPS 2011)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locard import hookimpl

if TYPE_CHECKING:
    from locard.plugins import Register


@hookimpl
def register_refiners(register: Register) -> None:
    """Offer the refiner."""
    from locard_dense_crf.refiner import DenseCrf

    register(DenseCrf)
