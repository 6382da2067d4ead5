"""Validation records, append-only like everything else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from locard.vault.migrations import append_only

revision = "0002"
down_revision = "0001"

TABLE = "validations"


def upgrade() -> None:
    """Create the table of validation records and its triggers."""
    op.create_table(
        TABLE,
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("results", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=f"pk_{TABLE}"),
        # No SQLite rowid: it would be a second key, a way around the triggers.
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(append_only.postgresql_trigger(TABLE))
    else:
        for statement in append_only.sqlite_triggers(TABLE, [("sha256",)]):
            op.execute(statement)
