"""Finds plugins and collects what they offer.

Discovery never stops Locard: a plugin that does not load, or whose hook raises, is an entry with
its error, and everything else goes on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pluggy

from locard import hookspecs
from locard.errors import PluginError

if TYPE_CHECKING:
    from locard.detectors import Detector, Refiner, Step
    from locard.engine.executor import Executor
    from locard.report.exporter import Exporter

ENTRY_POINT_GROUP = "locard"
ALLOW_LIST_VARIABLE = "LOCARD_PLUGINS"
CORE_PLUGIN = "core"
"""The plugin that holds Locard's own commands, executor and exporters: no allow-list blocks it."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

Register = Callable[[Any], None]


class RegisterCommand(Protocol):
    """What ``register_commands`` hands to a plugin."""

    def __call__(self, name: str, target: str, help_line: str) -> None:
        """Offer the Typer app or click command at ``target`` ("module:attribute") as ``name``."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a plugin offers; its module is imported when the command is used."""

    name: str
    target: str
    help_line: str
    plugin: str


@dataclass(slots=True)
class PluginEntry:
    """One installed plugin: an entry point, loaded or not.

    Attributes:
        name: Name of the entry point, which the allow-list uses.
        distribution: Name of the package that brought it.
        version: Version of that package.
        target: What the entry point points at.
        status: ``loaded``, ``blocked`` by the allow-list, or ``broken``.
        errors: What went wrong, one sentence each.
        offers: "detector jpeg-grid", "command case", … as far as collected.
    """

    name: str
    distribution: str
    version: str
    target: str
    status: Literal["loaded", "blocked", "broken"] = "loaded"
    errors: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)

    def break_with(self, error: str) -> None:
        """Note an error, and that the plugin is not to be relied on."""
        self.status = "broken"
        self.errors.append(error)


def allow_list() -> frozenset[str] | None:
    """Return the names in ``LOCARD_PLUGINS``, or None where every plugin may load."""
    value = os.environ.get(ALLOW_LIST_VARIABLE)
    if value is None:
        return None
    return frozenset(name.strip() for name in value.split(",") if name.strip())


