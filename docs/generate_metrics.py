"""Writes the table of docs/metrics.md from the definitions; a test checks that it is up to date."""

from __future__ import annotations

from pathlib import Path

from locard.evaluation.metrics import METRICS, Metric

TARGET = Path(__file__).parent / "metrics.md"
START = "<!-- generated: metrics -->\n"
END = "<!-- end -->"

BETTER = {"higher": "↑", "lower": "↓", None: ""}
OVER = {
    "tampered": "tampered",
    "authentic": "authentic",
    "all": "all",
    "both": "one class against the other",
}


def page(text: str) -> str:
    """Return the page with the table as the definitions have it."""
    before, _, rest = text.partition(START)
    return f"{before}{START}\n{table()}\n\n{END}{rest.partition(END)[2]}"


def table() -> str:
    """Return the table of all metrics."""
    head = ["| Name | Definition | Over which images | What it cannot say |", "|---|---|---|---|"]
    return "\n".join([*head, *map(line, METRICS.values())])


def line(metric: Metric) -> str:
    """Return the line of one metric."""
    name = f"`{metric.name}` {BETTER[metric.better]}".strip()
    over = OVER[metric.scope]
    return f"| {name}<br>{metric.title} | {metric.definition} | {over} | {metric.limit} |"


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
