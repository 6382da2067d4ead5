"""The core plugin: Locard's own commands, executor and exporters, through the public door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locard.hookspecs import hookimpl

if TYPE_CHECKING:
    from locard.plugins import Register, RegisterCommand


@hookimpl
def register_commands(register: RegisterCommand) -> None:
    """Offer the commands of the command line."""
    for name, help_line in (
        ("case", "Open, list, close, verify, replay and export cases."),
        ("exhibit", "Add photographs to a case, and list them."),
        ("examine", "Run a pipeline over the exhibits of a case."),
        ("report", "Write a case's report as HTML, PDF or JSON."),
        ("analyze", "Examine files without a case."),
        ("pipeline", "List, show and plan pipelines."),
        ("calibration", "Turn scores into likelihood ratios."),
        ("model", "List, show and verify models."),
        ("plugin", "List, show, make, check and validate plugins."),
        ("dataset", "List, show and check data sets with known answers."),
        ("evaluate", "Measure how good a pipeline is on a data set with known answers."),
        ("compare", "Say whether one evaluated method is better than another."),
    ):
        register(name, f"locard.cli.{name}:app", help_line)


@hookimpl
def register_executors(register: Register) -> None:
    """Offer the local executor."""
    from locard.engine.local import LocalExecutor

    register(LocalExecutor)


@hookimpl
def register_exporters(register: Register) -> None:
    """Offer the report formats."""
    from locard.report.html import HtmlExporter
    from locard.report.json import JsonExporter
    from locard.report.pdf import PdfExporter

    for exporter in (HtmlExporter, PdfExporter, JsonExporter):
        register(exporter)


@hookimpl
def register_layouts(register: Register) -> None:
    """Offer the layouts of published data sets, plain folders and lists."""
    from locard.evaluation.datasets.layouts import LAYOUTS

    for layout in LAYOUTS:
        register(layout)
