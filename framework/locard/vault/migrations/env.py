"""What Alembic runs: the migrations, over the connection and in the transaction of the caller."""

from __future__ import annotations

from alembic import context

from locard.vault.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # The caller's transaction holds the schema and the version row, so both commit or neither.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
