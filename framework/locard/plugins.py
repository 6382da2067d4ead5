"""Finds plugins and collects what they offer.

Discovery never stops Locard: a plugin that does not load, or whose hook raises, is an entry with
its error, and everything else goes on.
"""

from __future__ import annotations

import logging
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
from locard.blame import describe
from locard.discovery import CORE_PLUGIN as CORE_PLUGIN
from locard.discovery import ENTRY_POINT_GROUP as ENTRY_POINT_GROUP
from locard.discovery import Installed, from_entry_points, installed_plugins
from locard.errors import PluginError

if TYPE_CHECKING:
    from locard.detectors import Detector, Refiner, Step
    from locard.engine.events import Event
    from locard.engine.executor import Executor
    from locard.evaluation.datasets import Layout
    from locard.report.exporter import Exporter

ALLOW_LIST_VARIABLE = "LOCARD_PLUGINS"

_log = logging.getLogger(__name__)

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TARGET = re.compile(r"[\w.]+:[\w.]+")

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


@dataclass(slots=True)
class PluginEntry:
    """One installed plugin: an entry point, loaded or not.

    Attributes:
        name: Name of the entry point, which the allow-list uses.
        distribution: Name of the package that brought it.
        version: Version of that package.
        target: What the entry point points at.
        status: ``loaded``, ``blocked`` by the allow-list, or ``broken``: it did not load, or a hook
            of its raised. What the other hooks of a broken plugin offer can be used.
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

    def offered(self, kind: str) -> list[str]:
        """Return the names of what it offers of one kind ("detector", "refiner", …)."""
        pairs = (offer.split(" ", 1) for offer in self.offers)
        return [name for offer_kind, name in pairs if offer_kind == kind]


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
        self._deaf: set[str] = set()
        found = installed_plugins() if entry_points is None else from_entry_points(entry_points)
        for plugin in found:
            self._add(plugin)

    # --- loading -------------------------------------------------------------------------------

    def _add(self, plugin: Installed) -> None:
        """List a plugin, and load it where it may load."""
        if plugin.name in self.entries:
            self.entries[plugin.name].errors.append(
                f"package {plugin.distribution} has a plugin of the same name ({plugin.target}), "
                "which was left out"
            )
            return
        entry = PluginEntry(plugin.name, plugin.distribution, plugin.version, plugin.target)
        self.entries[plugin.name] = entry
        if plugin.entry_point is None:
            entry.break_with(plugin.error or "its package cannot be read")
        elif self._allowed is None or plugin.is_core or plugin.name in self._allowed:
            self._load(entry, plugin.entry_point)
        else:
            entry.status = "blocked"

    def _load(self, entry: PluginEntry, entry_point: metadata.EntryPoint) -> None:
        try:
            plugin = entry_point.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  a plugin may raise SystemExit as well
            entry.break_with(describe(error, "on import"))
            return
        try:
            self.manager.register(plugin, name=entry.name)
        except (ValueError, pluggy.PluginValidationError) as error:
            # pluggy before 1.7 leaves a plugin half registered when a signature is wrong.
            if self.manager.has_plugin(entry.name):
                self.manager.unregister(name=entry.name)
            entry.break_with(f"its hooks cannot be used: {error}")
            return
        self._check_hooks(entry, plugin)

    def _check_hooks(self, entry: PluginEntry, plugin: Any) -> None:
        """Note hooks that Locard will never call, and a plugin without any."""
        callers = self.manager.get_hookcallers(plugin) or []
        if not callers:
            entry.break_with("it implements no hook; is @locard.hookimpl missing?")
        known = [name for name in vars(self.manager.hook) if hasattr(hookspecs, name)]
        for caller in callers:
            if not caller.has_spec():
                near = get_close_matches(caller.name, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                entry.break_with(f"Locard has no hook {caller.name}{hint}")

    @property
    def not_installed(self) -> list[str]:
        """Names on the allow-list of which there is no plugin, sorted."""
        return sorted((self._allowed or frozenset()) - self.entries.keys())

    # --- collecting ----------------------------------------------------------------------------

    def _plugins(self) -> Iterator[tuple[PluginEntry, Any]]:
        for name, plugin in self.manager.list_name_plugin():
            if plugin is not None and name in self.entries:
                yield self.entries[name], plugin

    def _call(self, hook: str, entry: PluginEntry, plugin: Any, **arguments: Any) -> bool:
        """Call one plugin's hook, so that an error can be laid at its door.

        Returns:
            Whether it returned without an error.
        """
        others = [other for other in self.manager.get_plugins() if other is not plugin]
        try:
            self.manager.subset_hook_caller(hook, others)(**arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001
            entry.break_with(describe(error, f"in {hook}"))
            return False
        return True

    def _collect(
        self, hook: str, kind: str, accept: Callable[..., tuple[str, Any]]
    ) -> dict[str, Any]:
        """Return what plugins register through a hook, by name.

        Args:
            hook: Name of the hook.
            kind: What it collects, in a word.
            accept: Takes what a plugin registers, checks it, and returns its name and what to keep.
        """
        if hook in self._collected:
            return self._collected[hook]
        found = self._collected[hook] = {}
        for entry, plugin in self._plugins():

            def register(*args: Any, entry: PluginEntry = entry, **kwargs: Any) -> None:
                name, item = accept(*args, **kwargs)
                self._claim(kind, name, entry)
                found[name] = item

            self._call(hook, entry, plugin, register=register)
        return found

    def _claim(self, kind: str, name: str, entry: PluginEntry) -> None:
        """Note who offers a name; pipelines cannot tell a detector from a refiner by name."""
        for taken in ("detector", "refiner") if kind in ("detector", "refiner") else (kind,):
            if (taken, name) in self._owners:
                owner = self._owners[taken, name]
                raise ValueError(f"plugin {owner!r} already offers a {taken} {name!r}")
        self._owners[kind, name] = entry.name
        entry.offers.append(f"{kind} {name}")

    @property
    def detectors(self) -> dict[str, type[Detector]]:
        """Detectors by name."""
        from locard.detectors import Detector

        return self._collect("register_detectors", "detector", _accept_step(Detector))

    @property
    def refiners(self) -> dict[str, type[Refiner]]:
        """Refiners by name."""
        from locard.detectors import Refiner

        _ = self.detectors  # first, so that a name both want goes to the detector every time
        return self._collect("register_refiners", "refiner", _accept_step(Refiner))

    @property
    def pipelines(self) -> dict[str, Path]:
        """Files of the pipelines that plugins ship, by the files' stem."""
        return self._collect("register_pipelines", "pipeline", _accept_pipeline)

    @property
    def executors(self) -> dict[str, type[Executor]]:
        """Executors by name."""
        from locard.engine.executor import Executor

        return self._collect("register_executors", "executor", _accept_class(Executor))

    @property
    def exporters(self) -> dict[str, type[Exporter]]:
        """Report exporters by name."""
        from locard.report.exporter import Exporter

        return self._collect("register_exporters", "exporter", _accept_class(Exporter))

    @property
    def layouts(self) -> dict[str, type[Layout]]:
        """Layouts of data sets by name."""
        from locard.evaluation.datasets import Layout

        return self._collect("register_layouts", "layout", _accept_class(Layout))

    @property
    def commands(self) -> dict[str, Command]:
        """Commands by name."""
        return self._collect("register_commands", "command", _accept_command)

    def collect_all(self) -> None:
        """Call every hook, so that ``entries`` says all there is to say."""
        _ = (self.detectors, self.refiners, self.pipelines)
        _ = (self.executors, self.exporters, self.layouts, self.commands)

    # --- observing -----------------------------------------------------------------------------

    def notify(self, event: Event) -> None:
        """Tell observers of an event. One that raises is noted, logged, and not called again.

        Observers are the plugins, and any object that this process registered with ``manager``.
        """
        for name, plugin in self.manager.list_name_plugin():
            if plugin is None or name in self._deaf:
                continue
            entry = self.entries.get(name) or PluginEntry(name, "locard", "", "")
            if not self._call("observe", entry, plugin, event=event):
                self._deaf.add(name)
                _log.warning("observer %s is told nothing more: %s", name, entry.errors[-1])

    # --- looking up ----------------------------------------------------------------------------

    @property
    def steps(self) -> dict[str, type[Step]]:
        """Detectors and refiners by name."""
        return {**self.detectors, **self.refiners}

    def step(self, name: str) -> type[Step]:
        """Return the detector or refiner of that name.

        Raises:
            PluginError: There is none; the message says what is near, blocked or broken.
        """
        steps = self.steps
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
        hints += [*self.unavailable(), "`locard plugin list` shows what there is."]
        return " ".join(hints)

    def unavailable(self) -> Iterator[str]:
        """Yield sentences on plugins that are installed and offer nothing here."""
        for status in ("broken", "blocked"):
            names = [entry.name for entry in self.entries.values() if entry.status == status]
            if names:
                why = f" (by {ALLOW_LIST_VARIABLE})" if status == "blocked" else ""
                yield f"Plugins {status}{why}: {', '.join(names)}."


