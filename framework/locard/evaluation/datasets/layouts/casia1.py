"""CASIA v1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from locard.evaluation.datasets import Layout, Sample
from locard.evaluation.datasets.layouts import casia

_TAMPERED = re.compile(r"sp_[ds]_.*_[a-z]{3}\d{4}_.*\d$")


class Casia1(Layout):
    """CASIA Tampered Image Detection Evaluation Database, version 1.

    Folders may be as published (``Au``, ``Sp`` and ``CM`` with ``CASIA 1.0 groundtruth/{Sp,CM}``)
    or in a lab's order (``authentic``, ``tampered``, ``masks``): names of files tell what they are.
    A picture made of two photographs is a splice, of one a copy-move, whatever the letter in its
    name says. Groups are the connected components of shared source photographs.

    Checked against 1211 real files in the lab's order with their masks, which are white where the
    image is tampered; a corrected list of kinds differs for 4 of their 641 tampered images, whose
    names say other sources than they have. The published order is checked against descriptions.
    """

    name = "casia1"
    summary = "CASIA v1: Au/, Sp/, CM/ and a ground truth folder, or authentic/, tampered/, masks/"
    source = (
        "J. Dong, W. Wang, T. Tan: CASIA Image Tampering Detection Evaluation Database, ChinaSIP "
        "2013; masks: github.com/namtpham/casia1groundtruth"
    )

    def recognises(self, folder: Path) -> bool:
        """Return whether an image is named like ``Sp_D_NNN_A_ani0055_pla0025_0287``."""
        return casia.recognises(folder, _TAMPERED)

    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name."""
        return casia.samples(self.name, folder, _TAMPERED)
