"""Data sets with known answers, and the layouts in which they are published.

A layout turns a folder into samples. Layouts are plugins (hook ``register_layouts``), so a lab that
keeps its test photographs in an order of its own adds a class and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AUTHENTIC = "authentic"
"""The kind of a sample that nobody tampered with."""

HISTORY = "history"
"""The fact that says what became of an image before it was tampered with."""

NEVER_COMPRESSED = "never compressed"
"""The history of an image that never was a JPEG or other lossy file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a data set, and what is known of it.

    Attributes:
        name: Unique in the data set: the path below its folder, with forward slashes.
        path: The image file.
        kind: ``authentic``, ``splice``, ``copy-move``, ``removal``, … in kebab-case.
        mask: Where the truth lies; None for an authentic image (nothing is tampered), and for a
            tampered one whose mask is missing.
        group: Images that share a source (scene, camera, donor) share this; None where unknown.
        facts: What else the data set says, for subsets: ``camera``, ``history``, …; no keys of the
            results' own (``all``, ``kind``, ``source``, ``size``, ``share``).
        sha256: Of the image file, where the data set states it.
    """

    name: str
    path: Path
    kind: str
    mask: Path | None = None
    group: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None

    @property
    def tampered(self) -> bool:
        """Whether anything was done to the image."""
        return self.kind != AUTHENTIC


class Layout(ABC):
    """The order in which a data set keeps images and masks.

    Class attributes to set:
        name: What ``--layout`` calls it, in kebab-case.
        summary: One line: which data set, and what its folder holds.
        source: Where the data set was published.
        general: Whether it is an order that any data set may have. A folder that such a layout
            recognises, and a layout of one data set as well, belongs to the latter.
        image_level: Whether its tampered images are so as a whole, so that none has a mask.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str] = ""
    general: ClassVar[bool] = False
    image_level: ClassVar[bool] = False

    @abstractmethod
    def recognises(self, folder: Path) -> bool:
        """Return whether a folder looks like this data set, from names alone."""

    @abstractmethod
    def samples(self, folder: Path) -> Iterator[Sample]:
        """Yield the samples of a folder, sorted by name.

        Raises:
            DatasetError: The folder is not laid out like this; the message says what is missing.
        """

    def truth(self, sample: Sample) -> NDArray[np.bool_]:
        """Read the mask of a sample as it is published: by default, bright means tampered.

        Args:
            sample: A sample with a mask.

        Returns:
            bool, shape (height, width) of the mask file: True where the image was tampered with.

        Raises:
            DatasetError: The mask cannot be read.
        """
        from locard.evaluation.datasets.masks import read_bright

        assert sample.mask is not None  # noqa: S101  the caller's part of the contract
        return read_bright(sample.mask)
