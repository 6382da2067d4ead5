"""Loads a data set: finds its layout, checks every file, and says what cannot be used.

Nothing is decoded here: headers are read for sizes, whole files for their hashes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from locard.blame import describe
from locard.canonical import canonical_json, sha256_of
from locard.errors import LocardError
from locard.evaluation.datasets.base import Layout, Sample
from locard.evaluation.datasets.errors import DatasetError
from locard.evaluation.datasets.strata import WAYS
from locard.evaluation.results import DatasetFacts
from locard.intake import SourceError, sha256_of_file
from locard.text import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from locard.plugins import Catalogue

T = TypeVar("T")

_NAMED = 3
"""How many images a sentence names before it says how many more there are."""

_KIND = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set, ready to be evaluated on.

    Attributes:
        folder: Where it is.
        layout: How it is laid out.
        samples: What can be used, sorted by name. A tampered sample whose mask is missing or unfit
            is among them, for an image-level figure needs no mask.
        hashes: SHA-256 of each sample's image, by the sample's name.
        facts: What a result says of the data set.
        without_truth: Names of tampered samples whose mask is missing or unfit, as far as headers
            show.
    """

    folder: Path
    layout: Layout
    samples: tuple[Sample, ...]
    hashes: Mapping[str, str]
    facts: DatasetFacts
    without_truth: frozenset[str]
    _owner: str

    def truth(self, sample: Sample, height: int, width: int) -> NDArray[np.bool_]:
        """Return where a sample was tampered with.

        Args:
            sample: One of ``samples``.
            height: Of the image, in pixels.
            width: Of the image.

        Returns:
            bool, shape (height, width): True where it was tampered with; all False where the sample
            is authentic.

        Raises:
            DatasetError: The mask is missing, cannot be read, or has another size.
        """
        import numpy as np

        from locard.evaluation.datasets.masks import fitted

        if not sample.tampered:
            return np.zeros((height, width), dtype=np.bool_)
        if sample.mask is None:
            raise DatasetError(f"{printable(sample.name)} is tampered and has no mask")
        truth = _called(self.layout, self._owner, lambda: _checked_truth(self.layout, sample))
        return fitted(truth, height, width)


def load(folder: Path, layout: str | None, plugins: Catalogue, limit: int | None = None) -> Dataset:
    """Load a data set.

    Args:
        folder: Where it is.
        layout: Name of a layout; None to find it out.
        plugins: Where layouts come from.
        limit: How many samples at most, taken evenly from all kinds and from the whole range of
            names: the same ones every time.

    Raises:
        DatasetError: There is no such folder or layout, the folder is laid out in another way, it
            holds nothing that can be used, or the layout's plugin is broken.
    """
    _require_folder(folder)
    name = detect(folder, plugins) if layout is None else _known(layout, plugins)
    owner = _owner(name, plugins)
    found = _called(plugins.layouts[name], owner, plugins.layouts[name])
    samples = _called(found, owner, lambda: _checked(found.samples(folder)))
    if limit is not None:
        samples = spread(samples, limit)
    return _examined(folder, found, owner, samples)


def detect(folder: Path, plugins: Catalogue) -> str:
    """Return the name of the one layout that recognises a folder.

    Layouts of one data set go before general ones (:attr:`Layout.general`), and a layout that
    derives from another goes before it.

    Raises:
        DatasetError: None does, or more than one.
    """
    _require_folder(folder)
    recognised = [
        name
        for name, layout in sorted(plugins.layouts.items())
        if _recognises(layout, _owner(name, plugins), folder)
    ]
    special = [name for name in recognised if not plugins.layouts[name].general]
    candidates = _most_derived(special or recognised, plugins)
    if len(candidates) == 1:
        return candidates[0]
    known = ", ".join(sorted(plugins.layouts))
    hint = "Name one with --layout; `locard dataset layouts` describes them."
    shown = printable(str(folder))
    if candidates:
        raise DatasetError(
            f"{shown} looks like more than one layout: {', '.join(candidates)}", hint
        )
    if _is_empty(folder):
        raise DatasetError(f"the data set {shown} is empty", "Name the folder that holds it.")
    raise DatasetError(
        f"{shown} looks like none of the layouts {known}",
        f"{hint} Photographs that are all authentic: --layout folder.",
    )