def _accept_class(base: type[Any]) -> Callable[[Any], tuple[str, Any]]:
    """Return a function that checks a class a plugin registers, and gives its name with it."""

    def accept(item: Any) -> tuple[str, Any]:
        if not (isinstance(item, type) and issubclass(item, base)):
            raise TypeError(f"{item!r} is not a subclass of {base.__module__}.{base.__name__}")
        name = getattr(item, "name", None)
        if not isinstance(name, str):
            raise TypeError(f"{item.__name__}.name must be a string")
        return _kebab(name), item

    return accept


def _accept_step(base: type[Step]) -> Callable[[Any], tuple[str, Any]]:
    """Return the same for detectors and refiners, which need more to be used at all."""
    accept_class = _accept_class(base)

    def accept(item: Any) -> tuple[str, Any]:
        name, item = accept_class(item)
        for attribute in ("version", "summary"):
            if not isinstance(getattr(item, attribute, None), str):
                raise TypeError(f"{item.__name__}.{attribute} must be a string")
        return name, item

    return accept


def _accept_pipeline(path: Any) -> tuple[str, Path]:
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"there is no pipeline file {path}")
    return _kebab(path.stem), path


def _accept_command(name: str, target: str, help_line: str) -> tuple[str, Command]:
    if not _TARGET.fullmatch(target):
        raise ValueError(f"command {name!r}: {target!r} is not of the form module:attribute")
    return _kebab(name), Command(name, target, help_line)


def _kebab(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not in kebab-case (a-z, 0-9, hyphens)")
    return name


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return this process's plugins: loaded once, as the environment allows."""
    return Catalogue(allowed=allow_list())
