"""What ``locard analyze --probe`` prints of a file's stability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from locard.cli.common import printable

if TYPE_CHECKING:
    from locard.stability import Observation, Stability, StepStability


def print_stability(stability: Stability) -> None:
    """Print how each step's outcome and score move from copy to copy."""
    typer.echo(f"  On {len(stability.copies)} treated copies, whose treatment may destroy a trace")
    typer.echo("  or add one (a cut moves the JPEG grid, and is itself detected as such):")
    for copy in stability.copies:
        if copy.refused is not None:
            typer.echo(f"    {copy.treatment:<12}not made: {printable(copy.refused)}")
    for step in stability.steps:
        _print_step(step)


def _print_step(step: StepStability) -> None:
    typer.echo(f"  {step.step}: {step.summary}")
    for copy in step.copies:
        score = "" if copy.score is None else f"{copy.score:.4g}"
        typer.echo(f"    {copy.treatment:<12}{copy.outcome.words:<16}{score:<12}{_agreement(copy)}")


def _agreement(copy: Observation) -> str:
    return "" if copy.map_correlation is None else f"map {copy.map_correlation:+.2f}"
