"""CASIA v2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from locard.evaluation.datasets import Layout, Sample
from locard.evaluation.datasets.layouts import casia

_TAMPERED = re.compile(r"tp_[ds]_.*_[a-z]{3}\d{5}_.*\d$")


class Casia2(Layout):
    """CASIA Tampered Image Detection Evaluation Database, version 2.

    ``Au``, ``Tp``, and ``CASIA 2 Groundtruth`` with ``…_gt.png``, white where it is tampered.
    Kinds and groups are found as in version 1. A mask belongs to an image of the same name, or, as
    names were corrected from S to D and back, of the same number and sources. Some published masks
    are transposed or cut: they become problems and are not mended.

    Checked against descriptions and public loaders only, not against the files.
    """

    name = "casia2"
    summary = "CASIA v2: Au/, Tp/, CASIA 2 Groundtruth/"
    source = (
        "J. Dong, W. Wang, T. Tan: CASIA Image Tampering Detection Evaluation Database, ChinaSIP "
        "2013; masks: github.com/namtpham/casia2groundtruth"
    )

    def recognises(self, folder: Path) -> bool:
        """Return whether an image is named like ``Tp_D_CND_M_N_ani00018_sec00096_00138``."""
        return casia.recognises(folder, _TAMPERED)

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        return casia.samples(self.name, folder, _TAMPERED)