def _most_derived(names: Sequence[str], plugins: Catalogue) -> list[str]:
    """Return the layouts from which no other of them derives."""
    layouts = {name: plugins.layouts[name] for name in names}
    return [
        name
        for name, layout in layouts.items()
        if not any(issubclass(other, layout) and other is not layout for other in layouts.values())
    ]


def spread(samples: Sequence[Sample], limit: int) -> list[Sample]:
    """Return ``limit`` samples: as many of each kind as there are, evenly spaced by name."""
    by_kind: dict[str, list[Sample]] = {}
    for sample in samples:
        by_kind.setdefault(sample.kind, []).append(sample)
    share = dict.fromkeys(sorted(by_kind), 0)
    for _ in range(min(limit, len(samples))):
        open_kinds = [kind for kind in share if share[kind] < len(by_kind[kind])]
        share[min(open_kinds, key=lambda kind: share[kind])] += 1
    chosen = [
        members[(2 * index + 1) * len(members) // (2 * share[kind])]
        for kind, members in by_kind.items()
        for index in range(share[kind])
    ]
    return sorted(chosen, key=lambda sample: sample.name)


# --- plugins -------------------------------------------------------------------------------------


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise DatasetError(
            f"the data set {printable(str(folder))} {what}", "Name the folder that holds it."
        )


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except OSError:  # it may hold something
        return False


def _known(layout: str, plugins: Catalogue) -> str:
    if layout not in plugins.layouts:
        raise DatasetError(
            f"there is no layout {printable(layout)!r}",
            f"There are {', '.join(sorted(plugins.layouts))}.",
        )
    return layout


def _owner(layout: str, plugins: Catalogue) -> str:
    """Return the name of the plugin that offers a layout."""
    offering = (e.name for e in plugins.entries.values() if layout in e.offered("layout"))
    return next(offering, "locard")


def _recognises(layout: type[Layout], owner: str, folder: Path) -> bool:
    return bool(_called(layout, owner, lambda: layout().recognises(folder)))


def _called(layout: Layout | type[Layout], owner: str, call: Callable[[], T]) -> T:
    """Call into a layout, and lay what goes wrong at its plugin's door."""
    try:
        return call()
    except LocardError:
        raise
    except OSError as error:
        # Not passed over: where masks cannot be listed, tampered images would pass for authentic.
        where = printable(str(error.filename or "the data set"))
        raise DatasetError(
            f"{where} cannot be read: {error.strerror or error}",
            "Ask its owner for read permission, or copy it.",
        ) from error
    except Exception as error:
        raise DatasetError(
            f"layout {layout.name!r} of plugin {owner!r} is broken: {describe(error)}",
            "Tell the plugin's author, or name another layout.",
        ) from error


def _checked(found: Iterator[Sample]) -> list[Sample]:
    """Return what a layout yields, sorted by name, or raise where it breaks the contract."""
    samples: dict[str, Sample] = {}
    for sample in found:
        if not isinstance(sample, Sample):
            raise TypeError(f"it yielded {type(sample).__name__}, not locard.Sample")
        if sample.name in samples:
            raise ValueError(f"it yielded {sample.name!r} twice")
        if not _KIND.fullmatch(sample.kind):
            raise ValueError(f"the kind {sample.kind!r} of {sample.name!r} is not in kebab-case")
        if sample.mask is not None and not sample.tampered:
            raise ValueError(f"{sample.name!r} is authentic and has a mask")
        if taken := WAYS & sample.facts.keys():
            raise ValueError(f"facts may not be named {', '.join(sorted(taken))}")
        samples[sample.name] = sample
    return [samples[name] for name in sorted(samples)]


def _checked_truth(layout: Layout, sample: Sample) -> NDArray[np.bool_]:
    """Return what a layout reads, or raise where it breaks the contract."""
    import numpy as np

    truth = layout.truth(sample)
    if not isinstance(truth, np.ndarray) or truth.ndim != 2 or truth.dtype != np.bool_:
        raise TypeError("its truth is no two-dimensional array of bool")
    return truth


# --- files ---------------------------------------------------------------------------------------


def _examined(folder: Path, layout: Layout, owner: str, samples: Sequence[Sample]) -> Dataset:
    """Hash and check every file; what cannot be used becomes a problem."""
    problems: list[str] = []
    usable: dict[str, Sample] = {}
    hashes: dict[str, str] = {}
    records: list[list[str | None]] = []
    without_truth: set[str] = set()
    turned: list[str] = []
    for sample in samples:
        shown = printable(sample.name)
        try:
            found = sha256_of_file(str(sample.path))
            if sample.sha256 not in (None, found):
                raise DatasetError(f"its SHA-256 is {found}, and the data set states another")
            height, width = _size(sample.path)
        except (LocardError, SourceError) as error:
            problems.append(f"{shown} is left out: {_in_words(error)}")
            continue
        usable[sample.name] = sample
        hashes[sample.name] = found
        mask_hash, problem = _examined_mask(sample, height, width)
        records.append([sample.name, sample.kind, found, mask_hash])
        if layout.image_level and sample.tampered and sample.mask is None:
            without_truth.add(sample.name)
        elif problem:
            without_truth.add(sample.name)
            problems.append(f"{shown}: {problem}")
        elif sample.mask is not None and _is_turned(sample.path, sample.mask):
            turned.append(shown)
    if turned:
        problems.append(_of_turned(turned))
    if not usable:
        raise DatasetError(
            f"{printable(str(folder))} holds no image that can be used, as layout {layout.name!r}",
            " ".join(problems[:3]) or "Check the folder and the layout.",
        )
    facts = DatasetFacts(
        name=printable(folder.resolve().name),
        layout=layout.name,
        sha256=sha256_of(canonical_json(records)),
        images=len(usable),
        kinds=dict(sorted(Counter(sample.kind for sample in usable.values()).items())),
        problems=tuple(problems),
    )
    samples = tuple(usable.values())
    return Dataset(folder, layout, samples, hashes, facts, frozenset(without_truth), owner)


def _examined_mask(sample: Sample, height: int, width: int) -> tuple[str | None, str | None]:
    """Return the hash of a sample's mask, and what is wrong with it."""
    from locard.evaluation.datasets.masks import misfit

    if sample.mask is None:
        return None, "it is tampered and has no mask" if sample.tampered else None
    mask_hash = None
    try:
        mask_hash = sha256_of_file(str(sample.mask))
        return mask_hash, misfit(_size(sample.mask), (height, width))
    except (LocardError, SourceError) as error:
        return mask_hash, f"its mask cannot be used: {_in_words(error)}"


def _is_turned(image: Path, mask: Path) -> bool:
    """Return whether programs turn an image for display, and its mask not in the same way."""
    from locard.image import Image

    orientation = Image.from_path(image).metadata.orientation
    return orientation != 1 and orientation != Image.from_path(mask).metadata.orientation


def _of_turned(names: Sequence[str]) -> str:
    """Warn of masks that may have been drawn on what a program showed."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        "EXIF asks to turn or mirror these images for display, and their masks are taken as of the "
        f"stored pixels, which they fit in size: {', '.join(names[:_NAMED])}{more}"
    )


def _size(path: Path) -> tuple[int, int]:
    """Return height and width of an image file, from its header."""
    from locard.image import read_header

    header = read_header(path)
    return header.height, header.width


def _in_words(error: LocardError | SourceError) -> str:
    return error.message if isinstance(error, LocardError) else str(error)