class Catalogue:
    """The plugins of this process and what they offer, collected when first asked for.

    Args:
        entry_points: Entry points to load instead of the installed ones.
        allowed: Names that may load; None for all. The core plugin always loads.
    """

    def __init__(
        self,
        entry_points: Iterable[metadata.EntryPoint] | None = None,
        allowed: frozenset[str] | None = None,
    ) -> None:
        self.manager = pluggy.PluginManager("locard")
        self.manager.add_hookspecs(hookspecs)
        self.entries: dict[str, PluginEntry] = {}
        self._allowed = allowed
        self._collected: dict[str, dict[str, Any]] = {}
        self._owners: dict[tuple[str, str], str] = {}
        if entry_points is None:
            entry_points = metadata.entry_points(group=ENTRY_POINT_GROUP)
        for entry_point in sorted(entry_points, key=lambda e: (e.name != CORE_PLUGIN, e.name)):
            self._load(entry_point)

    # --- loading -------------------------------------------------------------------------------

    def _load(self, entry_point: metadata.EntryPoint) -> None:
        distribution = entry_point.dist
        entry = PluginEntry(
            name=entry_point.name,
            distribution=distribution.name if distribution else "unknown",
            version=distribution.version if distribution else "unknown",
            target=entry_point.value,
        )
        if entry.name in self.entries:
            twin = self.entries[entry.name]
            if (twin.distribution, twin.target) != (entry.distribution, entry.target):
                twin.errors.append(
                    f"{entry.distribution} has a plugin of the same name, which was left out"
                )
            return
        self.entries[entry.name] = entry
        if self._allowed is not None and entry.name not in self._allowed | {CORE_PLUGIN}:
            entry.status = "blocked"
            return
        try:
            self.manager.register(entry_point.load(), name=entry.name)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  a plugin may raise SystemExit as well
            entry.break_with(f"{type(error).__name__} on import: {error}")

    # --- collecting ----------------------------------------------------------------------------

    def _plugins(self) -> Iterator[tuple[PluginEntry, Any]]:
        for name, plugin in self.manager.list_name_plugin():
            if plugin is not None and name in self.entries:
                yield self.entries[name], plugin

    def _call(
        self, hook: str, entry: PluginEntry, plugin: Any, register: Callable[..., None]
    ) -> None:
        """Call one plugin's hook, so that an error can be laid at its door."""
        others = [other for other in self.manager.get_plugins() if other is not plugin]
        try:
            self.manager.subset_hook_caller(hook, others)(register=register)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001
            entry.break_with(f"{type(error).__name__} in {hook}: {error}")

    def _collect(self, hook: str, kind: str, name_of: Callable[[Any], str]) -> dict[str, Any]:
        if hook in self._collected:
            return self._collected[hook]
        found = self._collected[hook] = {}

        for entry, plugin in self._plugins():

            def register(item: Any, entry: PluginEntry = entry) -> None:
                name = name_of(item)
                if name in found:
                    owner = self._owners[kind, name]
                    raise ValueError(f"plugin {owner!r} already offers a {kind} {name!r}")
                found[name] = item
                self._owners[kind, name] = entry.name
                entry.offers.append(f"{kind} {name}")

            self._call(hook, entry, plugin, register)
        return found

    @property
    def detectors(self) -> dict[str, type[Detector]]:
        """Detectors by name."""
        from locard.detectors import Detector

        return self._collect("register_detectors", "detector", _step_name(Detector))

    @property
    def refiners(self) -> dict[str, type[Refiner]]:
        """Refiners by name."""
        from locard.detectors import Refiner

        return self._collect("register_refiners", "refiner", _step_name(Refiner))

    @property
    def pipelines(self) -> dict[str, Path]:
        """Files of the pipelines that plugins ship, by the files' stem."""
        return self._collect("register_pipelines", "pipeline", lambda path: Path(path).stem)

    @property
    def executors(self) -> dict[str, type[Executor]]:
        """Executors by name."""
        return self._collect("register_executors", "executor", lambda item: str(item.name))

    @property
    def exporters(self) -> dict[str, type[Exporter]]:
        """Report exporters by name."""
        return self._collect("register_exporters", "exporter", lambda item: str(item.name))

    @property
    def commands(self) -> dict[str, Command]:
        """Commands by name."""
        if "register_commands" not in self._collected:
            found: dict[str, Command] = {}
            self._collected["register_commands"] = found
            for entry, plugin in self._plugins():

                def register(
                    name: str, target: str, help_line: str, entry: PluginEntry = entry
                ) -> None:
                    if name in found:
                        raise ValueError(f"{found[name].plugin!r} already has a command {name!r}")
                    found[name] = Command(name, target, help_line, entry.name)
                    entry.offers.append(f"command {name}")

                self._call("register_commands", entry, plugin, register)
        return self._collected["register_commands"]

    def collect_all(self) -> None:
        """Call every hook, so that ``entries`` says all there is to say."""
        _ = (self.detectors, self.refiners, self.pipelines)
        _ = (self.executors, self.exporters, self.commands)

    # --- looking up ----------------------------------------------------------------------------

    def step(self, name: str) -> type[Step]:
        """Return the detector or refiner of that name.

        Raises:
            PluginError: There is none; the message says what is near, blocked or broken.
        """
        steps: dict[str, type[Step]] = {**self.detectors, **self.refiners}
        if name in steps:
            return steps[name]
        raise PluginError(f"there is no detector or refiner {name!r}", self._hint(name, steps))

    def owner_of(self, step: str) -> PluginEntry:
        """Return the plugin that offers a detector or refiner."""
        kind = "detector" if step in self.detectors else "refiner"
        return self.entries[self._owners[kind, step]]

    def _hint(self, name: str, known: Iterable[str]) -> str:
        known = sorted(known)
        hints = []
        if near := get_close_matches(name, known, n=3):
            hints.append(f"Did you mean {', '.join(near)}?")
        for status in ("broken", "blocked"):
            names = [entry.name for entry in self.entries.values() if entry.status == status]
            if names:
                why = f" (by {ALLOW_LIST_VARIABLE})" if status == "blocked" else ""
                hints.append(f"Plugins {status}{why}: {', '.join(names)}.")
        hints.append("`locard plugin list` shows what there is.")
        return " ".join(hints)


def _step_name(base: type[Step]) -> Callable[[Any], str]:
    """Return a function that checks a class a plugin registers, and gives its name."""

    def name_of(item: Any) -> str:
        if not (isinstance(item, type) and issubclass(item, base)):
            raise TypeError(f"{item!r} is not a subclass of locard.{base.__name__}")
        for attribute in ("name", "version", "summary"):
            if not isinstance(getattr(item, attribute, None), str):
                raise TypeError(f"{item.__name__}.{attribute} must be a string")
        if not _NAME.fullmatch(item.name):
            raise ValueError(f"{item.name!r} is not in kebab-case (a-z, 0-9, hyphens)")
        return item.name

    return name_of


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return this process's plugins: loaded once, as the environment allows."""
    return Catalogue(allowed=allow_list())
