"""Finds the entry points of plugins among the installed packages.

One package whose metadata is damaged must not hide the others, so packages are read one by one
(:func:`importlib.metadata.entry_points` raises for all when one file is wrong).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata

ENTRY_POINT_GROUP = "locard"
CORE_PLUGIN = "core"
CORE_TARGET = "locard.builtin"

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin as a package declares it; nothing of it is imported yet.

    Attributes:
        name: Name of the entry point.
        distribution: Name of the package.
        version: Version of the package.
        target: What the entry point points at ("acme_noise" or "acme_noise.plugin:hooks").
        entry_point: What loads it; None where the package's metadata cannot be read.
        error: Why it cannot be read.
    """

    name: str
    distribution: str
    version: str
    target: str
    entry_point: metadata.EntryPoint | None = None
    error: str | None = None

    @property
    def is_core(self) -> bool:
        """Whether this is Locard's own core, not another plugin that took its name."""
        return self.name == CORE_PLUGIN and self.target == CORE_TARGET


def installed_plugins() -> list[Installed]:
    """Return the plugins that installed packages declare, in the order in which they load."""
    return _in_order(
        plugin
        for distribution in _declaring(metadata.distributions())
        for plugin in _declared_by(distribution)
    )


def from_entry_points(entry_points: Iterable[metadata.EntryPoint]) -> list[Installed]:
    """Return the same for given entry points."""
    return _in_order(_installed(entry_point, entry_point.dist) for entry_point in entry_points)


def _in_order(plugins: Iterable[Installed]) -> list[Installed]:
    """Sort: the core first, then by name, so that no order of folders decides who comes first."""
    return sorted(plugins, key=lambda p: (not p.is_core, p.name, p.distribution, p.target))


def _declaring(
    distributions: Iterable[metadata.Distribution],
) -> Iterator[metadata.Distribution]:
    """Return packages with plugins, without those that an earlier folder of the path hides."""
    seen: set[str] = set()
    for distribution in distributions:
        # Text before metadata: of the many packages that are no plugins, one small file is read.
        text = distribution.read_text("entry_points.txt") or ""
        if f"[{ENTRY_POINT_GROUP}]" not in text.replace(" ", ""):
            continue
        name = re.sub(r"[-_.]+", "-", _name_of(distribution)).lower()
        if name not in seen or name == _UNKNOWN:
            seen.add(name)
            yield distribution


def _declared_by(distribution: metadata.Distribution) -> Iterator[Installed]:
    try:
        entry_points = list(distribution.entry_points)
    except Exception as error:  # noqa: BLE001  whatever a damaged file makes the parser raise
        name, version = _name_of(distribution), _version_of(distribution)
        yield Installed(name, name, version, "", error=f"entry_points.txt is damaged: {error}")
        return
    for entry_point in entry_points:
        if entry_point.group == ENTRY_POINT_GROUP:
            yield _installed(entry_point, distribution)


def _installed(
    entry_point: metadata.EntryPoint, distribution: metadata.Distribution | None
) -> Installed:
    return Installed(
        name=entry_point.name,
        distribution=_name_of(distribution) if distribution else _UNKNOWN,
        version=_version_of(distribution) if distribution else _UNKNOWN,
        target=entry_point.value,
        entry_point=entry_point,
    )


def _name_of(distribution: metadata.Distribution) -> str:
    return _field(distribution, "Name") or _UNKNOWN


def _version_of(distribution: metadata.Distribution) -> str:
    return _field(distribution, "Version") or _UNKNOWN


def _field(distribution: metadata.Distribution, key: str) -> str | None:
    """Return a field of the package's metadata; None where the file or the field is missing."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    for line in text.splitlines():
        if not line:
            return None
        name, _, value = line.partition(":")
        if name == key:
            return value.strip()
    return None
