"""The report as PDF, through WeasyPrint."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from locard.errors import LocardError
from locard.report.atomic import write_whole
from locard.report.exporter import Exporter
from locard.report.html import render
from locard.report.model import Report


class PdfExporter(Exporter):
    """The HTML report's printed form: pages, without script."""

    name = "pdf"
    suffixes = (".pdf",)
    summary = "The same report as pages, for print and archive."

    def write(self, report: Report, path: Path) -> None:
        """Write the report; see :meth:`Exporter.write`."""
        weasyprint = _weasyprint()
        # WeasyPrint must reach nothing beyond the text that it is given: no file, no network.
        fetcher = weasyprint.URLFetcher(allowed_protocols={"data"}, fail_on_errors=True)
        document = weasyprint.HTML(
            string="".join(render(report, static=True)), url_fetcher=fetcher, base_url=None
        )
        write_whole(path, [document.write_pdf()])


def _weasyprint() -> Any:
    """Return WeasyPrint.

    Raises:
        LocardError: It, or a library that it needs, is not installed.
    """
    # It warns of every property that paper has no use for.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    try:
        import weasyprint  # type: ignore[import-untyped]
    except (ImportError, OSError) as error:
        raise LocardError(
            f"a report as PDF needs WeasyPrint, which cannot be loaded: {error}",
            "Install it with `pip install 'locard[pdf]'`, and the library Pango with the system's "
            "package manager; or write the report as .html and print that.",
        ) from error
    return weasyprint
