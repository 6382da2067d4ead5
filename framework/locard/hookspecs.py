"""Everything that a plugin can do, on one screen.

A plugin is a module (or any object) behind an entry point of group ``locard``. It implements as
many of these hooks as it likes, with ``@locard.hookimpl``. Import heavy modules inside the hook:
plugins are loaded for every command, ``locard --help`` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from locard.engine.events import Event
    from locard.plugins import Register, RegisterCommand

hookspec = pluggy.HookspecMarker("locard")
hookimpl = pluggy.HookimplMarker("locard")


@hookspec
def register_detectors(register: Register) -> None:
    """Offer detectors: call ``register(DetectorClass)`` for each."""


@hookspec
def register_refiners(register: Register) -> None:
    """Offer refiners: call ``register(RefinerClass)`` for each."""


@hookspec
def register_pipelines(register: Register) -> None:
    """Offer pipelines: call ``register(path)`` for each TOML file."""


@hookspec
def register_executors(register: Register) -> None:
    """Offer ways to run tasks: call ``register(ExecutorClass)`` for each."""


@hookspec
def register_exporters(register: Register) -> None:
    """Offer report formats: call ``register(ExporterClass)`` for each."""


@hookspec
def register_layouts(register: Register) -> None:
    """Offer layouts of data sets: call ``register(LayoutClass)`` for each."""


@hookspec
def register_commands(register: RegisterCommand) -> None:
    """Offer commands: call ``register(name, "module:typer_app", "one line of help")`` for each."""


@hookspec
def observe(event: Event) -> None:
    """Watch an examination: called in the parent process for each event of the engine."""
