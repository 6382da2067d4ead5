"""``locard splice``: what belongs to the localiser of spliced regions."""

from __future__ import annotations

import typer

from locard_semi_global import (
    ablation_command,
    crf_command,
    dataset_commands,
    evaluation_command,
    export_command,
    training_commands,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(dataset_commands.app, name="dataset")
training_commands.register(app)
evaluation_command.register(app)
ablation_command.register(app)
crf_command.register(app)
export_command.register(app)


@app.callback()
def splice() -> None:
    """Spliced photographs: data sets, training, and figures of what localises splices."""
